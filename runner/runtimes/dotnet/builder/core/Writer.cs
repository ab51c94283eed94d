using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Functory {
    /// <summary>How members are named, and whether those without a value are left out.</summary>
    public enum Style {
        AsNamed,
        CamelCase,
        WithNulls
    }

    /// <summary>Any object as JSON: dictionaries, sequences, scalars, and the public members of everything else.</summary>
    public sealed class Writer {
        private readonly StringBuilder made = new StringBuilder();
        private readonly Style style;
        private int depth;

        private Writer(Style style) {
            this.style = style;
        }

        /// <summary>UTF-8; raises JsonException for what JSON cannot say, and what the object's own code raises.</summary>
        public static byte[] Write(object value, Style style = Style.WithNulls) {
            var writer = new Writer(style);
            writer.Put(value);
            return Encoding.UTF8.GetBytes(writer.made.ToString());
        }

        private void Put(object value) {
            if (value == null) made.Append("null");
            else if (value is string text) Quote(text);
            else if (value is bool truth) made.Append(truth ? "true" : "false");
            else if (value is double || value is float) Real(Convert.ToDouble(value), value);
            else if (value is decimal || IsWhole(value)) made.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
            else if (value is Enum) made.Append(((Enum)value).ToString("D"));
            else if (!Scalar(value)) Deeper(value);
        }

        private static bool IsWhole(object value) {
            return value is int || value is long || value is short || value is byte || value is uint || value is ulong
                || value is ushort || value is sbyte;
        }

        private void Real(double number, object value) {
            if (double.IsNaN(number) || double.IsInfinity(number)) throw new JsonException(number + " is no number of JSON");
            made.Append(((IFormattable)value).ToString("R", CultureInfo.InvariantCulture));
        }

        private bool Scalar(object value) {
            if (value is DateTime time) Quote(time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture));
            else if (value is DateTimeOffset moment) Quote(moment.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture));
            else if (value is byte[] bytes) Quote(Convert.ToBase64String(bytes));
            else if (value is MemoryStream stream) Quote(Convert.ToBase64String(stream.ToArray()));
            else if (value is Guid || value is TimeSpan || value is Uri || value is char || value is Version) Quote(value.ToString());
            else if (value is Type || value is Delegate) throw new JsonException(value.GetType() + " has no form in JSON");
            else return false;
            return true;
        }

        private void Deeper(object value) {
            if (++depth > Json.Deepest) throw new JsonException("the answer has more than " + Json.Deepest + " levels: it may contain itself");
            if (value is IDictionary<string, object> plain) Map(plain);
            else if (value is IDictionary map) Map(map);
            else if (value is IEnumerable list) List(list);
            else Members(value);
            depth--;
        }

        private void Map(IDictionary<string, object> map) {
            char before = '{';
            foreach (var each in map) before = Entry(before, each.Key, each.Value);
            End(before, '{', '}');
        }

        private void Map(IDictionary map) {
            char before = '{';
            foreach (DictionaryEntry each in map) before = Entry(before, Convert.ToString(each.Key, CultureInfo.InvariantCulture), each.Value);
            End(before, '{', '}');
        }

        private void List(IEnumerable list) {
            char before = '[';
            foreach (object each in list) {
                made.Append(before);
                Put(each);
                before = ',';
            }
            End(before, '[', ']');
        }

        private void Members(object value) {
            char before = '{';
            foreach (Member each in Member.Read(value.GetType())) {
                object own = each.Get(value);
                if (own != null || style == Style.WithNulls) before = Entry(before, each.NameIn(style), own);
            }
            End(before, '{', '}');
        }

        private char Entry(char before, string name, object value) {
            made.Append(before);
            Quote(name);
            made.Append(':');
            Put(value);
            return ',';
        }

        private void End(char before, char open, char close) {
            if (before == open) made.Append(open);
            made.Append(close);
        }

        private void Quote(string text) {
            made.Append('"');
            int plain = 0;
            for (int i = 0; i < text.Length; i++) {
                char each = text[i];
                if (each >= ' ' && each != '"' && each != '\\' && (!char.IsSurrogate(each) || Paired(text, i))) continue;
                made.Append(text, plain, i - plain);
                Escape(each);
                plain = i + 1;
            }
            made.Append(text, plain, text.Length - plain).Append('"');
        }

        private void Escape(char each) {
            int known = "\"\\\n\r\t".IndexOf(each);
            if (known >= 0) made.Append('\\').Append("\"\\nrt"[known]);
            else made.Append("\\u").Append(((int)each).ToString("x4"));
        }

        /// <summary>Whether the half of a character has its other half beside it.</summary>
        private static bool Paired(string text, int at) {
            return char.IsHighSurrogate(text[at])
                ? at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])
                : at > 0 && char.IsHighSurrogate(text[at - 1]);
        }
    }
}
