"""Parameters of CreateFunction and UpdateFunctionConfiguration into settings of a revision, and the plain refusal
of what Functory does not have: nothing is taken and then ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.container_images import check_overrides
from functions.errors import InvalidParameterValue, Unsupported
from functions.installation import config, vault
from functions.limits import ENVIRONMENT, check_ephemeral, check_memory, check_timeout
from functions.naming import check_environment, check_handler
from functions.runtimes import named

# Kept and given back; they change nothing here, and are what SDKs and deployers send by default.
_GIVEN_BACK = ("TracingConfig", "LoggingConfig")


def settings_from(parameters: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The settings that the parameters name (keys as in Configuration, environment sealed); `base` are the
    given-back settings so far. Raises InvalidParameterValue."""
    chosen: dict[str, Any] = {}
    for name, (field, check) in _FIELDS.items():
        if name in parameters:
            chosen[field] = check(parameters[name])
    kept = {name: parameters[name] for name in _GIVEN_BACK if name in parameters}
    chosen["aws_settings"] = {**(base or {}), **kept}
    return chosen


def check_unsupported(parameters: Mapping[str, Any]) -> None:
    """Raises Unsupported, naming the first setting that would have an effect on AWS and has none here."""
    for name, has_effect in _UNSUPPORTED.items():
        value = parameters.get(name)
        if value is not None and has_effect(value):
            raise Unsupported(f"{name} is not supported by Functory yet: leave it out.")


def _environment(value: Mapping[str, Any]) -> bytes:
    return vault().seal_environment(check_environment(value.get("Variables", {}), ENVIRONMENT))


def _runtime(value: str) -> str:
    return named(value, stand_ins=config().stand_in_runtimes).identifier


def _architecture(value: list[str]) -> str:
    if value != ["x86_64"]:
        raise InvalidParameterValue("Architectures: this machine runs x86_64 only.")
    return value[0]


_FIELDS: Mapping[str, tuple[str, Any]] = {
    "Runtime": ("runtime", _runtime),
    "Handler": ("handler", check_handler),
    "Role": ("role", str),
    "Description": ("description", str),
    "Timeout": ("timeout_s", check_timeout),
    "MemorySize": ("memory_mb", check_memory),
    "Environment": ("environment", _environment),
    "EphemeralStorage": ("ephemeral_mb", lambda value: check_ephemeral(value["Size"])),
    "Architectures": ("architecture", _architecture),
    "ImageConfig": ("image_config", check_overrides),
}
_UNSUPPORTED: Mapping[str, Any] = {
    "FileSystemConfigs": bool,
    "VpcConfig": lambda value: bool(value.get("SubnetIds") or value.get("SecurityGroupIds")),
    "DeadLetterConfig": lambda value: bool(value.get("TargetArn")),
    "KMSKeyArn": bool,
    "SnapStart": lambda value: value.get("ApplyOn") != "None",
    "CodeSigningConfigArn": bool,
    "CapacityProviderConfig": bool,
    "DurableConfig": bool,
    "TenancyConfig": bool,
    "PublishTo": bool,
    "SourceKMSKeyArn": bool,
}
