"""Puts the static programs where sandboxes mount them from: the launcher, and the one that waits in images of users.
Knows no sandbox."""

from __future__ import annotations

from pathlib import Path

from runner.images.engine import ImageEngine
from runner.images.recipes import Recipe


def ensure_launcher(engine: ImageEngine, recipe: Recipe, path: Path, *, anew: bool = False) -> None:
    """Have the launcher of this recipe at `path`, and `wait` beside it; `anew` also when they are there. Old files
    are replaced, not written to: running sandboxes have them mounted."""
    if not anew and is_in_place(recipe, path):
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    for source, target in (("/wait", wait_beside(path)), ("/launcher", path)):
        _place(engine.read_file(recipe.reference, source), target)
    _made_from(path).write_text(recipe.digest)


def is_in_place(recipe: Recipe, path: Path) -> bool:
    """Whether both are there, of this recipe."""
    there = all(each.exists() for each in (path, wait_beside(path), _made_from(path)))
    return there and _made_from(path).read_text() == recipe.digest


def wait_beside(launcher: Path) -> Path:
    """Where the program lies that waits for a binding in an image of a user's."""
    return launcher.with_name("wait")


def _made_from(launcher: Path) -> Path:
    return launcher.with_name(f"{launcher.name}.recipe")


def _place(content: bytes, target: Path) -> None:
    draft = target.with_name(f".{target.name}.new")
    draft.write_bytes(content)
    draft.chmod(0o755)
    draft.replace(target)
