using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Functory {
    /// <summary>Functory's bootstrap for C#: starts before there is code, is bound to a function once, then runs its
    /// events. Speaks frames over a unix socket (see runner/sandbox/frames.py). Behaves as AWS's runtime client does;
    /// needs nothing but Mono's own library.</summary>
    public static class Bootstrap {
        private const string Socket = "/run/functory/s.sock";
        private const int LargestAnswer = 6 * 1024 * 1024 + 100; // AWS's own number for a synchronous answer

        private static Link link;
        private static Handler handler;
        private static string marker;

        public static void Main(string[] arguments) {
            Output.Lay();
            Place.Resolve();
            Place.Abort();
            Training.Run();
            if (arguments.Length > 0) return; // when the image is made, to see that it starts
            link = new Link(Environment.GetEnvironmentVariable("FUNCTORY_SOCKET") ?? Socket);
            link.Send('R', Writer.Write(new Dictionary<string, object> {{"runtime", "mono"}}));
            Frame frame = link.Receive();
            if (frame.Kind != 'b' || !Bind(frame.Body)) return;
            while (true) {
                frame = link.Receive();
                if (frame.Kind == 'i') Run(frame.Body);
            }
        }

        private static bool Bind(byte[] body) {
            var binding = (Dictionary<string, object>)Json.Parse(Encoding.UTF8.GetString(body));
            marker = "\0" + binding["marker"];
            try {
                Place.Set((Dictionary<string, object>)binding["environment"]);
                Environment.SetEnvironmentVariable("_HANDLER", (string)binding["handler"]);
                handler = Handler.Find((string)binding["handler"]);
                link.Send('B', Encoding.UTF8.GetBytes("{}"));
                return true;
            } catch (Exception error) { // whatever the function's own classes raise is told
                Dictionary<string, object> told = Told.Of(error);
                Console.Out.Write(Told.Text(told));
                link.Send('X', Writer.Write(told));
                return false;
            }
        }

        private static void Run(byte[] body) {
            int size = body[0] << 8 | body[1];
            var header = (Dictionary<string, object>)Json.Parse(Encoding.UTF8.GetString(body, 2, size));
            var payload = new MemoryStream(body, 2 + size, body.Length - 2 - size, false, true);
            var context = new CallContext(header);
            char kind = 'S';
            byte[] answer;
            try {
                Place.Trace(context.TraceId);
                Output.RequestId = context.AwsRequestId;
                answer = handler.Call(payload, context);
                if (answer.Length > LargestAnswer) {
                    throw new StartError("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (" + LargestAnswer + " bytes).");
                }
            } catch (Exception error) { // as AWS: whatever the function raises is its error
                Dictionary<string, object> told = Told.Of(error);
                Console.Out.Write(Told.Text(told));
                kind = 'E';
                answer = Writer.Write(told);
            }
            Output.Mark(marker + context.AwsRequestId + "\0");
            link.Send(kind, answer);
        }
    }
}
