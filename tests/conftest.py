"""How hypothesis works in all tests: no deadline (a busy machine is no bug), fewer examples in `make check`."""

from hypothesis import settings

settings.register_profile("test", deadline=None)
settings.register_profile("check", deadline=None, max_examples=20)
settings.load_profile("test")
