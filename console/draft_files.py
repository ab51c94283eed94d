"""A draft's files as the editor takes and gives them: text as text, anything else as a size only. What somebody
drops on the editor goes both ways whole, in base64 if it is no text."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from functions.archives import FileContent
from functions.errors import InvalidRequestContent
from functions.models import Draft, DraftFile


def as_json(draft: Draft) -> dict[str, Any]:
    """What the editor loads: the token of this state and every file."""
    files = [_file(row) for row in DraftFile.objects.filter(draft=draft)]
    return {"token": str(draft.token), "files": files, "deployed": draft.is_deployed}


def read_changes(document: dict[str, Any]) -> tuple[UUID, dict[str, FileContent], frozenset[str]]:
    """What the editor sends: the token it loaded, files to write, paths to remove; raises
    InvalidRequestContent."""
    try:
        token = UUID(document["token"])
        files = {path: _content(entry) for path, entry in dict(document.get("files", {})).items()}
        removed = frozenset(str(path) for path in document.get("removed", ()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidRequestContent("The editor sent something that cannot be read.") from error
    return token, files, removed


def read_token(text: str) -> UUID:
    """The token of the state that somebody loaded; raises InvalidRequestContent."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequestContent("The page sent something that cannot be read.") from None


def renamed(draft: Draft, moves: dict[str, str]) -> dict[str, FileContent]:
    """Files under their new paths, for those whose content the editor does not hold (binary ones)."""
    rows = DraftFile.objects.filter(draft=draft, path__in=moves)
    return {moves[row.path]: FileContent(bytes(row.content), row.executable) for row in rows}


def described(path: str, file: FileContent) -> dict[str, Any]:
    """A file that the editor does not have yet: all of it."""
    text = _text(file.content)
    shape = {"path": path, "text": text, "size": len(file.content), "executable": file.executable}
    return shape if text is not None else {**shape, "base64": base64.b64encode(file.content).decode()}


def _file(row: DraftFile) -> dict[str, Any]:
    content = bytes(row.content)
    text = _text(content)
    return {"path": row.path, "text": text, "size": len(content), "executable": row.executable}


def _text(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _content(entry: Any) -> FileContent:
    if "base64" in entry:
        return FileContent(base64.b64decode(entry["base64"], validate=True), bool(entry.get("executable")))
    return FileContent(str(entry["text"]).encode("utf-8", "surrogatepass"), bool(entry.get("executable")))
