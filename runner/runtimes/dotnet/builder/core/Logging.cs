using System;
using System.Globalization;

namespace Amazon.Lambda.Core {
    public enum LogLevel {
        Trace = 0,
        Debug = 1,
        Information = 2,
        Warning = 3,
        Error = 4,
        Critical = 5
    }

    /// <summary>Writes to the log of the call that runs.</summary>
    public interface ILambdaLogger {
        void Log(string message);
        void LogLine(string message);
        void Log(string level, string message);
        void Log(LogLevel level, string message);
        void Log(string level, string message, params object[] args);
        void Log(LogLevel level, string message, params object[] args);
        void Log(LogLevel level, Exception exception, string message, params object[] args);
        void LogTrace(string message);
        void LogTrace(string message, params object[] args);
        void LogDebug(string message);
        void LogDebug(string message, params object[] args);
        void LogInformation(string message);
        void LogInformation(string message, params object[] args);
        void LogWarning(string message);
        void LogWarning(string message, params object[] args);
        void LogError(string message);
        void LogError(string message, params object[] args);
        void LogError(Exception exception, string message, params object[] args);
        void LogCritical(string message);
        void LogCritical(string message, params object[] args);
        void LogCritical(Exception exception, string message, params object[] args);
    }

    /// <summary>The logger for code that has no context at hand.</summary>
    public static class LambdaLogger {
        public static void Log(string message) {
            Console.Out.WriteLine(message);
        }

        public static void Log(LogLevel level, string message, params object[] args) {
            Console.Out.WriteLine(args.Length == 0 ? message : Template.Filled(message, args));
        }
    }

    /// <summary>Messages with named places: "order {id} of {name}" takes its values in their order.</summary>
    public static class Template {
        public static string Filled(string message, object[] args) {
            if (message == null || args == null || args.Length == 0) return message;
            var made = new System.Text.StringBuilder();
            int at = 0, number = 0;
            while (at < message.Length) {
                int open = message.IndexOf('{', at), close = open < 0 ? -1 : message.IndexOf('}', open);
                if (close < 0 || number >= args.Length) break;
                made.Append(message, at, open - at).Append(Said(message.Substring(open + 1, close - open - 1), args[number++]));
                at = close + 1;
            }
            return made.Append(message, at, message.Length - at).ToString();
        }

        private static string Said(string place, object value) {
            int colon = place.IndexOf(':');
            return string.Format(CultureInfo.InvariantCulture, colon < 0 ? "{0}" : "{0" + place.Substring(colon) + "}", value);
        }
    }
}
