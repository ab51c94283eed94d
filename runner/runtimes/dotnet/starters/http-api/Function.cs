using System;
using System.Collections.Generic;
using System.Text;
using Amazon.Lambda.Core;
using Amazon.Lambda.Serialization.SystemTextJson;

[assembly: LambdaSerializer(typeof(CamelCaseLambdaJsonSerializer))]

namespace Example {
    /// <summary>A small HTTP API. A function URL sends each request as an event (payload format 2.0).</summary>
    public class Function {
        // What is read of a request; the names are those of the event, whatever their case.
        public class Request {
            public string RawPath { get; set; }
            public string Body { get; set; }
            public bool IsBase64Encoded { get; set; }
            public About RequestContext { get; set; }
        }

        public class About {
            public Http Http { get; set; }
        }

        public class Http {
            public string Method { get; set; }
        }

        // What a function URL turns into an HTTP response. The body is text: here, JSON.
        public class Answer {
            public int StatusCode { get; set; }
            public Dictionary<string, string> Headers { get; set; }
            public string Body { get; set; }
        }

        // Lives as long as this execution environment, and each has its own: fine for trying things out, but anything
        // to keep belongs in a database.
        private readonly List<string> notes = new List<string> {"read the code of this function"};

        public Answer FunctionHandler(Request request, ILambdaContext context) {
            string route = request.RequestContext.Http.Method + " " + request.RawPath;
            Console.WriteLine(route);
            switch (route) {
                case "GET /":
                case "GET /notes":
                    return Said(200, Listed());
                case "POST /notes":
                    return Add(Text(request));
                default:
                    return Said(404, "{\"error\": " + Quoted("Nothing is at " + route + ".") + "}");
            }
        }

        private Answer Add(string note) {
            if (string.IsNullOrWhiteSpace(note)) return Said(400, "{\"error\": \"Send the note as text.\"}");
            notes.Add(note.Trim());
            return Said(201, Listed());
        }

        private string Listed() {
            return "{\"notes\": [" + string.Join(", ", notes.ConvertAll(Quoted)) + "]}";
        }

        private static string Text(Request request) {
            string body = request.Body ?? "";
            return request.IsBase64Encoded ? Encoding.UTF8.GetString(Convert.FromBase64String(body)) : body;
        }

        private static Answer Said(int status, string json) {
            return new Answer {
                StatusCode = status,
                Headers = new Dictionary<string, string> {{"content-type", "application/json"}},
                Body = json,
            };
        }

        private static string Quoted(string text) {
            return "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t") + "\"";
        }
    }
}
