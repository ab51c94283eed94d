"""One small function per operation of the Lambda API: typed input in, model output out."""
