package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.ArrayList;
import java.util.List;

/** A job that a schedule runs. It stops in time, and says in its answer how far it came. */
public class Handler implements RequestHandler<Handler.Job, Handler.Report> {
    // Leave this much time for the answer: a call that reaches its time-out fails, whatever it has done.
    private static final int RESERVE_MS = 500;

    public record Job(String job, Integer items) {}

    public record Report(List<String> done, int left) {}

    @Override
    public Report handleRequest(Job job, Context context) {
        int wanted = job.items() == null ? 3 : job.items();
        List<String> done = new ArrayList<>();
        while (done.size() < wanted) {
            if (context.getRemainingTimeInMillis() < RESERVE_MS) {
                System.out.println("stopping early: " + (wanted - done.size()) + " left for the next run");
                break;
            }
            String item = "item-" + done.size();
            workOn(item);
            done.add(item);
        }
        System.out.println("done with " + done.size() + " of " + wanted);
        return new Report(done, wanted - done.size());
    }

    /** Replace this with real work. A job may be run twice, so let a second run do no harm. */
    private static void workOn(String item) {
        System.out.println("working on " + item);
    }
}
