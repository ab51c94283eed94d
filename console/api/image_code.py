"""The code of a function as an operation is given it: a zip, or a container image by its name, which has to be of the
function's kind."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.api.call import Call
from console.api.packages import package_of
from console.engine_images import pin
from functions.artifacts import Stored
from functions.container_images import PinnedImage, check_uri, resolved_uri
from functions.errors import InvalidParameterValue
from functions.models import Revision


@dataclass(frozen=True, slots=True)
class Code:
    """One of both is set."""

    package: bytes | None = None
    image: PinnedImage | None = None


def code_of(call: Call, code: Mapping[str, Any], *, is_image: bool) -> Code:
    """What was sent; the image as its name stands now. Raises InvalidParameterValue for what is of the other kind or
    is not there, ServiceUnavailable when nobody can tell, and as package_of does."""
    if is_image:
        if "ImageUri" not in code or "ZipFile" in code or "S3Bucket" in code:
            raise InvalidParameterValue(
                "Please provide ImageUri when creating or updating a function with packageType Image."
            )
        return Code(image=pin(check_uri(code["ImageUri"])))
    if "ImageUri" in code:
        raise InvalidParameterValue(
            "Please don't provide ImageUri when creating or updating a function with packageType Zip."
        )
    package = package_of(call, code)
    if package is None:
        raise InvalidParameterValue("Please provide a source for function code.")
    return Code(package=package)


def check_settings(parameters: Mapping[str, Any], *, is_image: bool) -> None:
    """Settings of the other kind of code are refused: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html"""
    if is_image:
        if any(parameters.get(name) for name in ("Runtime", "Handler", "Layers")):
            raise InvalidParameterValue(
                "Please don't provide a Handler or Runtime or Layer when the intended function PackageType is Image."
            )
    elif parameters.get("ImageConfig"):
        raise InvalidParameterValue(
            "Please don't provide an ImageConfig when the intended function PackageType is Zip."
        )


def rehearsed(found: Stored | None, code: Code) -> dict[str, Any]:
    """What an update would have made of the code."""
    if found is None:
        return {"CodeSha256": code.image.sha256 if code.image else ""}
    return {"CodeSha256": base64.b64encode(bytes.fromhex(found.sha256)).decode(), "CodeSize": found.size}


def image_location(revision: Revision) -> dict[str, Any]:
    """FunctionCodeLocation of an image, with what its name was pinned to."""
    return {
        "RepositoryType": "ECR",
        "ImageUri": revision.image_uri,
        "ResolvedImageUri": resolved_uri(revision.image_uri, f"sha256:{revision.artifact_id}"),
    }
