"""Event sources that are polled: each takes what has come, calls functions for it through the gateway, and takes note
of what is done only when it is."""
