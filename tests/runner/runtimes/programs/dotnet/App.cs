using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using Amazon.Lambda.Core;

namespace App {
    /// <summary>What the contract suite asks of a function, in C#.</summary>
    public class App {
        private static int calls = 0;

        static App() {
            Console.WriteLine("cold");
        }

        public App() {
            if (Environment.GetEnvironmentVariable("BREAK") != null) throw new ArgumentException("broken at start");
        }

        public object Handle(Dictionary<string, object> given, ILambdaContext context) {
            switch ((string)given["do"]) {
                case "echo":
                    return new Dictionary<string, object> {
                        {"got", given}, {"env", Environment.GetEnvironmentVariable("OWN")}, {"where", Output("pwd")}
                    };
                case "context":
                    return About(context);
                case "fail":
                    throw new ArgumentException("boom");
                case "leave":
                    return Leave((string)given["how"]);
                case "answer":
                    return string.Concat(Enumerable.Repeat((string)given["text"], (int)(long)given["size"]));
                case "shout":
                    throw new ArgumentException(new string('y', (int)(long)given["size"]));
                case "size":
                    return ((string)given["text"]).Count(each => !char.IsLowSurrogate(each));
                case "trace":
                    return Environment.GetEnvironmentVariable("_X_AMZN_TRACE_ID");
                case "sleep":
                    Thread.Sleep(1000 * (given.ContainsKey("seconds") ? (int)(long)given["seconds"] : 60));
                    return "slept";
                case "eat":
                    return Eat();
                case "write":
                    File.WriteAllText("/tmp/f", "x");
                    return File.ReadAllText("/tmp/f");
                case "fill":
                    return Fill((int)(long)given["megabytes"]);
                case "spoil":
                    throw new IOException(Output("touch /var/task/f 2>&1")); // Mono itself only says that access is denied
                case "show":
                    Console.WriteLine("one");
                    Process.Start(new ProcessStartInfo("echo", "two") {UseShellExecute = false}).WaitForExit();
                    Console.Write("three");
                    return 1;
                case "count":
                    return ++calls;
                case "binary":
                    return new Dictionary<string, object> {
                        {"statusCode", 200}, {"headers", new Dictionary<string, string> {{"content-type", "application/octet-stream"}}},
                        {"isBase64Encoded", true}, {"body", Enumerable.Range(0, 256).Select(each => (byte)each).ToArray()}
                    };
                case "connect":
                    return Connect((string)given["host"]);
                default:
                    return null;
            }
        }

        private static object About(ILambdaContext context) {
            return new Dictionary<string, object> {
                {"name", context.FunctionName}, {"version", context.FunctionVersion}, {"memory", context.MemoryLimitInMB.ToString()},
                {"group", context.LogGroupName}, {"stream", context.LogStreamName}, {"arn", context.InvokedFunctionArn},
                {"id", context.AwsRequestId}, {"left", context.RemainingTime.TotalMilliseconds}
            };
        }

        private static object Leave(string how) {
            Console.WriteLine("last words");
            if (how == "exit") Environment.Exit(3);
            Output("kill -" + (how == "abort" ? "ABRT" : "SEGV") + " " + Process.GetCurrentProcess().Id);
            Thread.Sleep(60000);
            return null;
        }

        private static object Eat() {
            var kept = new List<byte[]>();
            while (true) {
                var piece = new byte[1000000];
                for (int i = 0; i < piece.Length; i++) piece[i] = 1;
                kept.Add(piece);
            }
        }

        private static object Fill(int megabytes) {
            try {
                using (var file = File.Create("/tmp/large")) {
                    for (int i = 0; i < megabytes; i++) file.Write(new byte[1024 * 1024], 0, 1024 * 1024);
                }
            } catch (IOException error) when (error.Message.StartsWith("Disk full")) {
                throw new IOException("No space: " + error.Message);
            }
            return null;
        }

        private static object Connect(string host) {
            using (var client = new TcpClient()) {
                if (!client.ConnectAsync(host, 80).Wait(3000)) throw new TimeoutException("nothing answered");
                return "connected";
            }
        }

        private static string Output(string command) {
            var told = new ProcessStartInfo("sh", "-c \"" + command + "\"") {UseShellExecute = false, RedirectStandardOutput = true};
            using (Process process = Process.Start(told)) return process.StandardOutput.ReadToEnd().Trim();
        }
    }
}
