"""People and API clients: pages and the AWS-shaped API. No Docker, no queue calls, no writes but services."""
