"""The REST API for consumers."""
