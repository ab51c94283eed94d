package functory;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Does once, when the image is made, what every function will: the classes that this loads are archived and mapped in. */
final class Training {
    public record Order(String id, List<Integer> counts, Map<String, Object> more) {}

    public static final class Sample {
        public Order handle(Order order) {
            System.out.println("training " + order.id());
            return order;
        }
    }

    private Training() {}

    static void run() throws Throwable {
        Path path = Files.createTempFile("train", ".sock");
        Files.delete(path);
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            Link link = new Link(path.toString());
            try (SocketChannel peer = server.accept()) {
                link.send('R', Json.write(Map.of("runtime", "training")));
                peer.write(java.nio.ByteBuffer.wrap(new byte[] {0, 0, 0, 2, 'b', 1}));
                link.receive();
            }
        }
        Files.deleteIfExists(path);
        Place.set(Map.of("TZ", ":UTC", "TRAINING", "1"));
        Place.chdir("/");
        CallContext context = new CallContext(Map.of("id", "1", "arn", "arn", "deadline_ms", System.currentTimeMillis()));
        Handler handler = Handler.find(Sample.class.getName() + "::handle", Training.class.getClassLoader());
        byte[] answer = handler.call("{\"id\":\"a\\u00e9\",\"counts\":[1,2.5],\"more\":{\"a\":null}}".getBytes(), context);
        Told.text(Told.of(new IllegalStateException(new String(answer))));
        System.err.print("");
        String.format("%04x %s", 1, context.getRemainingTimeInMillis());
    }
}
