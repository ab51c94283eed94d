package functory;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An error in AWS's shape. */
final class Told {
    private static final int LONGEST_MESSAGE = 256 * 1024; // more than that nobody reads
    private static final int MOST_FRAMES = 100;
    private static final int MOST_CAUSES = 10;

    private Told() {}

    static Map<String, Object> of(Throwable error) {
        return of(error, 0);
    }

    private static Map<String, Object> of(Throwable error, int depth) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("errorMessage", message(error));
        told.put("errorType", error instanceof StartError start ? start.type : error.getClass().getName());
        told.put("stackTrace", frames(error));
        if (error.getCause() != null && depth < MOST_CAUSES) {
            told.put("cause", of(error.getCause(), depth + 1));
        }
        return told;
    }

    private static String message(Throwable error) {
        String text;
        try {
            text = error.getMessage();
        } catch (RuntimeException inner) {
            text = "<" + error.getClass().getName() + " without a message>";
        }
        return text == null ? "" : text.length() > LONGEST_MESSAGE ? text.substring(0, LONGEST_MESSAGE) : text;
    }

    /** Down to where the bootstrap called the function. */
    private static List<String> frames(Throwable error) {
        return Arrays.stream(error.getStackTrace())
                .takeWhile(each -> !each.getClassName().startsWith("functory.") && !each.getClassName().startsWith("jdk.internal.reflect."))
                .limit(MOST_FRAMES)
                .map(each -> each.getClassName() + "." + each.getMethodName() + "(" + place(each) + ")")
                .toList();
    }

    private static String place(StackTraceElement each) {
        if (each.getFileName() == null) {
            return each.isNativeMethod() ? "Native Method" : "Unknown Source";
        }
        return each.getLineNumber() < 0 ? each.getFileName() : each.getFileName() + ":" + each.getLineNumber();
    }

    /** The log entry of an error. */
    @SuppressWarnings("unchecked")
    static String text(Map<String, Object> told) {
        StringBuilder text = new StringBuilder();
        for (Map<String, Object> each = told; each != null; each = (Map<String, Object>) each.get("cause")) {
            text.append(each == told ? "" : "Caused by: ").append(each.get("errorMessage")).append(": ").append(each.get("errorType")).append('\n');
            for (Object frame : (List<Object>) each.get("stackTrace")) {
                text.append("\tat ").append(frame).append('\n');
            }
        }
        return text.toString();
    }
}
