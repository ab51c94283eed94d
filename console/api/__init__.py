"""The AWS-shaped JSON API: parsed, validated and shaped from the service model that botocore ships."""
