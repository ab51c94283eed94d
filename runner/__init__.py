"""Execution: the gateway, the sandboxes, the workers' jobs, recorder and scheduler. Renders no HTML."""
