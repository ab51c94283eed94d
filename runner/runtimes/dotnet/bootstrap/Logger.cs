using System;
using System.Globalization;
using Amazon.Lambda.Core;

namespace Functory {
    /// <summary>Lines as Lambda writes them: time, request, level, message. What is below AWS_LAMBDA_LOG_LEVEL is left out.</summary>
    public sealed class Logger : ILambdaLogger {
        private static readonly string[] Names = {"trce", "dbug", "info", "warn", "fail", "crit"};

        public void Log(string message) => Console.Out.Write(message);
        public void LogLine(string message) => Put("info", message);
        public void Log(string level, string message) => Write(level, null, message);
        public void Log(LogLevel level, string message) => Write(level.ToString(), null, message);
        public void Log(string level, string message, params object[] args) => Write(level, null, message, args);
        public void Log(LogLevel level, string message, params object[] args) => Write(level.ToString(), null, message, args);
        public void Log(LogLevel level, Exception exception, string message, params object[] args) => Write(level.ToString(), exception, message, args);
        public void LogTrace(string message) => Write("Trace", null, message);
        public void LogTrace(string message, params object[] args) => Write("Trace", null, message, args);
        public void LogDebug(string message) => Write("Debug", null, message);
        public void LogDebug(string message, params object[] args) => Write("Debug", null, message, args);
        public void LogInformation(string message) => Write("Information", null, message);
        public void LogInformation(string message, params object[] args) => Write("Information", null, message, args);
        public void LogWarning(string message) => Write("Warning", null, message);
        public void LogWarning(string message, params object[] args) => Write("Warning", null, message, args);
        public void LogError(string message) => Write("Error", null, message);
        public void LogError(string message, params object[] args) => Write("Error", null, message, args);
        public void LogError(Exception exception, string message, params object[] args) => Write("Error", exception, message, args);
        public void LogCritical(string message) => Write("Critical", null, message);
        public void LogCritical(string message, params object[] args) => Write("Critical", null, message, args);
        public void LogCritical(Exception exception, string message, params object[] args) => Write("Critical", exception, message, args);

        private static void Write(string level, Exception exception, string message, params object[] args) {
            LogLevel known, least;
            bool isKnown = Enum.TryParse(level, true, out known);
            if (isKnown && Enum.TryParse(Least, true, out least) && known < least) return;
            string text = Template.Filled(message, args);
            Put(isKnown ? Names[(int)known] : level, exception == null ? text : text + "\n" + exception);
        }

        private static string Least => Environment.GetEnvironmentVariable("AWS_LAMBDA_HANDLER_LOG_LEVEL")
            ?? Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_LEVEL") ?? "Information";

        private static void Put(string level, string message) {
            string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            Console.Out.WriteLine(time + "\t" + Output.RequestId + "\t" + level + "\t" + message);
        }
    }
}
