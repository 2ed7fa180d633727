"""Sources that were made to cost the checker much: each is answered in less than a second."""

import time

import pytest

from totem_sdk.errors import Refused
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema

SCHEMA = Schema.of({"name": "str", "n": "int"})
JOB = (
    "from totem_sdk import TotemJob\n{}class J(TotemJob):\n    def mapper(self, _, row):\n{}        yield row.name, 1\n"
)
DOUBLED = 'A0 = "' + "a" * 1000 + '"\n' + "".join(f"A{i + 1} = A{i} + A{i}\n" for i in range(60))


def codes(source):
    """Return the codes of the refusals of a source; nothing if it is accepted."""
    began = time.process_time()
    try:
        compile_job(source, SCHEMA)
        found = set()
    except Refused as refused:
        found = {refusal.code for refusal in refused.refusals}
    assert time.process_time() - began < 1
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (JOB.format("import os\n" * 2500, "        x = row.n + 1\n" * 1400), set()),
        (JOB.format("import os\n" * 2500, "        x = row.n + 1\n" * 1400 + "        y = os.name\n"), {"import"}),
        (JOB.format("", "        yield row.name, [" + "row.n," * 3000 + "'a']\n"), {"too-large"}),
        (JOB.format("", "        yield row.name, len([" + "row.n," * 3000 + "])\n"), set()),
        (JOB.format(DOUBLED, ""), {"constant"}),
        (JOB.format("", "".join(f"        self.f{i} = 1\n" for i in range(2000))), set()),
        (
            "from collections import namedtuple\n"
            + JOB.format("".join(f"A{i} = namedtuple('A{i}', 'x')\n" for i in range(1000)), ""),
            set(),
        ),
        (JOB.format("", "        x: '" + "-" * 90_000 + "1' = 1\n"), {"annotation"}),
        (JOB.format("", "        x: '" + "(" * 90_000 + "' = 1\n"), {"annotation"}),
        (JOB.format("", "        x: '" + "int | " * 15_000 + "None' = 1\n"), {"annotation"}),
        (JOB.format("", "        x: '" + "list[" * 60 + "int" + "]" * 60 + "' = 1\n"), {"annotation"}),
    ],
)
def test_it_is_answered_soon(source, expected):
    assert codes(source) == expected


def test_what_is_wrong_in_an_annotation_that_is_a_text_is_where_the_text_is():
    with pytest.raises(Refused) as refused:
        compile_job(JOB.format("", "        x: 'Optional[int]' = 1\n"), SCHEMA)
    assert [(found.line, found.column, found.code) for found in refused.value.refusals] == [(4, 12, "unknown-name")]
