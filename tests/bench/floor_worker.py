"""Inside a container of the floor: connects, is given code once, and runs it on each event. Frames are a 4-byte
length, a kind ("b" code, "i" event) and a body; an answer is a length and a body. Standard library only."""

import json
import socket
import sys


def receive(link, buffer):
    """The next whole frame and what came after it."""
    while len(buffer) < 4 or len(buffer) < 4 + int.from_bytes(buffer[:4], "big"):
        piece = link.recv(262144)
        if not piece:
            sys.exit(0)
        buffer = buffer + piece if len(buffer) < 262144 else bytearray(buffer) + piece
    end = 4 + int.from_bytes(buffer[:4], "big")
    return buffer[4:end], bytes(buffer[end:])


def main():
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect("/run/floor/s.sock")
    buffer = b""
    handler = None
    while True:
        frame, buffer = receive(link, buffer)
        if frame[0] == 98:
            names = {}
            exec(compile(bytes(frame[1:]), "lambda_function.py", "exec"), names)
            handler = names["lambda_handler"]
            answer = b"{}"
        else:
            answer = json.dumps(handler(json.loads(frame[1:]), None)).encode()
        link.sendall(len(answer).to_bytes(4, "big") + answer)


main()
