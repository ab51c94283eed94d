using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Amazon.Lambda.Core;
using Amazon.Lambda.Serialization.SystemTextJson;

[assembly: LambdaSerializer(typeof(CamelCaseLambdaJsonSerializer))]

namespace Example {
    /// <summary>A job that a schedule runs. It stops in time, and says in its answer how far it came.</summary>
    public class Function {
        // Leave this much time for the answer: a call that reaches its time-out fails, whatever it has done.
        private static readonly TimeSpan Reserve = TimeSpan.FromMilliseconds(500);

        public class Job {
            public string Name { get; set; }
            public int? Items { get; set; }
        }

        public class Report {
            public List<string> Done { get; set; }
            public int Left { get; set; }
        }

        public async Task<Report> FunctionHandler(Job job, ILambdaContext context) {
            int wanted = job.Items ?? 3;
            var done = new List<string>();
            while (done.Count < wanted) {
                if (context.RemainingTime < Reserve) {
                    Console.WriteLine("stopping early: " + (wanted - done.Count) + " left for the next run");
                    break;
                }
                string item = "item-" + done.Count;
                await WorkOn(item);
                done.Add(item);
            }
            Console.WriteLine("done with " + done.Count + " of " + wanted);
            return new Report {Done = done, Left = wanted - done.Count};
        }

        /// <summary>Replace this with real work. A job may be run twice, so let a second run do no harm.</summary>
        private static async Task WorkOn(string item) {
            Console.WriteLine("working on " + item);
            await Task.Delay(1);
        }
    }
}
