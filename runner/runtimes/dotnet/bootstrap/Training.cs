using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading.Tasks;

namespace Functory {
    /// <summary>Does once, before anybody waits, what every function's start and first call will: Mono has then loaded
    /// and compiled what they need.</summary>
    public sealed class Training {
        public sealed class Order {
            public string Id { get; set; }
            public List<int> Counts { get; set; }
            public Dictionary<string, object> More { get; set; }
        }

        public async Task<Order> Handle(Order order, Amazon.Lambda.Core.ILambdaContext context) {
            await Task.Yield();
            return order;
        }

        public Dictionary<string, object> Plain(Dictionary<string, object> map) => map;

        public static void Run() {
            var context = new CallContext(new Dictionary<string, object> {{"id", "1"}, {"arn", "arn"}, {"deadline_ms", 1L}});
            foreach (string method in new[] {"Handle", "Plain"}) {
                Handler handler = Handler.Of(typeof(Training), method);
                handler.Call(new MemoryStream(Encoding.UTF8.GetBytes("{\"id\":\"a\\u00e9\",\"counts\":[1,2],\"more\":{\"a\":null,\"b\":1.5}}")), context);
            }
            Told.Text(Told.Of(new InvalidOperationException("training")));
            Console.Error.Write("");
            context.RemainingTime.ToString();
        }
    }
}
