using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Functory {
    /// <summary>Text that is not JSON, or a value that does not fit its type; the message says which.</summary>
    public sealed class JsonException : Exception {
        public JsonException(string message, Exception cause = null) : base(message, cause) {}
    }

    /// <summary>JSON text to dictionaries, lists, strings, numbers (long, or double) and booleans.</summary>
    public sealed class Json {
        public const int Deepest = 1000;

        private readonly string text;
        private int at, depth;

        private Json(string text) {
            this.text = text;
        }

        /// <summary>Raises JsonException.</summary>
        public static object Parse(string text) {
            var reader = new Json(text);
            object value = reader.Value();
            reader.Space();
            if (reader.at < text.Length) throw reader.Malformed("something follows");
            return value;
        }

        private object Value() {
            Space();
            if (at >= text.Length) throw Malformed("nothing");
            switch (text[at]) {
                case '{': return Object();
                case '[': return Array();
                case '"': return String();
                case 't': return Word("true", true);
                case 'f': return Word("false", false);
                case 'n': return Word("null", null);
                default: return Number();
            }
        }

        private Dictionary<string, object> Object() {
            var found = new Dictionary<string, object>();
            Enter();
            if (!Next('}')) {
                do {
                    Space();
                    if (at >= text.Length || text[at] != '"') throw Malformed("no name");
                    string name = String();
                    Need(':');
                    found[name] = Value();
                } while (Next(','));
                Need('}');
            }
            depth--;
            return found;
        }

        private List<object> Array() {
            var found = new List<object>();
            Enter();
            if (!Next(']')) {
                do found.Add(Value()); while (Next(','));
                Need(']');
            }
            depth--;
            return found;
        }

        private string String() {
            int start = ++at;
            int end = text.IndexOfAny(new[] {'"', '\\'}, start);
            if (end >= 0 && text[end] == '"') { // most have no escapes
                at = end + 1;
                return text.Substring(start, end - start);
            }
            var made = new StringBuilder();
            while (at < text.Length) {
                char each = text[at++];
                if (each == '"') return made.ToString();
                made.Append(each == '\\' ? Escaped() : each);
            }
            throw Malformed("a string without end");
        }

        private char Escaped() {
            if (at >= text.Length) throw Malformed("a string without end");
            char kind = text[at++];
            int known = "bfnrt".IndexOf(kind);
            if (known >= 0) return "\b\f\n\r\t"[known];
            if (kind == '"' || kind == '\\' || kind == '/') return kind;
            ushort code = 0;
            if (kind != 'u' || at + 4 > text.Length
                || !ushort.TryParse(text.Substring(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out code)) {
                throw Malformed("an escape");
            }
            at += 4;
            return (char)code;
        }

        private object Number() {
            int start = at;
            while (at < text.Length && "+-.eE0123456789".IndexOf(text[at]) >= 0) at++;
            string digits = text.Substring(start, at - start);
            long whole;
            double real;
            if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole)) return whole;
            if (double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out real)) return real;
            at = start;
            throw Malformed("no value");
        }

        private object Word(string word, object value) {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) throw Malformed("no value");
            at += word.Length;
            return value;
        }

        private void Enter() {
            at++;
            if (++depth > Deepest) throw Malformed("more than " + Deepest + " levels");
        }

        private bool Next(char wanted) {
            Space();
            if (at >= text.Length || text[at] != wanted) return false;
            at++;
            return true;
        }

        private void Need(char wanted) {
            if (!Next(wanted)) throw Malformed("no " + wanted);
        }

        private void Space() {
            while (at < text.Length && " \t\n\r".IndexOf(text[at]) >= 0) at++;
        }

        private JsonException Malformed(string what) {
            return new JsonException("not JSON: " + what + " at character " + at);
        }
    }
}
