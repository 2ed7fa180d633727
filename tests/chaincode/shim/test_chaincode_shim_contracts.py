"""The contracts' own tests once more, through the shim: all that tell their story to whatever ledger it is given."""

import importlib.util
import inspect
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureFunctionDefinition

pytestmark = pytest.mark.slow

_HERE = Path(__file__).parent
_FILES = ("access", "accounts", "jobs", "job_ends", "participants", "receipts", "results", "attacks")
_JOINT = ("joint", "joint_ends", "joint_pool", "joint_attacks")


def _tests_of(name):
    spec = importlib.util.spec_from_file_location(f"told_{name}", _HERE.parent / f"test_chaincode_{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for test_name, function in vars(module).items():
        if isinstance(function, FixtureFunctionDefinition):
            yield test_name, function
        # Tests that look into the memory ledger, or set its clock, are about it.
        parameters = inspect.signature(function).parameters if inspect.isfunction(function) else {}
        if test_name.startswith("test_") and {"story", "joint"} & set(parameters) and "memory" not in parameters:
            yield f"test_shim_{name}_{test_name.removeprefix('test_')}", function


for _name in _FILES + _JOINT:
    globals().update(_tests_of(_name))


def test_most_of_the_contracts_tests_are_told():
    told = [name for name in globals() if name.startswith("test_shim_")]
    assert len(told) >= 100
