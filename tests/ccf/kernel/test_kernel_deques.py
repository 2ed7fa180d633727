"""Deques in the kernel: both ends stay quick, memory is bounded by what is counted, texts stay theirs."""

import pytest

from totem_ccf.kernel import compile_kernel
from totem_sdk.cost import price
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load

HEAD = "from collections import deque\nfrom totem_sdk import TotemJob\nclass Job(TotemJob):\n"


def job(init, mapper, final=("yield 0, 0",)):
    def method(name, lines):
        return f"    def {name}:\n" + "".join(f"        {line}\n" for line in lines)

    return HEAD + "".join(
        (method("mapper_init(self)", init), method("mapper(self, _, row)", mapper), method("mapper_final(self)", final))
    )


STEADY = {
    "right": ["d.append(i)", "d.popleft()"],
    "left": ["d.appendleft(i)", "d.pop()"],
    "both": ["d.append(i)", "d.appendleft(i)", "d.pop()", "d.popleft()"],
    "ends in turn": ["d.append(i)", "d.pop()", "d.appendleft(i)", "d.popleft()"],
    "bound right": ["b.append(i)"],
    "bound left": ["b.appendleft(i)"],
    "turns": ["if i % 64 < 32:", "    b.append(i)", "else:", "    b.appendleft(i)"],
}


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside another"])
@pytest.mark.parametrize("how", STEADY)
@pytest.mark.parametrize("length", [0, 1, 3, 50])
def test_a_deque_of_steady_length_goes_on_to_the_memory_that_is_counted(both, how, length, beside):
    """The memory that ends the call is counted; the arena would end before it if room were lost."""
    changes = [*STEADY[how], *(["o.append(i)"] if beside else [])]
    lines = [
        f"d = deque(range({length}))",
        f"b = deque(range({length}), {length})",
        "o = []",
        "i = 0",
        "while i < row.n:",
        "    i += 1",
        *(f"    {line}" for line in changes),
        "yield i, len(d) + len(b) + len(o)",
    ]
    run = both(job(["self.none = 0"], lines), {"n": "int"}, [(2000,), (100,)])
    assert run.state == "completed"


@pytest.mark.parametrize("how", STEADY)
def test_millions_of_items_pass_through_a_short_deque_of_the_kernel(kernel, how):
    """Were room lost at either end, or room made in front for ever, the arena would end before what is counted."""
    lines = ["d = deque([1, 2])", "b = deque([1, 2], 2)", "o = [0]", "for i in range(400000):"]
    lines += [*(f"    {line}" for line in STEADY[how]), "    if i % 5 == 0:", "        o.append(i)"]
    source = job(["self.none = 0"], [*lines, "yield len(o), len(d) + len(b)"])
    priced = price(compile_job(source, Schema.of({"n": "int"})), load("standard-1"))
    run = kernel(priced, {}, compiled=compile_kernel(priced)).run_job([[(1,), (2,)]], 1 << 50, precheck=False)
    assert (run.state, run.error) == ("completed", None)
    assert [tuple(pair) for pair in run.result] == [(80001, 4), (80001, 4), (0, 0)]


def test_texts_of_what_is_dropped_and_what_is_kept_are_counted(both):
    source = job(
        ["self.last = deque(maxlen=2)", "self.first = deque(maxlen=2)", "self.rows = deque([('', 0)], 3)"],
        [
            "self.last.append(row.t)",
            "self.first.appendleft(row.t * 2)",
            "self.rows.append((row.t, row.n))",
            "self.rows.rotate(row.n)",
            "same = deque(self.last)",
            "same.extend(same)",
            "same.extend(['x', 'é'])",
            "yield max(same) + min(self.first), same.count(row.t) + len(same)",
            "yield ','.join(self.first), 1 if row.t in self.last else 0",
            "waste = [row.t * 20] * 500",
            "yield waste[0], self.rows[0][1]",
        ],
        ["for text, number in self.rows:", "    yield text, number", "yield ' '.join(self.last), len(self.first)"],
    )
    rows = [(text * (n % 3), n) for n in range(200) for text in ("é", "long text ", "a")]
    run = both(source, {"t": "str", "n": "int"}, rows)
    assert run.state == "completed"
