"""How things are named: function names and ARNs in every form that the Lambda API takes, qualifiers, tags,
file paths. Pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from functions.errors import InvalidParameterValue
from functions.states import LATEST

REGION = r"(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]{1,16}-\d"
_NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}")
_ALIAS = re.compile(r"(?!^\d+$)[a-zA-Z0-9-_]{1,128}")
_QUALIFIER = re.compile(r"\$LATEST|[a-zA-Z0-9-_]{1,128}")
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, FunctionName: name, partial ARN, ARN.
_REFERENCE = re.compile(
    rf"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?P<region>{REGION}):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_]{1,64})(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]{1,128}))?"
)
_ENVIRONMENT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_HANDLER = re.compile(r"[^\s]{1,128}")

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html: reserved variables.
RESERVED_ENVIRONMENT = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """What a caller named: region, account and qualifier are "" where it left them out."""

    name: str
    region: str = ""
    account: str = ""
    qualifier: str = ""


def name_at(address: str) -> str:
    """The name in what names a function on the console: `name`, or `name@region`."""
    return address.partition("@")[0]


def parse_reference(text: str, qualifier: str = "") -> FunctionReference:
    """A name, partial ARN or ARN, with or without qualifier, and the Qualifier parameter beside it; raises
    InvalidParameterValue when it is neither or when the two qualifiers differ."""
    found = _REFERENCE.fullmatch(text)
    if not found:
        raise InvalidParameterValue(f"Invalid function name or ARN: {text[:200]}", field="name")
    inner = found["qualifier"] or ""
    if inner and qualifier and inner != qualifier:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return FunctionReference(
        found["name"], found["region"] or "", found["account"] or "", check_qualifier(inner or qualifier)
    )


def check_qualifier(text: str) -> str:
    """The qualifier itself, if it may be one ("" means none); raises InvalidParameterValue."""
    if text and not _QUALIFIER.fullmatch(text):
        raise InvalidParameterValue(f"Invalid qualifier: {text[:200]}", field="qualifier")
    return text


def is_latest(qualifier: str) -> bool:
    """Whether a qualifier means the unpublished code."""
    return qualifier in {"", LATEST}


def check_function_name(text: str) -> str:
    """The name itself, if a function may have it; raises InvalidParameterValue with field `name`."""
    if not text:
        raise InvalidParameterValue("Enter a name.", field="name")
    if len(text) > 64:
        raise InvalidParameterValue(f"A name has at most 64 characters; this has {len(text)}.", field="name")
    if not _NAME.fullmatch(text):
        raise InvalidParameterValue("A name has letters, digits, hyphens and underscores only.", field="name")
    return text


def check_alias_name(text: str) -> str:
    """The name itself, if an alias may have it: not a number alone; raises InvalidParameterValue."""
    if not _ALIAS.fullmatch(text):
        raise InvalidParameterValue(
            "An alias has letters, digits, hyphens and underscores, and is not a number alone.", field="name"
        )
    return text


def check_handler(text: str) -> str:
    """The handler itself; raises InvalidParameterValue with field `handler`."""
    if text and not _HANDLER.fullmatch(text):
        raise InvalidParameterValue(
            "A handler has at most 128 characters and no spaces, like lambda_function.lambda_handler.",
            field="handler",
        )
    return text


def check_environment(variables: Mapping[str, str], limit: int) -> dict[str, str]:
    """The variables, if a function may have them; `limit` is the bytes of all names and values together.
    Raises InvalidParameterValue with field `environment`."""
    for name in variables:
        if not _ENVIRONMENT_NAME.fullmatch(name):
            raise InvalidParameterValue(
                f"Environment variable {name!r}: a name starts with a letter, has letters, digits and "
                "underscores, and at least two characters.",
                field="environment",
            )
        if name in RESERVED_ENVIRONMENT:
            raise InvalidParameterValue(
                "Lambda was unable to configure your environment variables because the environment variables "
                f"you have provided contains reserved keys that are currently not supported for "
                f"modification. Reserved keys used in this request: {name}",
                field="environment",
            )
        if plain_text(variables[name], limit) != variables[name][:limit]:
            raise InvalidParameterValue(
                f"Environment variable {name}: a value is text without NUL characters.", field="environment"
            )
    size = sum(
        len(name.encode()) + len(value.encode("utf-8", "replace")) for name, value in variables.items()
    )
    if size > limit:
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment variables you "
            f"have provided exceeded the {limit // 1024}KB limit.",
            field="environment",
        )
    return dict(variables)


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, if they are within AWS's limits (50, 128 and 256 characters); raises
    InvalidParameterValue with field `tags`."""
    if len(tags) > 50:
        raise InvalidParameterValue("A function has at most 50 tags.", field="tags")
    for name, value in tags.items():
        allowed = 1 <= len(name) <= 128 and len(value) <= 256 and not name.lower().startswith("aws:")
        if not allowed or plain_text(name + value, 384) != name + value:
            raise InvalidParameterValue(
                f"Tag {name[:40]!r}: a name has 1 to 128 characters and does not start with aws:, "
                "a value at most 256.",
                field="tags",
            )
    return dict(tags)


def plain_text(text: str, longest: int = 256) -> str:
    """A description as it can be stored: cut, and without NUL and lone surrogates, which PostgreSQL does not
    take."""
    return text[:longest].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def check_title(text: str, what: str, field: str = "name") -> str:
    """A name for people, 1 to 64 characters that can be printed, without the spaces around it; raises
    InvalidParameterValue with `field`. `what` begins the message: "A schedule's name"."""
    text = text.strip()
    if not 1 <= len(text) <= 64 or not text.isprintable():
        raise InvalidParameterValue(f"{what} has 1 to 64 characters that can be printed.", field=field)
    return text


def check_file_path(path: str) -> str:
    """A relative path inside a function's folder, as the editor names files; raises InvalidParameterValue
    with field `path`."""
    parts = path.split("/")
    wrong = (
        not path
        or len(path) > 512
        or path.startswith("/")
        or "\\" in path
        or any(part in {"", ".", ".."} for part in parts)
        or any(ord(character) < 32 or "\ud800" <= character <= "\udfff" for character in path)
    )
    if wrong:
        raise InvalidParameterValue(
            f"{path[:80]!r} is not a path inside the function: no leading slash, no . or .. parts.",
            field="path",
        )
    return path


def new_url_id() -> str:
    """A fresh id for a function URL: 32 lower-case letters and digits, a valid DNS label."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return secrets.choice(alphabet[:26]) + "".join(secrets.choice(alphabet) for _ in range(31))
