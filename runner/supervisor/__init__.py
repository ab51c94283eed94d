"""`manage.py up`: prepares the home directory, starts every process, restarts what dies, stops all in order."""
