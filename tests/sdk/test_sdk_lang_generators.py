"""Helpers that yield are copied to where they are used: how often is limited."""

import pytest

from totem_sdk.errors import Refused
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema

HEAD = """from totem_sdk import TotemJob
class Job(TotemJob):
    def mapper(self, _, row):
        yield from self.h0(row)
"""
TWICE = "        yield from self.h{next}(row)\n" * 2
LOOPED = "        for a, b in self.h{next}(row):\n            yield a, b\n            yield b, a\n"


def doubled(body, number):
    helpers = "".join(f"    def h{n}(self, row):\n{body.format(next=n + 1)}" for n in range(number))
    return f"{HEAD}{helpers}    def h{number}(self, row):\n        yield 1, 2\n"


@pytest.mark.parametrize("body", [TWICE, LOOPED])
@pytest.mark.parametrize("number", [20, 300])
def test_helpers_that_double_are_refused_in_proportion_to_the_limit(body, number):
    with pytest.raises(Refused) as refused:
        compile_job(doubled(body, number), Schema.of({"name": "str"}))
    assert {refusal.code for refusal in refused.value.refusals} <= {"too-large", "too-deep"}


def test_a_few_are_fine():
    program = compile_job(doubled(TWICE, 3), Schema.of({"name": "str"}))
    assert sum(op.code == "emit" for block in program.blocks for op in block.ops) == 8
