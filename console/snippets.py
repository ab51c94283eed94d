"""Text to paste into a terminal: AWS settings for this installation, and commands that a page stands for."""

from __future__ import annotations

import shlex

from functions.config import Config


def aws_configure(key_id: str, secret: str, config: Config) -> str:
    """A profile named functory for the `aws` command, which reads its endpoint from the profile."""
    lines = (
        ("aws_access_key_id", key_id),
        ("aws_secret_access_key", secret),
        ("region", config.region),
        ("endpoint_url", config.gateway_public_url),
    )
    commands = [f"aws configure set {name} {shlex.quote(value)} --profile functory" for name, value in lines]
    return "\n".join([*commands, "aws lambda list-functions --profile functory"])


def environment(key_id: str, secret: str, config: Config) -> str:
    """The same as environment variables, which every AWS SDK reads."""
    values = {
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": config.region,
        "AWS_ENDPOINT_URL": config.gateway_public_url,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())


def aws(config: Config, *words: str) -> str:
    """An `aws` command against this installation."""
    return shlex.join(["aws", *words, "--endpoint-url", config.gateway_public_url])
