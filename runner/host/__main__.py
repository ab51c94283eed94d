"""`python3 -m runner.host`: the first thing that runs on a bare machine. Also read by Pythons that are too old,
so nothing else is imported before the version is known."""

import sys

MINIMUM = (3, 11)


def main() -> int:
    """Refuse an old Python in words, or hand over."""
    if sys.version_info < MINIMUM:
        found = ".".join(str(part) for part in sys.version_info[:3])
        print(
            "Functory needs Python 3.11 or newer; this is %s (%s).\n"  # noqa: UP031 - old Pythons read this
            "Install one (on Ubuntu 22.04: apt-get install python3.11 python3.11-venv) and name it:\n"
            "  make up PYTHON=python3.11" % (found, sys.executable),
            file=sys.stderr,
        )
        return 1
    from runner.host.commands import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
