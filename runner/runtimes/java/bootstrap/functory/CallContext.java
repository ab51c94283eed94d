package functory;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import java.util.Map;

/** The context of one call. https://docs.aws.amazon.com/lambda/latest/dg/java-context.html */
final class CallContext implements Context {
    private final Map<?, ?> header;

    CallContext(Map<?, ?> header) {
        this.header = header;
    }

    @Override
    public String getAwsRequestId() {
        return (String) header.get("id");
    }

    @Override
    public String getLogGroupName() {
        return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
    }

    @Override
    public String getLogStreamName() {
        return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
    }

    @Override
    public String getFunctionName() {
        return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
    }

    @Override
    public String getFunctionVersion() {
        return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
    }

    @Override
    public String getInvokedFunctionArn() {
        return (String) header.get("arn");
    }

    @Override
    public int getRemainingTimeInMillis() {
        long left = ((Number) header.get("deadline_ms")).longValue() - System.currentTimeMillis();
        return (int) Math.max(left, 0);
    }

    @Override
    public int getMemoryLimitInMB() {
        return Integer.parseInt(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
    }

    @Override
    public LambdaLogger getLogger() {
        return LambdaRuntime.getLogger();
    }

    @Override
    public CognitoIdentity getIdentity() {
        Map<?, ?> told = told("identity");
        return new CognitoIdentity() {
            @Override
            public String getIdentityId() {
                return (String) told.get("cognitoIdentityId");
            }

            @Override
            public String getIdentityPoolId() {
                return (String) told.get("cognitoIdentityPoolId");
            }
        };
    }

    @Override
    public ClientContext getClientContext() {
        Map<?, ?> told = told("client");
        return told.isEmpty() ? null : new Caller(told);
    }

    private Map<?, ?> told(String name) {
        Object text = header.get(name);
        return text instanceof String json && !json.isEmpty() && Json.parse(json) instanceof Map<?, ?> map ? map : Map.of();
    }

    @SuppressWarnings("unchecked")
    private record Caller(Map<?, ?> told) implements ClientContext {
        @Override
        public Client getClient() {
            return told.get("client") instanceof Map<?, ?> client ? new App(client) : null;
        }

        @Override
        public Map<String, String> getCustom() {
            return (Map<String, String>) told.get("custom");
        }

        @Override
        public Map<String, String> getEnvironment() {
            return (Map<String, String>) told.get("env");
        }
    }

    private record App(Map<?, ?> told) implements Client {
        @Override
        public String getInstallationId() {
            return (String) told.get("installation_id");
        }

        @Override
        public String getAppTitle() {
            return (String) told.get("app_title");
        }

        @Override
        public String getAppVersionName() {
            return (String) told.get("app_version_name");
        }

        @Override
        public String getAppVersionCode() {
            return (String) told.get("app_version_code");
        }

        @Override
        public String getAppPackageName() {
            return (String) told.get("app_package_name");
        }
    }
}
