"""The domain: models, rules and services. Knows no HTTP and no Docker; imports neither console nor runner."""
