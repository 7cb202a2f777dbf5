"""The HTTP API; needs the extra `api`."""
