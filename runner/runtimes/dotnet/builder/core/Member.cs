using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace Functory {
    /// <summary>A public property or field of a class, by its name in JSON: its own, or what an attribute says
    /// (JsonPropertyName, JsonProperty, DataMember).</summary>
    public sealed class Member {
        private static readonly ConcurrentDictionary<Type, Member[]> Known = new ConcurrentDictionary<Type, Member[]>();
        private static readonly string[] Named = {"JsonPropertyNameAttribute", "JsonPropertyAttribute", "DataMemberAttribute"};
        private static readonly string[] Ignored = {"JsonIgnoreAttribute", "IgnoreDataMemberAttribute"};

        private readonly PropertyInfo property;
        private readonly FieldInfo field;
        private readonly string given;

        private Member(MemberInfo member) {
            property = member as PropertyInfo;
            field = member as FieldInfo;
            given = Given(member);
        }

        public Type Type => property != null ? property.PropertyType : field.FieldType;

        private string Own => property != null ? property.Name : field.Name;

        public string NameIn(Style style) {
            return given ?? (style == Style.CamelCase ? char.ToLowerInvariant(Own[0]) + Own.Substring(1) : Own);
        }

        public bool IsCalled(string name) {
            return string.Equals(given ?? Own, name, StringComparison.OrdinalIgnoreCase);
        }

        public object Get(object owner) {
            return property != null ? property.GetValue(owner, null) : field.GetValue(owner);
        }

        public void Set(object owner, object value) {
            if (property != null) property.SetValue(owner, value, null);
            else field.SetValue(owner, value);
        }

        /// <summary>Those that can be read.</summary>
        public static IEnumerable<Member> Read(Type type) {
            return All(type).Where(each => each.property == null || each.property.GetGetMethod() != null);
        }

        /// <summary>The one of a name that can be written, or null.</summary>
        public static Member Written(Type type, string name) {
            return All(type).FirstOrDefault(each => each.IsCalled(name)
                && (each.property != null ? each.property.GetSetMethod(true) != null : !each.field.IsInitOnly));
        }

        private static Member[] All(Type type) {
            return Known.GetOrAdd(type, Found);
        }

        private static Member[] Found(Type type) {
            const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance;
            IEnumerable<MemberInfo> properties = type.GetProperties(Public).Where(each => each.GetIndexParameters().Length == 0);
            return properties.Concat(type.GetFields(Public)).Where(each => !Has(each, Ignored)).Select(each => new Member(each)).ToArray();
        }

        private static bool Has(MemberInfo member, string[] attributes) {
            return member.GetCustomAttributes(true).Any(each => attributes.Contains(each.GetType().Name));
        }

        /// <summary>By the attribute's own name, so that a package's attribute counts as well.</summary>
        private static string Given(MemberInfo member) {
            foreach (object each in member.GetCustomAttributes(true)) {
                if (!Named.Contains(each.GetType().Name)) continue;
                PropertyInfo name = each.GetType().GetProperty("Name") ?? each.GetType().GetProperty("PropertyName");
                if (name?.GetValue(each, null) is string found) return found;
            }
            return null;
        }
    }
}
