"""What a sandbox calls from inside when it does not speak lean frames: AWS's Lambda Runtime API."""
