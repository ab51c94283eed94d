using System;
using System.Collections.Generic;
using Amazon.Lambda.Core;
using Amazon.Lambda.Serialization.SystemTextJson;

[assembly: LambdaSerializer(typeof(CamelCaseLambdaJsonSerializer))]

namespace Example {
    /// <summary>
    /// A worker for asynchronous events: callers send and go on, Functory keeps the event until it succeeded.
    ///
    /// Send one with:  aws lambda invoke --invocation-type Event --function-name ... --payload ... out.json
    /// When this function throws, the event is tried again after one minute and after two, then it is a dead letter, to
    /// be looked at under Events and sent again.
    /// </summary>
    public class Function {
        // An event can arrive twice: after a failure halfway, or when a machine dies just before it is marked done. So a
        // worker notes what it has finished. This set is only as good as this environment: use a database.
        private readonly HashSet<string> finished = new HashSet<string>();

        public class Work {
            public string Order { get; set; }
            public int Amount { get; set; }
        }

        public class Done {
            public string Order { get; set; }
            public string State { get; set; }
        }

        /// <summary>An order that no second attempt will mend.</summary>
        public class CannotDo : Exception {
            public CannotDo(string message) : base(message) {}
        }

        public Done FunctionHandler(Work work, ILambdaContext context) {
            if (work.Order == null) throw new CannotDo("the event names no order"); // it fails and shows up with its error
            if (finished.Contains(work.Order)) {
                Console.WriteLine("order " + work.Order + " is done already");
                return new Done {Order = work.Order, State = "already done"};
            }
            if (work.Amount <= 0) throw new CannotDo("order " + work.Order + " has no amount");
            Console.WriteLine("charging " + work.Amount + " for order " + work.Order);
            finished.Add(work.Order);
            return new Done {Order = work.Order, State = "done"};
        }
    }
}
