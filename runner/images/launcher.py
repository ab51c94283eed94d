"""Puts the static launcher where sandboxes mount it from. Knows no sandbox."""

from __future__ import annotations

from pathlib import Path

from runner.images.engine import ImageEngine
from runner.images.recipes import Recipe


def ensure_launcher(engine: ImageEngine, recipe: Recipe, path: Path) -> None:
    """Have the launcher of this recipe at `path`. The old file is replaced, not written to: running sandboxes
    have it mounted."""
    made_from = path.with_name(f"{path.name}.recipe")
    if path.exists() and made_from.exists() and made_from.read_text() == recipe.digest:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(engine.read_file(recipe.reference, "/launcher"))
    draft.chmod(0o755)
    draft.replace(path)
    made_from.write_text(recipe.digest)
