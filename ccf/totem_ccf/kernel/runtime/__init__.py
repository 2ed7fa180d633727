"""The runtime library in C and how it is compiled."""
