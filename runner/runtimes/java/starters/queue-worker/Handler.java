package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.HashSet;
import java.util.Set;

/**
 * A worker for asynchronous events: callers send and go on, Functory keeps the event until it succeeded.
 *
 * Send one with:  aws lambda invoke --invocation-type Event --function-name ... --payload ... out.json
 * When this function throws, the event is tried again after one minute and after two, then it is a dead letter, to be
 * looked at under Events and sent again.
 */
public class Handler implements RequestHandler<Handler.Order, Handler.Done> {
    // An event can arrive twice: after a failure halfway, or when a machine dies just before it is marked done. So a
    // worker notes what it has finished. This set is only as good as this environment: use a database.
    private final Set<String> finished = new HashSet<>();

    public record Order(String order, int amount) {}

    public record Done(String order, String state) {}

    /** An order that no second attempt will mend. */
    public static class CannotDo extends RuntimeException {
        CannotDo(String message) {
            super(message);
        }
    }

    @Override
    public Done handleRequest(Order event, Context context) {
        if (event.order() == null) {
            throw new CannotDo("the event names no order"); // it fails and shows up with its error
        }
        if (finished.contains(event.order())) {
            System.out.println("order " + event.order() + " is done already");
            return new Done(event.order(), "already done");
        }
        if (event.amount() <= 0) {
            throw new CannotDo("order " + event.order() + " has no amount");
        }
        System.out.println("charging " + event.amount() + " for order " + event.order());
        finished.add(event.order());
        return new Done(event.order(), "done");
    }
}
