"""`python -m tests.bench.compare A B`: two results side by side."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.figures import read
from tests.bench.table import compared


def main(words: list[str]) -> int:
    """2 when called wrongly."""
    if len(words) != 2 or not all(words):
        sys.stderr.write("make bench-compare A=first.json B=second.json\n")
        return 2
    before, after = (read(Path(word)) for word in words)
    for name, value in after.rig.items():
        if (was := before.rig.get(name)) != value:
            sys.stdout.write(f"{name}: A {was}; B {value}\n")
    sys.stdout.write(compared(before, after) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
