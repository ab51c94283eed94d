package functory;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functory's bootstrap for Java: starts before there is code, is bound to a function once, then runs its events.
 * Speaks frames over a unix socket (see runner/sandbox/frames.py). Behaves as AWS's runtime client does; needs nothing
 * but the JDK. */
public final class Bootstrap {
    private static final String SOCKET = "/run/functory/s.sock";
    private static final int LARGEST_ANSWER = 6 * 1024 * 1024 + 100; // AWS's own number for a synchronous answer

    private final Link link;
    private final FileOutputStream output = new FileOutputStream(FileDescriptor.out);
    private Handler handler;
    private String marker;

    private Bootstrap(Link link) {
        this.link = link;
    }

    public static void main(String[] arguments) throws Throwable {
        System.setOut(lines(FileDescriptor.out));
        System.setErr(lines(FileDescriptor.err));
        if (arguments.length > 0) {
            Training.run();
            return;
        }
        String path = System.getenv("FUNCTORY_SOCKET");
        Bootstrap bootstrap = new Bootstrap(new Link(path == null ? SOCKET : path));
        bootstrap.serve();
    }

    /** What is written is out at once: a killed process has said all that it said. */
    private static PrintStream lines(FileDescriptor descriptor) {
        return new PrintStream(new Output(descriptor), true, StandardCharsets.UTF_8);
    }

    private void serve() throws IOException {
        link.send('R', Json.write(Map.of("runtime", System.getProperty("java.version"))));
        Link.Frame frame = link.receive();
        if (frame.kind() != 'b' || !bind(frame.body())) {
            return;
        }
        while (true) {
            frame = link.receive();
            if (frame.kind() == 'i') {
                run(frame.body());
            }
        }
    }

    private boolean bind(byte[] body) throws IOException {
        Map<?, ?> binding = (Map<?, ?>) Json.parse(body);
        marker = "\0" + binding.get("marker");
        try {
            Map<String, String> variables = new LinkedHashMap<>();
            ((Map<?, ?>) binding.get("environment")).forEach((name, value) -> variables.put((String) name, (String) value));
            variables.put("_HANDLER", (String) binding.get("handler"));
            Place.set(variables);
            Place.chdir(root());
            ClassLoader loader = new URLClassLoader("function", path(), Bootstrap.class.getClassLoader());
            Thread.currentThread().setContextClassLoader(loader);
            handler = Handler.find((String) binding.get("handler"), loader);
            link.send('B', "{}".getBytes(StandardCharsets.UTF_8));
            return true;
        } catch (Throwable error) { // whatever the function's own classes raise is told
            Map<String, Object> told = Told.of(error);
            System.out.print(Told.text(told));
            link.send('X', Json.write(told));
            return false;
        }
    }

    private static String root() {
        String root = System.getenv("LAMBDA_TASK_ROOT");
        return root == null ? "/var/task" : root;
    }

    /** Where classes are looked up, first match first: the package, what was built of it, jars of both, layers. */
    private static URL[] path() throws MalformedURLException {
        List<URL> found = new ArrayList<>();
        for (String folder : List.of(root(), "/var/dependencies")) {
            found.add(new File(folder).toURI().toURL());
        }
        for (String folder : List.of(root() + "/lib", "/var/dependencies/lib", "/opt/java/lib")) {
            File[] jars = new File(folder).listFiles((place, name) -> name.endsWith(".jar"));
            if (jars != null) {
                Arrays.sort(jars);
                for (File jar : jars) {
                    found.add(jar.toURI().toURL());
                }
            }
        }
        return found.toArray(new URL[0]);
    }

    private void run(byte[] body) throws IOException {
        int size = (body[0] & 0xff) << 8 | body[1] & 0xff;
        Map<?, ?> header = (Map<?, ?>) Json.parse(Arrays.copyOfRange(body, 2, 2 + size));
        byte[] payload = Arrays.copyOfRange(body, 2 + size, body.length);
        String id = (String) header.get("id");
        char kind = 'S';
        byte[] answer;
        boolean broken = false;
        try {
            trace((String) header.get("trace"));
            answer = handler.call(payload, new CallContext(header));
            if (answer.length > LARGEST_ANSWER) {
                throw new StartError("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (" + LARGEST_ANSWER + " bytes).");
            }
        } catch (Throwable error) { // as AWS: whatever the function raises is its error
            broken = error instanceof VirtualMachineError && !(error instanceof StackOverflowError);
            Map<String, Object> told = Told.of(error);
            System.out.print(Told.text(told));
            kind = broken ? 'F' : 'E';
            answer = Json.write(told);
        }
        System.out.flush();
        System.err.flush();
        if (Output.wrote) {
            Output.wrote = false;
            output.write((marker + id + "\0").getBytes(StandardCharsets.UTF_8));
        }
        link.send(kind, answer);
        if (broken) {
            Runtime.getRuntime().halt(1); // a virtual machine without memory is not to be relied on
        }
    }

    private static void trace(String id) throws ReflectiveOperationException {
        if (id != null && !id.isEmpty()) {
            Place.set("_X_AMZN_TRACE_ID", id);
            System.setProperty("com.amazonaws.xray.traceHeader", id);
        } else if (System.getProperty("com.amazonaws.xray.traceHeader") != null) {
            Place.remove("_X_AMZN_TRACE_ID");
            System.clearProperty("com.amazonaws.xray.traceHeader");
        }
    }

    /** Standard output or error below System.out and System.err; `wrote` tells whether one of them was written to since
     * the last marker. Who only answers needs none: what went past them is read before the answer all the same. */
    private static final class Output extends FileOutputStream {
        private static volatile boolean wrote = true;

        Output(FileDescriptor descriptor) {
            super(descriptor);
        }

        @Override
        public void write(int value) throws IOException {
            wrote = true;
            super.write(value);
        }

        @Override
        public void write(byte[] data, int start, int size) throws IOException {
            wrote = true;
            super.write(data, start, size);
        }
    }
}
