package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.LinkedHashMap;
import java.util.Map;

/** A first function. Functory calls handleRequest once for each event. */
public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    // An object of this class is made once for each new execution environment (a cold start), before the first event.
    // Open connections and load files in its constructor: later calls find them ready.
    private int greetings = 0;

    /**
     * Takes an event, gives back anything that can be written as JSON.
     *
     * @param event what the caller sent: for a test, the JSON you wrote; a class or record of your own works as well
     * @param context about this call: context.getAwsRequestId(), context.getRemainingTimeInMillis(), ...
     */
    @Override
    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        greetings++;

        // Whatever is printed goes to the log of this call.
        String name = (String) event.getOrDefault("name", "world");
        System.out.println("greeting " + name + ", number " + greetings + " of this environment");

        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("message", "Hello, " + name);
        answer.put("request_id", context.getAwsRequestId());
        return answer;
    }
}
