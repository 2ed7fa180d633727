"""Program to WebAssembly, with metering compiled in."""
