"""Prepares a machine: says what is missing, installs it, makes the virtual environment, runs the Docker engine.
Standard library only, and no import of the rest of Functory: it runs before anything is installed."""
