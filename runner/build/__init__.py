"""Installs what functions depend on, in builder containers, once per set of manifests. Knows no database."""
