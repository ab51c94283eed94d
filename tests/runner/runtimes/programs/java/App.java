package app;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the contract suite asks of a function, in Java. */
public class App implements RequestHandler<Map<String, Object>, Object> {
    private static int calls = 0;

    static {
        System.out.println("cold");
    }

    public App() {
        if (System.getenv("BREAK") != null) {
            throw new IllegalArgumentException("broken at start");
        }
    }

    @Override
    public Object handleRequest(Map<String, Object> event, Context context) {
        try {
            return act(event, context);
        } catch (IOException | InterruptedException error) {
            throw new IllegalStateException(error.getMessage(), error);
        }
    }

    private Object act(Map<String, Object> event, Context context) throws IOException, InterruptedException {
        switch ((String) event.get("do")) {
            case "echo":
                Map<String, Object> found = new LinkedHashMap<>();
                found.put("got", event);
                found.put("env", System.getenv("OWN"));
                found.put("where", output("pwd"));
                return found;
            case "context":
                return about(context);
            case "fail":
                throw new IllegalArgumentException("boom");
            case "leave":
                System.out.println("last words");
                if (event.get("how").equals("exit")) {
                    System.exit(3);
                }
                output("kill -" + (event.get("how").equals("abort") ? "ABRT" : "SEGV") + " " + ProcessHandle.current().pid());
                Thread.sleep(60_000);
                return null;
            case "answer":
                return event.get("text").toString().repeat((Integer) event.get("size"));
            case "shout":
                throw new IllegalArgumentException("y".repeat((Integer) event.get("size")));
            case "size":
                String text = (String) event.get("text");
                return text.codePointCount(0, text.length());
            case "trace":
                return System.getenv("_X_AMZN_TRACE_ID");
            case "sleep":
                Thread.sleep(1000L * (Integer) event.getOrDefault("seconds", 60));
                return "slept";
            case "eat":
                List<byte[]> kept = new ArrayList<>();
                while (true) {
                    byte[] piece = new byte[1_000_000];
                    Arrays.fill(piece, (byte) 1);
                    kept.add(piece);
                }
            case "write":
                Files.writeString(Path.of("/tmp/f"), "x");
                return Files.readString(Path.of("/tmp/f"));
            case "fill":
                try (FileOutputStream file = new FileOutputStream("/tmp/large")) {
                    for (int i = 0; i < (Integer) event.get("megabytes"); i++) {
                        file.write(new byte[1024 * 1024]);
                    }
                }
                return null;
            case "spoil":
                new FileOutputStream("/var/task/f").close();
                return null;
            case "show":
                System.out.println("one");
                new ProcessBuilder("echo", "two").inheritIO().start().waitFor();
                System.out.print("three");
                return 1;
            case "count":
                return ++calls;
            case "binary":
                byte[] bytes = new byte[256];
                for (int i = 0; i < 256; i++) {
                    bytes[i] = (byte) i;
                }
                return Map.of("statusCode", 200, "headers", Map.of("content-type", "application/octet-stream"),
                        "isBase64Encoded", true, "body", Base64.getEncoder().encodeToString(bytes));
            case "connect":
                try (Socket socket = new Socket()) {
                    socket.connect(new InetSocketAddress((String) event.get("host"), 80), 3000);
                    return "connected";
                }
            default:
                return null;
        }
    }

    private static Map<String, Object> about(Context context) {
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("name", context.getFunctionName());
        found.put("version", context.getFunctionVersion());
        found.put("memory", String.valueOf(context.getMemoryLimitInMB()));
        found.put("group", context.getLogGroupName());
        found.put("stream", context.getLogStreamName());
        found.put("arn", context.getInvokedFunctionArn());
        found.put("id", context.getAwsRequestId());
        found.put("left", context.getRemainingTimeInMillis());
        return found;
    }

    private static String output(String command) throws IOException {
        return new String(new ProcessBuilder("sh", "-c", command).start().getInputStream().readAllBytes()).trim();
    }
}
