using System;
using System.IO;
using Amazon.Lambda.Core;

namespace Functory {
    /// <summary>A serializer's two methods for one type, so that no call pays for finding them.</summary>
    public abstract class Codec {
        public abstract object Read(ILambdaSerializer serializer, Stream from);

        public abstract void Write(ILambdaSerializer serializer, object value, Stream to);

        public static Codec Of(Type type) {
            return (Codec)Activator.CreateInstance(typeof(Codec<>).MakeGenericType(type));
        }
    }

    public sealed class Codec<T> : Codec {
        public override object Read(ILambdaSerializer serializer, Stream from) => serializer.Deserialize<T>(from);

        public override void Write(ILambdaSerializer serializer, object value, Stream to) => serializer.Serialize((T)value, to);
    }
}
