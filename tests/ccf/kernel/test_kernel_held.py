"""Lists that fields on self hold: kept from call to call, and what is not held any more is given up."""

import pytest

from totem_sdk import limits

ENOUGH = 1 << 50


def job(init, mapper, final=("yield 0, 0",)):
    def method(name, lines):
        return f"    def {name}:\n" + "".join(f"        {line}\n" for line in lines)

    return "from totem_sdk import TotemJob\nclass Job(TotemJob):\n" + "".join(
        (method("mapper_init(self)", init), method("mapper(self, _, row)", mapper), method("mapper_final(self)", final))
    )


def test_what_is_held_stays_while_much_is_made_beside_it(both):
    source = job(
        [
            "self.names = ['a', 'b']",
            "self.same = self.names",
            "self.rows = [(1, None, 'x', 0.5)]",
            "self.table = [[['t']], []]",
            "self.dates = [1 if 1 < 0 else 0.5]",
        ],
        [
            "waste = [row.t * 50] * 900",
            "self.names[row.n % 2] = row.t + str(row.n)",
            "self.rows.append((row.n, row.m, row.t * 2, 1.5 * row.n))",
            "if len(self.rows) > 3:",
            "    del self.rows[0]",
            "self.table[0].append([row.t, waste[3][:2]])",
            "if len(self.table[0]) > 4:",
            "    self.table[0] = self.table[0][-2:]",
            "self.table[1] = self.table[0]",
            "self.dates.append(row.n)",
            "yield self.names[0] + self.same[1] + self.table[1][-1][0], len(waste)",
        ],
        [
            "self.same.append('end')",
            "for name in self.names:",
            "    yield name, len(self.table[0])",
            "for n, m, t, x in self.rows:",
            "    yield t, n if m is None else m",
            "for inner in self.table[0] + self.table[1]:",
            "    for text in inner:",
            "        yield text, len(inner)",
            "self.table[1].append(['z'])",
            "yield self.table[0][-1][0], len(self.table[0])",
            "for date in self.dates:",
            "    yield 'n', int(date)",
        ],
    )
    rows = [(text * (n % 3), n, None if n % 4 else n) for n in range(300) for text in ("é", "long text ")]
    run = both(source, {"t": "str", "n": "int", "m": "int?"}, rows)
    assert run.state == "completed"
    assert run.result[-1] != ()


@pytest.mark.parametrize("held", [0, 1])
def test_too_much_is_no_error_unless_it_is_held(both, held):
    lines = ["made = [row.n] * 1000000", "self.kept = made" if held else "self.kept = made[:5]", "yield 1, len(made)"]
    run = both(
        job(["self.kept = [1]"], [*lines, "for i in range(4):", "    self.kept.append(i)"]), {"n": "int"}, [(1,)] * 4
    )
    assert run.state == "completed"
    lines[0] = "made = [row.n] * 5000000"
    run = both(job(["self.kept = [1]"], lines), {"n": "int"}, [(1,)] * 3)
    assert (run.state, run.error and run.error.kind) == (("failed", "memory") if held else ("completed", None))


@pytest.mark.parametrize(
    ("number", "state"), [(limits.HELD_BYTES - 16, "completed"), (limits.HELD_BYTES - 15, "failed")]
)
def test_the_limit_of_what_is_held_is_exact(both, number, state):
    # Two texts in a list, and what a call makes beside them.
    texts = number - 16
    lines = ["self.kept[row.i] = 'x' * row.n", "waste = 'y' * 2000000", "yield 1, len(waste)"]
    rows = [(0, texts // 2), (1, texts - texts // 2), (1, texts - texts // 2), (0, 1)]
    run = both(job(["self.kept = ['', '']"], lines), {"i": "int", "n": "int"}, rows)
    assert run.state == state


def test_texts_that_several_items_share_count_for_each(both):
    lines = ["text = row.t * 100000", "for i in range(row.n):", "    self.kept.append(text)", "yield 1, len(self.kept)"]
    source = job(
        ["self.kept = []"], [*lines[:1], "if self.kept == []:", *("    " + line for line in lines[1:3]), lines[3]]
    )
    assert both(source, {"t": "str", "n": "int"}, [("x", 330)] * 9).state == "completed"
    # After 64 MiB a call ends in memory; what is copied is what the header says.
    assert both(source, {"t": "str", "n": "int"}, [("x", 350)] * 9).state == "failed"


def test_roles_of_a_task_hold_lists_of_their_own(both):
    source = """from totem_sdk import TotemJob
class Job(TotemJob):
    def mapper_init(self):
        self.seen = []
    def mapper(self, _, row):
        self.seen.append(row.n)
        yield row.n % 5, len(self.seen)
    def combiner_init(self):
        self.sums = [0]
    def combiner(self, key, values):
        for value in values:
            self.sums.append(value)
            if len(self.sums) > 3:
                self.sums.pop(0)
        yield key, sum(self.sums)
    def reducer_init(self):
        self.best = [(0, 0)]
    def reducer(self, key, values):
        self.best.append((sum(values), key))
        self.best.sort(reverse=True)
        if len(self.best) > 3:
            self.best.pop()
    def reducer_final(self):
        for total, key in self.best:
            yield key, total
"""
    assert both(source, {"n": "int"}, [(n * n % 31,) for n in range(60)]).state == "completed"
