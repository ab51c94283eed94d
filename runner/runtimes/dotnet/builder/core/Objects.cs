using System;
using System.Collections;
using System.Collections.Generic;
using System.Dynamic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;

namespace Functory {
    /// <summary>Objects of a function's own classes made of JSON values. Names are compared without case, and what a
    /// class does not know is left out, as Lambda does.</summary>
    public static class Objects {
        /// <summary>Raises JsonException, and what the class's own code raises.</summary>
        public static object As(object value, Type type) {
            Type inner = Nullable.GetUnderlyingType(type);
            if (value == null) return type.IsValueType && inner == null ? Activator.CreateInstance(type) : null;
            if (type == typeof(object)) return value;
            try {
                return Made(value, inner ?? type);
            } catch (Exception error) when (error is FormatException || error is InvalidCastException || error is OverflowException
                    || error is ArgumentException || error is MissingMethodException) {
                throw new JsonException("Cannot make " + type + " of " + Kind(value) + ": " + error.Message, error);
            }
        }

        private static object Made(object value, Type type) {
            if (value is Dictionary<string, object> map) return IsDictionary(type) ? Dictionary(map, type) : Bean(map, type);
            if (value is List<object> list) return Sequence(list, type);
            if (type.IsInstanceOfType(value)) return value;
            if (type.IsEnum) return value is string name ? Enum.Parse(type, name, true) : Enum.ToObject(type, Convert.ToInt64(value));
            if (value is string text) return OfText(text, type);
            if (type == typeof(DateTime)) return new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(Convert.ToDouble(value));
            return Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
        }

        private static object OfText(string text, Type type) {
            if (type == typeof(Guid)) return Guid.Parse(text);
            if (type == typeof(DateTime)) return DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
            if (type == typeof(DateTimeOffset)) return DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
            if (type == typeof(TimeSpan)) return TimeSpan.Parse(text, CultureInfo.InvariantCulture);
            if (type == typeof(Uri)) return new Uri(text, UriKind.RelativeOrAbsolute);
            if (type == typeof(Version)) return Version.Parse(text);
            if (type == typeof(byte[])) return Convert.FromBase64String(text);
            if (type.IsAssignableFrom(typeof(MemoryStream))) return new MemoryStream(Convert.FromBase64String(text));
            return Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
        }

        private static bool IsDictionary(Type type) {
            return type == typeof(ExpandoObject) || typeof(IDictionary).IsAssignableFrom(type) || Arguments(type, typeof(IDictionary<,>)) != null
                || Arguments(type, typeof(IReadOnlyDictionary<,>)) != null;
        }

        private static object Dictionary(Dictionary<string, object> map, Type type) {
            if (type == typeof(ExpandoObject)) return Expando(map);
            Type[] pair = Arguments(type, typeof(IDictionary<,>)) ?? Arguments(type, typeof(IReadOnlyDictionary<,>)) ?? new[] {typeof(string), typeof(object)};
            Type plain = typeof(Dictionary<,>).MakeGenericType(pair);
            var made = (IDictionary)Activator.CreateInstance(type.IsAssignableFrom(plain) ? plain : type);
            foreach (var each in map) made.Add(As(each.Key, pair[0]), As(each.Value, pair[1]));
            return made;
        }

        private static object Expando(Dictionary<string, object> map) {
            IDictionary<string, object> made = new ExpandoObject();
            foreach (var each in map) made.Add(each.Key, each.Value is Dictionary<string, object> inner ? Expando(inner) : each.Value);
            return made;
        }

        private static object Sequence(List<object> list, Type type) {
            if (type.IsInstanceOfType(list)) return list;
            if (type.IsArray) return Array(list, type.GetElementType());
            Type[] item = Arguments(type, typeof(IEnumerable<>));
            if (item == null) throw new InvalidCastException("no list is wanted");
            Type plain = typeof(List<>).MakeGenericType(item), set = typeof(HashSet<>).MakeGenericType(item);
            object made = Activator.CreateInstance(type.IsAssignableFrom(plain) ? plain : type.IsAssignableFrom(set) ? set : type);
            MethodInfo add = made.GetType().GetMethod("Add", item) ?? throw new InvalidCastException("nothing can be added to it");
            foreach (object each in list) add.Invoke(made, new[] {As(each, item[0])});
            return made;
        }

        private static Array Array(List<object> list, Type item) {
            Array made = System.Array.CreateInstance(item, list.Count);
            for (int i = 0; i < list.Count; i++) made.SetValue(As(list[i], item), i);
            return made;
        }

        /// <summary>The type arguments of an interface that a type is or has, or null.</summary>
        private static Type[] Arguments(Type type, Type wanted) {
            Type found = new[] {type}.Concat(type.GetInterfaces()).FirstOrDefault(each => each.IsGenericType && each.GetGenericTypeDefinition() == wanted);
            return found?.GetGenericArguments();
        }

        private static object Bean(Dictionary<string, object> map, Type type) {
            if (type == typeof(string) || type.IsPrimitive || type.IsEnum) throw new InvalidCastException("a value is wanted");
            ConstructorInfo maker = type.GetConstructor(Type.EmptyTypes);
            if (maker == null && !type.IsValueType) return Constructed(map, type);
            object made = Activator.CreateInstance(type);
            foreach (var each in map) {
                Member member = Member.Written(type, each.Key);
                if (member != null) member.Set(made, As(each.Value, member.Type));
            }
            return made;
        }

        /// <summary>By the constructor that takes most, for classes whose members are only read.</summary>
        private static object Constructed(Dictionary<string, object> map, Type type) {
            ConstructorInfo maker = type.GetConstructors().OrderByDescending(each => each.GetParameters().Length).FirstOrDefault();
            if (maker == null || type.IsAbstract) throw new MissingMethodException("it has no public constructor");
            var named = new Dictionary<string, object>(map, StringComparer.OrdinalIgnoreCase);
            return maker.Invoke(maker.GetParameters().Select(each => {
                object value;
                return As(named.TryGetValue(each.Name, out value) ? value : null, each.ParameterType);
            }).ToArray());
        }

        private static string Kind(object value) {
            return value is Dictionary<string, object> ? "a JSON object" : value is List<object> ? "a JSON array" : "the JSON " + (value is string ? "text" : value.ToString());
        }
    }
}
