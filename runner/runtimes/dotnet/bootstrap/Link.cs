using System;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Functory {
    /// <summary>One frame.</summary>
    public struct Frame {
        public char Kind;
        public byte[] Body;
    }

    /// <summary>The connection to the gateway: whole frames in, whole frames out (see runner/sandbox/frames.py).</summary>
    public sealed class Link {
        private readonly Socket socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly byte[] buffer = new byte[64 * 1024];
        private int start, end; // of what has come and was not asked for yet

        public Link(string path) {
            socket.Connect(new Address(path));
        }

        /// <summary>The next frame, mostly in one read; ends the process when the gateway has gone.</summary>
        public Frame Receive() {
            while (end - start < 5) More();
            int size = buffer[start] << 24 | buffer[start + 1] << 16 | buffer[start + 2] << 8 | buffer[start + 3];
            var frame = new Frame {Kind = (char)buffer[start + 4], Body = new byte[size - 1]};
            start += 5;
            int here = Math.Min(size - 1, end - start);
            Buffer.BlockCopy(buffer, start, frame.Body, 0, here);
            start += here;
            while (here < size - 1) here += Read(frame.Body, here);
            return frame;
        }

        public void Send(char kind, byte[] body) {
            int size = body.Length + 1;
            var frame = new byte[5 + body.Length];
            frame[0] = (byte)(size >> 24);
            frame[1] = (byte)(size >> 16);
            frame[2] = (byte)(size >> 8);
            frame[3] = (byte)size;
            frame[4] = (byte)kind;
            Buffer.BlockCopy(body, 0, frame, 5, body.Length);
            for (int sent = 0; sent < frame.Length;) sent += socket.Send(frame, sent, frame.Length - sent, SocketFlags.None);
        }

        private void More() {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            end -= start;
            start = 0;
            end += Read(buffer, end);
        }

        private int Read(byte[] into, int from) {
            int got = socket.Receive(into, from, into.Length - from, SocketFlags.None);
            if (got == 0) Environment.Exit(0);
            return got;
        }

        /// <summary>A path as sockets take it; Mono's own class for it is in an assembly of half a megabyte.</summary>
        private sealed class Address : EndPoint {
            private readonly byte[] path;

            public Address(string path) {
                this.path = Encoding.UTF8.GetBytes(path);
            }

            public override AddressFamily AddressFamily => AddressFamily.Unix;

            public override SocketAddress Serialize() {
                var made = new SocketAddress(AddressFamily.Unix, 2 + path.Length + 1);
                for (int i = 0; i < path.Length; i++) made[2 + i] = path[i];
                made[2 + path.Length] = 0;
                return made;
            }

            public override EndPoint Create(SocketAddress address) {
                return this;
            }
        }
    }
}
