"""Sandboxes: what one is (spec), how one is made (driver), and how one lives (sandbox). Knows no database."""
