"""What holds in all tests: hypothesis' profiles, and which of the tests with Fabric's nodes run.

There is no deadline (a busy machine is no bug), and there are fewer examples in `make check`.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from totem_ccf.kernel.mathematics import runtime_port
from totem_sdk.interpreter.mathematics import using

settings.register_profile("test", deadline=None)
settings.register_profile("check", deadline=None, max_examples=12)
settings.load_profile("test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests that need Fabric's binaries where they can't or shall not run; the closing table says why.

    TOTEM_FABRIC_TESTS, which scripts/run_tests.py sets, is "all" (also where it is not set), "sample" or "none".
    """
    wanted = os.environ.get("TOTEM_FABRIC_TESTS", "all")
    for item in items:
        if item.get_closest_marker("fabric") is None:
            continue
        if not os.environ.get("FABRIC_BIN"):
            item.add_marker(pytest.mark.skip(reason="needs Fabric's binaries: set FABRIC_BIN"))
        elif wanted == "none" or (wanted == "sample" and item.get_closest_marker("sample") is None):
            item.add_marker(pytest.mark.skip(reason="runs Fabric's nodes: `make test-fabric`"))


@pytest.fixture(scope="session", autouse=True)
def one_mathematics() -> Iterator[None]:
    """Let the interpreter, and CPython beside it, take functions of floats from where the kernel takes them."""
    with using(runtime_port):
        yield
