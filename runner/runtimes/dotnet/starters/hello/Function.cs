using System;
using System.Collections.Generic;
using Amazon.Lambda.Core;
using Amazon.Lambda.Serialization.SystemTextJson;

// Makes objects of events and JSON of answers. CamelCaseLambdaJsonSerializer writes the names of properties in small letters.
[assembly: LambdaSerializer(typeof(DefaultLambdaJsonSerializer))]

namespace Example {
    /// <summary>A first function. Functory calls FunctionHandler once for each event. It is compiled when it is deployed,
    /// by Mono: the language is C# 7, the library that of .NET Framework 4. The handler's name is
    /// Function::Example.Function::FunctionHandler, that is Assembly::Namespace.Class::Method.</summary>
    public class Function {
        // An object of this class is made once for each new execution environment (a cold start), before the first
        // event. Open connections and load files in its constructor: later calls find them ready.
        private int greetings = 0;

        /// <summary>Takes an event, gives back anything that can be written as JSON.</summary>
        /// <param name="input">What the caller sent: for a test, the JSON you wrote. A class of your own works as well,
        /// a Stream, a string; and a method that gives back a Task.</param>
        /// <param name="context">About this call: context.AwsRequestId, context.RemainingTime, ...</param>
        public Dictionary<string, object> FunctionHandler(Dictionary<string, object> input, ILambdaContext context) {
            greetings++;

            // Whatever is printed goes to the log of this call.
            object name;
            if (!input.TryGetValue("name", out name)) name = "world";
            Console.WriteLine("greeting " + name + ", number " + greetings + " of this environment");

            return new Dictionary<string, object> {
                {"message", "Hello, " + name},
                {"request_id", context.AwsRequestId},
            };
        }
    }
}
