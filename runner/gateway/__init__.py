"""The data plane: one event loop that parses, authorises, runs functions in sandboxes and answers."""
