"""The `aws` command as a person types it: the one of the development environment, or another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

OWN = str(Path(sys.executable).with_name("aws"))


def environment(product: Any, key: tuple[str, str] | None = None) -> dict[str, str]:
    """What a person exports; nothing else of this machine's configuration counts."""
    key_id, secret = key or product.keys["administrator"]
    return {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": product.stack.gateway,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def aws(product: Any, *words: str, key: tuple[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    environ = environment(product, key)
    return subprocess.run(
        [OWN, *words], env=environ, capture_output=True, text=True, check=False, timeout=120
    )
