using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Amazon.Lambda.Core;

namespace Functory {
    /// <summary>The context of one call. https://docs.aws.amazon.com/lambda/latest/dg/csharp-context.html</summary>
    public sealed class CallContext : ILambdaContext {
        private static readonly DateTime Epoch = new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        private readonly Dictionary<string, object> header;

        public CallContext(Dictionary<string, object> header) {
            this.header = header;
        }

        public string AwsRequestId => Text("id");
        public string InvokedFunctionArn => Text("arn");
        public string TraceId => string.IsNullOrEmpty(Text("trace")) ? null : Text("trace");
        public string FunctionName => Variable("NAME");
        public string FunctionVersion => Variable("VERSION");
        public string LogGroupName => Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_GROUP_NAME");
        public string LogStreamName => Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_STREAM_NAME");
        public int MemoryLimitInMB => int.Parse(Variable("MEMORY_SIZE") ?? "0", CultureInfo.InvariantCulture);
        public ILambdaLogger Logger { get; } = new Logger();

        public TimeSpan RemainingTime {
            get {
                TimeSpan left = Epoch.AddMilliseconds(Convert.ToDouble(header["deadline_ms"])) - DateTime.UtcNow;
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }

        public ICognitoIdentity Identity {
            get {
                Dictionary<string, object> told = Given(Text("identity"));
                return told == null ? null : new Caller(told);
            }
        }

        public IClientContext ClientContext {
            get {
                Dictionary<string, object> told = Given(Text("client"));
                return told == null ? null : new Client(told);
            }
        }

        private static string Variable(string name) {
            return Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_" + name);
        }

        private string Text(string name) {
            object value;
            return header.TryGetValue(name, out value) ? value as string : null;
        }

        private static Dictionary<string, object> Given(string text) {
            return string.IsNullOrEmpty(text) ? null : Json.Parse(text) as Dictionary<string, object>;
        }

        private static string Of(Dictionary<string, object> told, string name) {
            object value;
            return told.TryGetValue(name, out value) ? value as string : null;
        }

        private sealed class Caller : ICognitoIdentity {
            private readonly Dictionary<string, object> told;

            public Caller(Dictionary<string, object> told) {
                this.told = told;
            }

            public string IdentityId => Of(told, "cognitoIdentityId");
            public string IdentityPoolId => Of(told, "cognitoIdentityPoolId");
        }

        private sealed class Client : IClientContext, IClientApplication {
            private readonly Dictionary<string, object> told, app;

            public Client(Dictionary<string, object> told) {
                this.told = told;
                object client;
                app = told.TryGetValue("client", out client) ? client as Dictionary<string, object> : null;
            }

            IClientApplication IClientContext.Client => app == null ? null : this;
            public IDictionary<string, string> Custom => Pairs("custom");
            public IDictionary<string, string> Environment => Pairs("env");
            public string AppPackageName => Of(app, "app_package_name");
            public string AppTitle => Of(app, "app_title");
            public string AppVersionCode => Of(app, "app_version_code");
            public string AppVersionName => Of(app, "app_version_name");
            public string InstallationId => Of(app, "installation_id");

            private IDictionary<string, string> Pairs(string name) {
                object found;
                return told.TryGetValue(name, out found) && found is Dictionary<string, object> pairs
                    ? pairs.ToDictionary(each => each.Key, each => Convert.ToString(each.Value, CultureInfo.InvariantCulture)) : null;
            }
        }
    }
}
