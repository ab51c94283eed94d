"""Functory's bootstrap for Python: starts before there is code, is bound to a function once, then runs its events.

Speaks frames over a unix socket (see runner/sandbox/frames.py); what the function writes goes to the standard
output and never near the socket. Behaves as AWS's runtime client does: context object, error shapes, logging.
Standard library only."""

import contextlib
import decimal
import importlib
import importlib.machinery
import importlib.util
import io
import json
import logging
import os
import socket
import struct
import sys
import time
import traceback

SOCKET = "/run/functory/s.sock"
DEPENDENCIES = "/var/dependencies"
HEAD = struct.Struct(">IB")
LARGEST_ANSWER = 6 * 1024 * 1024 + 100  # AWS's own number for a synchronous answer
LONGEST_MESSAGE, LONGEST_LINE = 256 * 1024, 4096  # of an error: more than that nobody reads


class Link:
    """The connection to the gateway: whole frames in, whole frames out."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.buffer = b""

    def receive(self):
        """The next frame's type and body; ends the process when the gateway has gone."""
        buffer = self.buffer
        while len(buffer) < 5 or len(buffer) < 4 + int.from_bytes(buffer[:4], "big"):
            piece = self.socket.recv(65536)
            if not piece:
                os._exit(0)
            buffer = self._grow(buffer, piece)
        end = 4 + int.from_bytes(buffer[:4], "big")
        self.buffer = bytes(buffer[end:])
        return buffer[4], bytes(buffer[5:end])

    def _grow(self, buffer, piece):
        if not buffer:
            return piece
        if isinstance(buffer, bytes):
            buffer = bytearray(buffer)
        buffer += piece
        return buffer

    def send(self, kind, body):
        self.socket.sendall(HEAD.pack(len(body) + 1, kind) + body)


class CognitoIdentity:
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self, document):
        self.cognito_identity_id = document.get("cognitoIdentityId")
        self.cognito_identity_pool_id = document.get("cognitoIdentityPoolId")


class Client:
    __slots__ = ("app_package_name", "app_title", "app_version_code", "app_version_name", "installation_id")

    def __init__(self, document):
        for name in self.__slots__:
            setattr(self, name, document.get(name))


class ClientContext:
    __slots__ = ("client", "custom", "env")

    def __init__(self, document):
        self.client = Client(document["client"]) if document.get("client") else None
        self.custom = document.get("custom")
        self.env = document.get("env")


class LambdaContext:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    @classmethod
    def belong_to(cls, environment):
        """What is the same for all calls of a function is read once."""
        cls.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        cls.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION")
        cls.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        cls.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        cls.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME")

    def __init__(self, header):
        self.aws_request_id = header["id"]
        self.invoked_function_arn = header["arn"]
        self._deadline_ms = header["deadline_ms"]
        client, identity = header.get("client"), header.get("identity")
        self.client_context = ClientContext(json.loads(client)) if client else None
        self.identity = CognitoIdentity(json.loads(identity) if identity else {})

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        fields = (
            "aws_request_id",
            "log_group_name",
            "log_stream_name",
            "function_name",
            "memory_limit_in_mb",
            "function_version",
            "invoked_function_arn",
            "client_context",
            "identity",
        )
        return f"{self.__class__.__name__}([{','.join(f'{name}={getattr(self, name)}' for name in fields)}])"


class RequestFilter(logging.Filter):
    """Gives every log record the id of the request that runs."""

    request_id = ""

    def filter(self, record):
        record.aws_request_id = self.request_id
        return True


class Output(io.FileIO):
    """Standard output or error below sys.stdout and sys.stderr. `wrote` tells whether one of them was written to
    since the last marker: who only answers needs none. What went past them is read before the answer all the same."""

    wrote = True

    def write(self, data):
        Output.wrote = True
        return super().write(data)


class FunctionError(Exception):
    """An error to report, in AWS's shape."""

    def __init__(self, error_type, message, stack=()):
        super().__init__(message)
        self.document = {
            "errorMessage": message[:LONGEST_MESSAGE],
            "errorType": error_type,
            "stackTrace": [line[:LONGEST_LINE] for line in stack],
        }


