using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Threading.Tasks;
using Amazon.Lambda.Core;

namespace Functory {
    /// <summary>The method that `Assembly::Namespace.Class::Method` names, with what has to be handed to it.
    /// https://docs.aws.amazon.com/lambda/latest/dg/csharp-handler.html</summary>
    public sealed class Handler {
        private readonly object owner;
        private readonly MethodInfo method;
        private readonly Type[] types;
        private readonly ILambdaSerializer serializer;
        private readonly Codec[] readers;
        private readonly Type answered; // what a Task gives, else what the method gives
        private readonly Codec writer;

        private Handler(object owner, MethodInfo method, ILambdaSerializer serializer) {
            this.owner = owner;
            this.method = method;
            this.serializer = serializer;
            types = method.GetParameters().Select(each => each.ParameterType).ToArray();
            readers = types.Select(each => IsGiven(each) ? null : Codec.Of(each)).ToArray();
            answered = Answered(method.ReturnType);
            writer = answered == typeof(void) ? null : Codec.Of(answered);
        }

        /// <summary>What is handed over as it is.</summary>
        private static bool IsGiven(Type type) {
            return type == typeof(ILambdaContext) || typeof(Stream).IsAssignableFrom(type) && type.IsAssignableFrom(typeof(MemoryStream));
        }

        private static Type Answered(Type type) {
            bool later = typeof(Task).IsAssignableFrom(type) || IsValueTask(type);
            return later ? type.GetGenericArguments().FirstOrDefault() ?? typeof(void) : type;
        }

        private static bool IsValueTask(Type type) {
            return type.FullName != null && type.FullName.StartsWith("System.Threading.Tasks.ValueTask");
        }

        /// <summary>Finds the handler and makes its object; raises StartError, and what the class's own code raises.</summary>
        public static Handler Find(string name) {
            string[] parts = name.Split(new[] {"::"}, StringSplitOptions.None);
            if (parts.Length != 3 || parts.Any(string.IsNullOrWhiteSpace)) {
                throw new StartError("Invalid lambda function handler: '" + name + "'. The valid format is 'ASSEMBLY::TYPE::METHOD'.");
            }
            Assembly assembly = Load(parts[0]);
            Type type = assembly.GetType(parts[1]) ?? throw new StartError("Unable to load type '" + parts[1] + "' from assembly '" + parts[0] + "'.");
            return Of(type, parts[2]);
        }

        /// <summary>The same, of a class that is loaded.</summary>
        public static Handler Of(Type type, string name) {
            MethodInfo method = Named(type, name);
            Check(type, method);
            object owner = method.IsStatic ? null : Made(() => Activator.CreateInstance(type));
            if (method.IsStatic) System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            return new Handler(owner, method, Serializer(method, type.Assembly));
        }

        private static Assembly Load(string name) {
            string path = Place.Find(name) ?? throw new StartError("Could not find the specified handler assembly with the file name '" + name
                + "'. The assembly should be located in the root of your uploaded .zip file." + Others());
            return Assembly.LoadFrom(path);
        }

        private static string Others() {
            if (!Directory.Exists(Place.Built)) return "";
            string[] built = Directory.GetFiles(Place.Built, "*.dll").Select(Path.GetFileNameWithoutExtension).ToArray();
            return built.Length == 0 ? "" : " What was compiled here is '" + string.Join("', '", built) + "'.";
        }

        private static MethodInfo Named(Type type, string name) {
            const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
            MethodInfo[] found = type.GetMethods(Any).Where(each => each.Name == name || each.ToString() == name).ToArray();
            if (found.Length == 0) {
                throw new StartError("Unable to find method '" + name + "' in type '" + type + "' from assembly '" + type.Assembly.GetName().Name + "': Found no methods matching method name '" + name + "'.");
            }
            if (found.Length == 1) return found[0];
            throw new StartError("The method '" + name + "' in type '" + type + "' appears to have a number of overloads. To call this method please specify a complete method signature. Possible candidates are:\n"
                + string.Join("\n", found.Select(each => each.ToString())) + ".");
        }

