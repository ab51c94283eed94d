using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace Functory {
    /// <summary>What keeps a handler from being found, or an event or answer from passing: a type and a message of
    /// Lambda's, without a stack of ours.</summary>
    public sealed class StartError : Exception {
        public StartError(string message) : this("LambdaValidationException", message) {}

        public StartError(string type, string message, Exception cause = null) : base(message, cause) {
            Type = type;
        }

        public string Type { get; }
    }

    /// <summary>An error in AWS's shape.</summary>
    public static class Told {
        private const int LongestMessage = 256 * 1024; // more than that nobody reads
        private const int MostFrames = 100, MostCauses = 10;

        public static Dictionary<string, object> Of(Exception error, int depth = 0) {
            var told = new Dictionary<string, object> {
                {"errorType", error is StartError start ? start.Type : error.GetType().Name},
                {"errorMessage", Message(error)},
                {"stackTrace", error is StartError ? new List<object>() : Frames(error)}
            };
            if (depth >= MostCauses) return told;
            if (error.InnerException != null && !(error is StartError)) told["cause"] = Of(error.InnerException, depth + 1);
            if (error is AggregateException several && several.InnerExceptions.Count > 1) {
                told["causes"] = several.InnerExceptions.Take(MostCauses).Select(each => (object)Of(each, depth + 1)).ToList();
            }
            return told;
        }

        private static string Message(Exception error) {
            string text;
            try {
                text = error.Message ?? "";
            } catch (Exception) {
                text = "<" + error.GetType().Name + " without a message>";
            }
            return text.Length > LongestMessage ? text.Substring(0, LongestMessage) : text;
        }

        /// <summary>Down to where the bootstrap called the function.</summary>
        private static List<object> Frames(Exception error) {
            return (error.StackTrace ?? "").Split('\n').Select(Line)
                .TakeWhile(each => !each.StartsWith("at Functory.") && !each.StartsWith("at System.Reflection."))
                .Where(each => each.StartsWith("at ") && !each.StartsWith("at (wrapper"))
                .Take(MostFrames).Cast<object>().ToList();
        }

        private static string Line(string line) {
            string plain = Regex.Replace(line.Trim(), @" \[0x[0-9a-f]+\]", "");
            return Regex.Replace(Regex.Replace(plain, @" in <[^>]*>:0$", ""), @" in (.+):(\d+)$", " in $1:line $2");
        }

        /// <summary>The log entry of an error.</summary>
        public static string Text(Dictionary<string, object> told) {
            var text = new StringBuilder();
            for (object each = told; each is Dictionary<string, object> one; each = one.ContainsKey("cause") ? one["cause"] : null) {
                text.Append(each == told ? "" : "Caused by: ").Append(one["errorMessage"]).Append(": ").Append(one["errorType"]).Append('\n');
                foreach (object frame in (List<object>)one["stackTrace"]) text.Append("   ").Append(frame).Append('\n');
            }
            return text.ToString();
        }
    }
}
