using System;
using System.IO;
using System.Text;
using Functory;

namespace Amazon.Lambda.Core {
    /// <summary>Makes objects of an event's bytes, and bytes of an answer.</summary>
    public interface ILambdaSerializer {
        T Deserialize<T>(Stream requestStream);
        void Serialize<T>(T response, Stream responseStream);
    }

    /// <summary>Names the serializer of an assembly or of one handler.</summary>
    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Method)]
    public sealed class LambdaSerializerAttribute : Attribute {
        public LambdaSerializerAttribute(Type serializerType) {
            SerializerType = serializerType;
        }

        public Type SerializerType { get; set; }
    }
}

/* Names that handlers are annotated with. All of them are the one serializer of this runtime. */
namespace Amazon.Lambda.Serialization.SystemTextJson {
    public class DefaultLambdaJsonSerializer : Amazon.Lambda.Core.ILambdaSerializer {
        private readonly Style style;

        public DefaultLambdaJsonSerializer() : this(Style.AsNamed) {}

        internal DefaultLambdaJsonSerializer(Style style) {
            this.style = style;
        }

        public T Deserialize<T>(Stream requestStream) {
            return (T)Objects.As(Functory.Json.Parse(Text(requestStream)), typeof(T));
        }

        private static string Text(Stream stream) {
            ArraySegment<byte> whole;
            if (stream is MemoryStream memory && memory.Position == 0 && memory.TryGetBuffer(out whole)) {
                return Encoding.UTF8.GetString(whole.Array, whole.Offset, whole.Count);
            }
            using (var reader = new StreamReader(stream, Encoding.UTF8)) return reader.ReadToEnd();
        }

        public void Serialize<T>(T response, Stream responseStream) {
            byte[] bytes = Writer.Write(response, style);
            responseStream.Write(bytes, 0, bytes.Length);
        }
    }

    public class LambdaJsonSerializer : DefaultLambdaJsonSerializer {}

    public class CamelCaseLambdaJsonSerializer : DefaultLambdaJsonSerializer {
        public CamelCaseLambdaJsonSerializer() : base(Style.CamelCase) {}
    }
}

namespace Amazon.Lambda.Serialization.Json {
    public class JsonSerializer : Amazon.Lambda.Serialization.SystemTextJson.DefaultLambdaJsonSerializer {
        public JsonSerializer() : base(Functory.Style.WithNulls) {}
    }
}

namespace System.Text.Json.Serialization {
    /// <summary>A property's name in JSON.</summary>
    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
    public sealed class JsonPropertyNameAttribute : Attribute {
        public JsonPropertyNameAttribute(string name) {
            Name = name;
        }

        public string Name { get; }
    }

    /// <summary>A property that JSON has not.</summary>
    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
    public sealed class JsonIgnoreAttribute : Attribute {}
}
