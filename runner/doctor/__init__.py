"""`manage.py doctor`: looks at this machine and this installation, says what is wrong and what helps."""
