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
        private readonly byte[] head = new byte[5];

        public Link(string path) {
            socket.Connect(new Address(path));
        }

        /// <summary>The next frame; ends the process when the gateway has gone.</summary>
        public Frame Receive() {
            Fill(head);
            int size = head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
            return new Frame {Kind = (char)head[4], Body = Fill(new byte[size - 1])};
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

        private byte[] Fill(byte[] buffer) {
            for (int got = 0; got < buffer.Length;) {
                int more = socket.Receive(buffer, got, buffer.Length - got, SocketFlags.None);
                if (more == 0) Environment.Exit(0);
                got += more;
            }
            return buffer;
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
