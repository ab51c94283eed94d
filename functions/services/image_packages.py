"""Container images taken in as code: the artifact of a pinned image, and what is learned of it once it is on this
machine."""

from __future__ import annotations

from collections.abc import Iterable

from functions.container_images import PinnedImage, settings_of
from functions.errors import InvalidParameterValue, PreconditionFailed
from functions.models import Artifact, Draft, Revision


def take_in_image(pinned: PinnedImage) -> Artifact:
    """The artifact of an image. One that is known already stays as it is: a digest says all of an image."""
    made, _ = Artifact.objects.get_or_create(
        sha256=pinned.sha256,
        defaults={"size": pinned.size, "unpacked_size": 0, "image": settings_of(pinned)},
    )
    return made


def take_in_draft_image(draft: Draft, pinned: PinnedImage | None) -> Artifact:
    """The artifact of a draft's image; raises InvalidParameterValue with field `image_uri` when none was chosen,
    PreconditionFailed when another one was chosen while the engine was asked for this one."""
    if not draft.image_uri:
        raise InvalidParameterValue(
            "There is no image to deploy: choose one of this machine's, or name one.", field="image_uri"
        )
    if pinned is None or pinned.uri != draft.image_uri:
        raise PreconditionFailed(
            "Somebody else has chosen another image meanwhile. Look at it and deploy again."
        )
    return take_in_image(pinned)


def pinned_image(revision: Revision) -> PinnedImage:
    """The image that a revision was frozen with."""
    artifact = revision.artifact
    kept = artifact.image
    return PinnedImage(
        uri=revision.image_uri,
        digest=f"sha256:{artifact.sha256}",
        reference=kept["reference"],
        size=artifact.size,
        entry_point=tuple(kept["entry_point"]),
        command=tuple(kept["command"]),
        directory=kept["directory"],
    )


def note_image(*, revision: Revision, pinned: PinnedImage) -> None:
    """Keep what the engine says of a revision's image, now that it is on this machine."""
    artifact = revision.artifact
    artifact.image, artifact.size = settings_of(pinned), pinned.size
    artifact.save(update_fields=["image", "size"])


def unused_images(digits: Iterable[str]) -> list[str]:
    """Of digests (or their first digits), those that no version, draft or trial has any more."""
    return [each for each in digits if not Artifact.objects.filter(sha256__startswith=each).exists()]


def check_kind(base: Revision, *, zipped: bool, image: PinnedImage | None) -> None:
    """A function's code stays a zip or an image, as in AWS: raises InvalidParameterValue for the other."""
    if zipped and base.is_image:
        raise InvalidParameterValue(
            "Please provide ImageUri when updating a function with packageType Image."
        )
    if image is not None and not base.is_image:
        raise InvalidParameterValue(
            "Please don't provide ImageUri when updating a function with packageType Zip."
        )
