using System;
using System.Collections.Generic;

/* The public surface that handlers are written against, compatible with AWS's package Amazon.Lambda.Core by name and
 * shape; no code of it. https://docs.aws.amazon.com/lambda/latest/dg/csharp-context.html */
namespace Amazon.Lambda.Core {
    /// <summary>What a handler is told about its call.</summary>
    public interface ILambdaContext {
        string AwsRequestId { get; }
        /// <summary>Null unless the caller gave one.</summary>
        IClientContext ClientContext { get; }
        string FunctionName { get; }
        string FunctionVersion { get; }
        /// <summary>Null unless the caller gave one.</summary>
        ICognitoIdentity Identity { get; }
        string InvokedFunctionArn { get; }
        ILambdaLogger Logger { get; }
        string LogGroupName { get; }
        string LogStreamName { get; }
        int MemoryLimitInMB { get; }
        /// <summary>Until the call is ended; never less than zero.</summary>
        TimeSpan RemainingTime { get; }
        /// <summary>Null unless the call is traced.</summary>
        string TraceId { get; }
    }

    /// <summary>The application that called, as mobile SDKs say it.</summary>
    public interface IClientContext {
        IDictionary<string, string> Environment { get; }
        IClientApplication Client { get; }
        IDictionary<string, string> Custom { get; }
    }

    public interface IClientApplication {
        string AppPackageName { get; }
        string AppTitle { get; }
        string AppVersionCode { get; }
        string AppVersionName { get; }
        string InstallationId { get; }
    }

    public interface ICognitoIdentity {
        string IdentityId { get; }
        string IdentityPoolId { get; }
    }
}
