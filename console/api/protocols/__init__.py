"""The wire protocols that are not Lambda's own, read and written by the service model: what botocore does for
clients, the other way round."""
