package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** A small HTTP API. A function URL sends each request as an event (payload format 2.0). */
public class Handler implements RequestHandler<Handler.Request, Handler.Answer> {
    /** What is read of a request; the names are those of the event. */
    public record Request(String rawPath, String body, boolean isBase64Encoded, RequestContext requestContext) {}

    public record RequestContext(Http http) {}

    public record Http(String method) {}

    /** What a function URL turns into an HTTP response. */
    public record Answer(int statusCode, Map<String, String> headers, String body) {}

    // Lives as long as this execution environment, and each has its own: fine for trying things out, but anything to
    // keep belongs in a database.
    private final List<String> notes = new ArrayList<>(List.of("read the code of this function"));

    @Override
    public Answer handleRequest(Request request, Context context) {
        String route = request.requestContext().http().method() + " " + request.rawPath();
        System.out.println(route);
        return switch (route) {
            case "GET /", "GET /notes" -> answer(200, listed());
            case "POST /notes" -> add(text(request));
            default -> answer(404, "{\"error\": \"Nothing is at " + escaped(route) + ".\"}");
        };
    }

    private Answer add(String note) {
        if (note.isBlank()) {
            return answer(400, "{\"error\": \"Send the note as text.\"}");
        }
        notes.add(note.strip());
        return answer(201, listed());
    }

    private String listed() {
        List<String> quoted = notes.stream().map(note -> "\"" + escaped(note) + "\"").toList();
        return "{\"notes\": [" + String.join(", ", quoted) + "]}";
    }

    private static String text(Request request) {
        String body = request.body() == null ? "" : request.body();
        return request.isBase64Encoded() ? new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8) : body;
    }

    private static Answer answer(int status, String json) {
        return new Answer(status, Map.of("content-type", "application/json"), json);
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    }
}
