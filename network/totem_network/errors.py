"""What can go wrong with a test network, said so that the reader knows what to do."""

__all__ = ["NetworkError"]


class NetworkError(Exception):
    """A network can't be made, found or changed; the message says what, where, why and what to do."""
