"""Dicts as Python has them: sharing, order, and what is stored again by ``+=``."""

import pytest

from totem_sdk.cost import price
from totem_sdk.cpython import CPythonJob
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.type_texts import parse_type
from totem_sdk.types import Dict
from totem_sdk.values import result_line


def ends(*lines):
    """Return what the machine and CPython emit for a mapper's lines, and that they are equal."""
    body = "".join(f"        {line}\n" for line in lines)
    source = f"from totem_sdk import TotemJob\n\nclass Job(TotemJob):\n    def mapper(self, _, row):\n{body}"
    program = compile_job(source, Schema.of({"n": "int"}))
    run = Machine(price(program, load("standard-1")), {}).run_job([[(3,)]], 1 << 40)
    assert run.error is None
    expected = CPythonJob(source, program, {}).run([[(3,)]])
    assert [result_line(*pair) for pair in run.result] == [result_line(*pair) for pair in expected]
    return list(run.result)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["d = {}", "e = d", "e['a'] = row.n", "yield len(d), d['a']"], (1, 3)),
        (["d = {1: [2]}", "kept = d[1]", "d[1] += [row.n]", "yield len(kept), kept[-1]"], (2, 3)),
        (["d = [[2], [4]]", "kept = d[0]", "d[0] += [row.n]", "yield len(kept), kept[-1]"], (2, 3)),
        (["d = {'b': 1, 'a': 2}", "d['b'] = 3", "yield list(d)[0], list(d.values())[0]"], ("b", 3)),
        (["d = {'b': 1, 'a': 2}", "del d['b']", "d['b'] = 3", "yield list(d)[0], list(d)[1]"], ("a", "b")),
        (["d = {1: 2}", "e = d.copy()", "e[1] = 5", "yield d[1], e[1]"], (2, 5)),
        (["d = {1: 2}", "d.update(d)", "yield len(d), d.get(7) is None"], (1, True)),
        (["d = {}", "for k in d:", "    yield 0, 0", "yield 1, len(d)"], (1, 0)),
        (["d = {n: {m: n * m for m in range(n)} for n in range(4)}", "yield d[3][2], len(d[0])"], (6, 0)),
        (["d: dict[str, int] = {}", "d['x'] = 1", "yield 'x' in d, 'y' in d"], (True, False)),
        (["d = {(1, 'a'): row.n}", "yield d.get((1, 'a'), 0), d.get((1, 'b'), -1)"], (3, -1)),
    ],
)
def test_dicts_are_python_s(lines, found):
    assert ends(*lines) == [found]


def test_the_type_of_a_dict_has_a_text():
    type_ = parse_type("dict[(int,str),array[dict[str,float?]]]")
    assert isinstance(type_, Dict)
    assert str(type_) == "dict[(int,str),array[dict[str,float?]]]"
    assert parse_type(str(type_)) == type_
