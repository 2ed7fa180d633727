"""The ``totem`` command."""
