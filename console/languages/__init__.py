"""What the editor knows of each language: its linter, its formatter, its words. User code is read, never run."""
