"""How static files are named and served: by their content's hash once they are collected, by their plain name
before (tests, development)."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names from the manifest; a file that is not in it keeps its name in place of failing the page."""

    manifest_strict = False
    support_js_module_import_aggregation = True  # imports between our scripts get hashed names too

    def hashed_name(self, name: str, content: object = None, filename: str | None = None) -> str:
        """The hashed name, or the plain one when the file has not been collected."""
        try:
            return str(super().hashed_name(name, content, filename))
        except ValueError:
            return name
