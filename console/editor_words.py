"""What the editor is told beside the files: names to complete, which files have tools, and its limits."""

from __future__ import annotations

from typing import Any

from console.configuration_form import environment_of
from console.languages import table, words
from functions.installation import store
from functions.limits import EDITOR_FILES, EDITOR_TEXT
from functions.models import Draft, Revision
from functions.naming import RESERVED_ENVIRONMENT
from functions.queries import secrets
from functions.runtimes import runtime


def words_of(draft: Draft, deployed: Revision | None) -> dict[str, Any]:
    """For a draft and the revision that runs, whose packages are the installed ones. Environment variables by
    name only."""
    row = runtime(draft.runtime)
    known = words.of_language(row.language)
    key = deployed.dependencies_id if deployed else None
    return {
        "context": list(known.context if known else row.context),
        "modules": list(known.modules) if known else [],
        "packages": words.installed(row.language, store().dependencies(key) if key else None),
        "variables": sorted({*environment_of(draft), *RESERVED_ENVIRONMENT}),
        "secrets": secrets.names(draft.function.project_id),
        "manifest": row.manifest,
        "linted": table.linted_suffixes(),
        "formatted": table.formatted_suffixes(),
        "most_files": EDITOR_FILES,
        "most_bytes": EDITOR_TEXT,
    }
