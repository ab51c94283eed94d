using System;
using System.IO;
using System.Text;

namespace Functory {
    /// <summary>Standard output and error below Console. What is written is out at once: a killed process has said all
    /// that it said. Notes whether something was written since the last marker: who only answers needs none.</summary>
    public sealed class Output : Stream {
        private static volatile bool wrote = true;
        private static Stream direct;

        private readonly Stream under;

        private Output(Stream under) {
            this.under = under;
        }

        /// <summary>The request that runs, for lines of the logger.</summary>
        public static string RequestId { get; set; }

        public static void Lay() {
            direct = Console.OpenStandardOutput();
            Console.SetOut(Lines(direct));
            Console.SetError(Lines(Console.OpenStandardError()));
        }

        /// <summary>Ends a request's output, of which nothing is kept back: lines flush themselves.</summary>
        public static void Mark(string marker) {
            if (!wrote) return;
            wrote = false;
            byte[] bytes = Encoding.UTF8.GetBytes(marker);
            direct.Write(bytes, 0, bytes.Length);
            direct.Flush();
        }

        private static TextWriter Lines(Stream stream) {
            return new StreamWriter(new Output(stream), new UTF8Encoding(false)) {AutoFlush = true};
        }

        public override void Write(byte[] buffer, int offset, int count) {
            wrote = true;
            under.Write(buffer, offset, count);
        }

        public override void Flush() {
            under.Flush();
        }

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();

        public override long Position {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
