"""Which tools read which files: the one place where a language's linter and formatter are named. A new runtime
brings a module beside ruff.py and a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from console.languages import oxc, ruff
from console.languages.problems import MOST_PROBLEMS, Problem
from functions.errors import InvalidParameterValue

Linter = Callable[[Mapping[str, str], str], list[Problem]]
Formatter = Callable[[str, str, str], str]


@dataclass(frozen=True, slots=True)
class Language:
    """One row: files by the ends of their names, and what reads them, if anything does."""

    suffixes: frozenset[str]
    format_text: Formatter
    lint: Linter | None = None


LANGUAGES = (
    Language(frozenset({".py", ".pyi"}), ruff.format_text, ruff.lint),
    Language(
        frozenset({".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"}), oxc.format_text, oxc.lint
    ),
    Language(frozenset({".json", ".yaml", ".yml", ".toml", ".css", ".md"}), oxc.format_text),
)
_BY_SUFFIX: Mapping[str, Language] = {suffix: row for row in LANGUAGES for suffix in row.suffixes}


def linted_suffixes() -> list[str]:
    """The ends of names of files that have a linter."""
    return sorted(suffix for suffix, row in _BY_SUFFIX.items() if row.lint)


def formatted_suffixes() -> list[str]:
    """The ends of names of files that have a formatter."""
    return sorted(_BY_SUFFIX)


def lint(files: Mapping[str, str], runtime: str) -> list[Problem]:
    """What is wrong with these files, by file and line; at most MOST_PROBLEMS. Files
    without a linter are passed over. Raises ServiceUnavailable."""
    found: list[Problem] = []
    for language, own in _by_language(files):
        if language.lint:
            found += language.lint(own, runtime)
    return sorted(found, key=lambda each: (each.path, each.line, each.column))[:MOST_PROBLEMS]


def format_text(path: str, text: str, runtime: str) -> str:
    """The text in its language's usual form; raises InvalidParameterValue or ServiceUnavailable."""
    language = _language(path)
    if language is None:
        raise InvalidParameterValue(f"There is no formatter for {path}.", field="path")
    return language.format_text(path, text, runtime)


def _language(path: str) -> Language | None:
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.lower())


def _by_language(files: Mapping[str, str]) -> Iterable[tuple[Language, dict[str, str]]]:
    for language in LANGUAGES:
        own = {path: text for path, text in files.items() if _language(path) is language}
        if own:
            yield language, own
