package functory;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** The connection to the gateway: whole frames in, whole frames out (see runner/sandbox/frames.py). */
final class Link {
    /** One frame. */
    record Frame(char kind, byte[] body) {}

    private final SocketChannel channel;

    Link(String path) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(Path.of(path)));
    }

    /** The next frame; ends the process when the gateway has gone. */
    Frame receive() throws IOException {
        ByteBuffer head = read(5);
        int size = head.getInt();
        char kind = (char) head.get();
        return new Frame(kind, read(size - 1).array());
    }

    void send(char kind, byte[] body) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(5 + body.length);
        frame.putInt(body.length + 1).put((byte) kind).put(body).flip();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    private ByteBuffer read(int size) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(size);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                Runtime.getRuntime().halt(0);
            }
        }
        return buffer.flip();
    }
}