        private static void Check(Type type, MethodInfo method) {
            Type[] types = method.GetParameters().Select(each => each.ParameterType).ToArray();
            string of = "Method '" + method.Name + "' of type '" + type + "' is not supported: the method has ";
            if (types.Length > 2) throw new StartError(of + "more than 2 parameters.");
            if (types.Length == 2 && types[1] != typeof(ILambdaContext)) {
                throw new StartError(of + "2 parameters, but the second parameter is not of type 'Amazon.Lambda.Core.ILambdaContext'.");
            }
            if (type.ContainsGenericParameters) throw new StartError("The type '" + type + "' cannot be used as a Lambda Handler type because it is generic. Handler methods cannot be located in generic types. Please specify a handler method in a non-generic type.");
            if (method.IsGenericMethod) throw new StartError("The method '" + method.Name + "' cannot be used as a Lambda Handler because it is a generic method. Handler methods cannot be generic. Please specify a non-generic handler method.");
            if (type.IsAbstract && !method.IsStatic) throw new StartError("The instance method '" + method.Name + "' cannot be used as a Lambda Handler because its type '" + type + "' is abstract. Please either use a static handler or specify a type that is not abstract.");
            if (method.ReturnType == typeof(void) && method.GetCustomAttributes(true).Any(each => each is System.Runtime.CompilerServices.AsyncStateMachineAttribute)) {
                throw new StartError("The method '" + method.Name + "' cannot be used as a Lambda Handler because it is an 'async void' method. Handler methods cannot be 'async void'. Please specify a method that is not 'async void'.");
            }
        }

        /// <summary>The method's, the assembly's, or ours where none is named: AWS would refuse that.</summary>
        private static ILambdaSerializer Serializer(MethodInfo method, Assembly assembly) {
            var named = (LambdaSerializerAttribute)(method.GetCustomAttributes(typeof(LambdaSerializerAttribute), true).FirstOrDefault()
                ?? assembly.GetCustomAttributes(typeof(LambdaSerializerAttribute), true).FirstOrDefault());
            if (named == null) return new Amazon.Lambda.Serialization.SystemTextJson.DefaultLambdaJsonSerializer();
            if (named.SerializerType?.GetConstructor(Type.EmptyTypes) == null) {
                throw new StartError("The indicated serializer '" + named.SerializerType + "' does not define a public zero-parameter constructor.");
            }
            return Made(() => Activator.CreateInstance(named.SerializerType)) as ILambdaSerializer
                ?? throw new StartError("The '" + named.SerializerType + "' class is invalid: it does not implement the 'ILambdaSerializer' interface.");
        }

        /// <summary>What reflection calls, with the errors of what it called.</summary>
        private static object Made(Func<object> call) {
            try {
                return call();
            } catch (TargetInvocationException error) {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(error.InnerException).Throw();
                throw;
            }
        }

        /// <summary>The answer's bytes to an event's; raises what the function raises.</summary>
        public byte[] Call(MemoryStream payload, ILambdaContext context) {
            var arguments = new object[types.Length];
            for (int i = 0; i < types.Length; i++) arguments[i] = Argument(i, payload, context);
            object answer = Made(() => method.Invoke(owner, arguments));
            if (IsValueTask(method.ReturnType)) answer = method.ReturnType.GetMethod("AsTask").Invoke(answer, null);
            if (answer is Task task) {
                task.GetAwaiter().GetResult();
                answer = writer == null ? null : task.GetType().GetProperty("Result").GetValue(task, null);
            }
            return writer == null ? Encoding.UTF8.GetBytes("null") : Bytes(answer);
        }

        private object Argument(int number, MemoryStream payload, ILambdaContext context) {
            Type type = types[number];
            if (type == typeof(ILambdaContext)) return context;
            if (readers[number] == null) return payload;
            if (payload.Length == 0) return type.IsValueType ? Activator.CreateInstance(type) : null;
            try {
                return Made(() => readers[number].Read(serializer, payload));
            } catch (JsonException error) {
                throw new StartError("JsonSerializerException", "Error converting the Lambda event JSON payload to type " + type + ": " + error.Message, error);
            }
        }

        private byte[] Bytes(object answer) {
            var written = new MemoryStream();
            if (answer is Stream stream) {
                using (stream) stream.CopyTo(written);
                return written.ToArray();
            }
            try {
                Made(() => {
                    writer.Write(serializer, answer, written);
                    return null;
                });
            } catch (JsonException error) {
                throw new StartError("JsonSerializerException", "Error converting the response object of type " + answered + " from the Lambda function to JSON: " + error.Message, error);
            }
            return written.ToArray();
        }
    }
}