class Function:
    """The handler that this process was bound to."""

    def __init__(self, link):
        self.link = link
        self.output = os.dup(1)
        self.requests = RequestFilter()
        self.handler = None
        self.marker = b""

    def bind(self, body):
        binding = json.loads(body)
        self.marker = b"\x00" + binding["marker"].encode()
        os.environ.update(binding["environment"])
        LambdaContext.belong_to(os.environ)
        time.tzset()
        sys.path[:0] = search_path()
        # The folders were empty until now. importlib.invalidate_caches() would import importlib.metadata: 20 ms.
        for folder in search_path():
            sys.path_importer_cache.pop(folder, None)
        with contextlib.suppress(OSError):
            os.chdir(os.environ.get("LAMBDA_TASK_ROOT", "/var/task"))
        self.set_up_logging()
        os.environ["_HANDLER"] = binding["handler"]
        try:
            self.handler = load_handler(binding["handler"])
        except FunctionError as error:
            self.report(error.document)
            self.flush()
            self.link.send(b"X"[0], json.dumps(error.document).encode())
            return False
        self.link.send(b"B"[0], b"{}")
        return True

    def set_up_logging(self):
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(LineFormatter())
        handler.addFilter(self.requests)
        logging.getLogger().addHandler(handler)

    def run(self, body):
        size = int.from_bytes(body[:2], "big")
        header = json.loads(body[2 : 2 + size])
        self.requests.request_id = header["id"]
        if header["trace"]:
            os.environ["_X_AMZN_TRACE_ID"] = header["trace"]
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            kind, answer = b"S"[0], self.answer(header, body[2 + size :])
        except FunctionError as error:
            self.report(error.document)
            error.document["requestId"] = header["id"]
            kind, answer = b"E"[0], json.dumps(error.document).encode()
        self.flush()
        if Output.wrote:
            Output.wrote = False
            os.write(self.output, self.marker + header["id"].encode() + b"\x00")
        self.link.send(kind, answer)

    def answer(self, header, payload):
        try:
            event = json.loads(payload) if payload else {}
        except (ValueError, RecursionError) as error:
            raise FunctionError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None
        try:
            result = self.handler(event, LambdaContext(header))
        except FunctionError:
            raise
        except Exception as error:
            raise described(error) from None
        try:
            answer = ENCODE(result).encode()
        except Exception as error:
            message = f"Unable to marshal response: {text_of(error)}"
            raise FunctionError("Runtime.MarshalError", message) from None
        if len(answer) > LARGEST_ANSWER:
            message = f"Response payload size exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes)."
            raise FunctionError("Function.ResponseSizeTooLarge", message)
        return answer

    def report(self, document):
        """The log entry that Lambda writes of an error."""
        lines = [f"[ERROR] {document['errorType']}: {document['errorMessage']}"]
        if document["stackTrace"]:
            lines += ["Traceback (most recent call last):", "".join(document["stackTrace"]).rstrip("\n")]
        with contextlib.suppress(OSError, ValueError):
            print("\n".join(lines))

    def flush(self):
        for stream in (sys.stdout, sys.stderr):
            try:  # noqa: SIM105 - no context manager: every call would pay for it
                stream.flush()
            except Exception:
                pass  # the function's own stream, or none


class LineFormatter(logging.Formatter):
    """`[INFO]<tab>2026-01-31T12:00:00.123Z<tab>request id<tab>message`, as Lambda has it."""

    converter = time.gmtime

    def __init__(self):
        super().__init__(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )


def search_path():
    """Where a function's imports are looked up, first match first."""
    root = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    dependencies = os.environ.get("FUNCTORY_DEPENDENCIES", DEPENDENCIES)
    return [root, dependencies, "/opt/python", f"/opt/python/lib/{version}/site-packages"]


def load_handler(name):
    """The callable that `module.function` or `folder/module.function` names."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise FunctionError("Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    module_name = module_name.replace("/", ".")
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise FunctionError("Runtime.BuiltInModuleConflict", message)
    module = load_module(module_name)
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise FunctionError("Runtime.HandlerNotFound", message) from None


def load_module(name):
    # A function's own module wins over one of the same name that the bootstrap has already imported.
    if name in sys.modules and importlib.machinery.PathFinder.find_spec(name, search_path()[:1]):
        del sys.modules[name]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"Unable to import module '{name}': {error}"
        raise FunctionError("Runtime.ImportModuleError", message, stack_of(error)) from None
    except SyntaxError as error:
        message = f"Syntax error in module '{name}': {error}"
        where = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}\n'
        raise FunctionError("Runtime.UserCodeSyntaxError", message, [where]) from None
    except Exception as error:
        raise described(error) from None


def described(error):
    return FunctionError(type(error).__name__, text_of(error), stack_of(error))


def text_of(error):
    """What the error says; the function's own class may fail to say it."""
    try:
        return str(error)
    except Exception:
        return f"<{type(error).__name__} without a message>"


def stack_of(error):
    """The frames of the function's own code, formatted as Lambda does: without marks under the lines."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        (frame.filename, frame.lineno, frame.name, frame.line)
        for frame in frames
        if not frame.filename.startswith(("/var/runtime/", "<frozen")) and frame.filename != __file__
    ]
    return traceback.format_list(own)


def encode_decimal(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=encode_decimal).encode


def open_output(descriptor, given):
    """A stream that writes whole lines at once, so that what was said before a kill is not lost."""
    raw = Output(descriptor, "w", closefd=False)
    return io.TextIOWrapper(raw, encoding=given.encoding, errors=given.errors, line_buffering=True)


def preload():
    """Modules that most functions import: paid for once, before anybody waits."""
    for name in (
        "base64",
        "collections",
        "datetime",
        "functools",
        "hashlib",
        "io",
        "random",
        "re",
        "typing",
        "urllib.parse",
        "uuid",
    ):
        importlib.import_module(name)


def main():
    sys.stdout = sys.__stdout__ = open_output(1, sys.stdout)
    sys.stderr = sys.__stderr__ = open_output(2, sys.stderr)
    preload()
    link = Link(os.environ.get("FUNCTORY_SOCKET", SOCKET))
    function = Function(link)
    link.send(b"R"[0], json.dumps({"runtime": sys.version.split()[0]}).encode())
    kind, body = link.receive()
    if kind != b"b"[0] or not function.bind(body):
        return
    while True:
        kind, body = link.receive()
        if kind == b"i"[0]:
            function.run(body)


if __name__ == "__main__":
    main()
