package functory;

/** What keeps a handler from being found, or an event or answer from passing: a type and a message of Lambda's, without
 * a stack of ours. */
final class StartError extends Exception {
    final String type;

    StartError(String type, String message) {
        super(message, null, false, false);
        this.type = type;
    }
}
