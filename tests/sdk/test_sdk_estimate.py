"""Estimates: exact where the totals are, sound everywhere, and never an error."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from published_statistics import published

from tests.sdk.estimated_rows import HOUSE, ROWS, SUM
from totem_sdk import unicode_classes, unicode_table
from totem_sdk.cost import price
from totem_sdk.estimate import estimate, phase_lower_bound
from totem_sdk.estimate.transfer import RULES
from totem_sdk.estimate.transfer_made import RECASE_GROWTH
from totem_sdk.estimate.transfer_texts import CASE_GROWTH
from totem_sdk.interpreter import Machine, texts
from totem_sdk.interpreter.unicode_texts import recased
from totem_sdk.lang import compile_job
from totem_sdk.opcodes import OPCODES
from totem_sdk.parameters import bind
from totem_sdk.rows import parse_record
from totem_sdk.schema import Schema
from totem_sdk.statistics import ColumnStatistics, Statistics
from totem_sdk.table import load

PAPER = Path(__file__).parents[2] / "examples" / "paper1"


def judge(body: str, given: dict[str, object] | None = None, rows=tuple(ROWS), hidden_statistics: bool = False):
    """Compile a job out of its class body; return its estimate and its run."""
    source = f"from mrjob.step import MRStep\nfrom totem_sdk import Param, TotemJob\n\nclass Job(TotemJob):\n{body}"
    priced = price(compile_job(source, HOUSE), load("standard-1"))
    params = bind(priced.program, given or {})
    fragments = [list(rows[:5]), [], list(rows[5:])]
    statistics = published(HOUSE, fragments)
    if hidden_statistics:
        statistics = Statistics(statistics.rows, statistics.fragments)
    run = Machine(priced, params).run_job(fragments, 10**9)
    assert run.state == "completed"
    found = estimate(priced, [statistics], params)
    assert found.lower <= run.used
    assert found.upper is None or run.used <= found.upper
    assert found.lower <= found.expected
    assert found.upper is None or found.expected <= found.upper
    for entering, phase, bounds in zip(
        [0, *(p.records_out for p in run.phases)], run.phases, found.phases, strict=False
    ):
        assert bounds.lower <= phase.charge
        assert bounds.upper is None or phase.charge <= bounds.upper
        if (phase.step, phase.phase) != (0, "map"):
            index = run.phases.index(phase)
            assert phase_lower_bound(priced, index, entering) <= phase.charge
    return found, run


def exactly(body: str, given: dict[str, object] | None = None, rows=tuple(ROWS)) -> int:
    found, run = judge(body, given, rows)
    assert (found.lower, found.expected, found.upper) == (run.used, run.used, run.used)
    return run.used


def test_paper1_is_198_198_198():
    schema = Schema.from_json(json.loads((PAPER / "schema.json").read_text()))
    priced = price(compile_job((PAPER / "total_bill.py").read_text(), schema), load("paper-2019"))
    with (PAPER / "bills.csv").open() as file:
        rows = [parse_record(record, schema) for record in list(csv.reader(file))[1:]]
    found = estimate(priced, [published(schema, [rows])], {})
    assert (found.lower, found.expected, found.upper) == (198, 198, 198)
    assert [(p.phase, p.lower, p.expected, p.upper) for p in found.phases] == [
        ("map", 90, 90, 90),
        ("reduce", 108, 108, 108),
    ]
    assert sum(line.expected for line in found.lines) == 198
    assert found.to_json()["upper"] == 198


def test_the_two_halves_of_a_dataset_cost_what_the_whole_costs(paper1, bills):
    halves = [published(paper1.program.schema, [bills[:3]]), published(paper1.program.schema, [bills[3:]])]
    # Which customers both halves have isn't published, but one half has three and the range has room for no more.
    found = estimate(paper1, halves, {})
    assert (found.lower, found.expected, found.upper) == (198, 198, 198)


def test_a_key_with_few_values_bounds_the_groups():
    exactly("    def mapper(self, _, row):\n        yield row.home, row.home\n" + SUM)


def test_bytes_of_texts_are_known_in_total():
    exactly("    def mapper(self, _, row):\n        yield row.home, len(row.name)\n" + SUM)
    exactly("    def mapper(self, _, row):\n        yield row.home, len(row.name + row.name)\n" + SUM)


def test_constant_keys_of_a_task():
    body = """
    def mapper_init(self):
        self.rows = 0
    def mapper(self, _, row):
        self.rows += 1
    def mapper_final(self):
        yield 1, self.rows
        yield 2, 0
"""
    exactly(body + SUM)


def test_loops_of_a_known_number_of_rounds():
    body = """
    rounds: int = Param(3)
    def mapper(self, _, row):
        total = 0
        for i in range(self.rounds):
            for j in range(1, 7, 2):
                total += i * j
        yield row.home, total
"""
    assert exactly(body + SUM, {"rounds": 4}) - exactly(body + SUM, {"rounds": 3}) == exactly(
        body + SUM, {"rounds": 3}
    ) - exactly(body + SUM, {"rounds": 2})


def test_a_while_loop_is_followed_until_it_certainly_ends():
    body = """
    def halvings(self, number):
        rounds = 0
        while number > 0:
            number = number // 2
            rounds += 1
        return rounds
    def mapper(self, _, row):
        yield row.home, self.halvings({number})
"""
    exactly(body.replace("{number}", "1000000") + SUM)
    found, run = judge(body.replace("{number}", "row.home") + SUM)
    # Homes go up to 9: at most four halvings.
    assert found.upper is not None
    assert found.upper < 2 * run.used


def test_a_loop_that_the_data_end_has_no_upper_bound():
    body = """
    def mapper(self, _, row):
        x = row.home
        rounds = 0
        while x != 1:
            x = x // 2 if x % 2 == 0 else 3 * x + 1
            rounds += 1
        yield row.home, rounds
"""
    found, _ = judge(body + SUM)
    assert found.upper is None
    assert found.phases[1].upper is not None


def test_values_that_are_drawn_by_hand():
    body = """
    def mapper(self, _, row):
        yield row.home, (row.home, row.name)
    def reducer(self, key, values):
        total = 0
        longest = 0
        for number, name in values:
            total += number
            longest = max(longest, len(name))
        yield key, (total, longest)
"""
    exactly(body)


def test_a_loop_that_may_be_left_early():
    body = """
    def mapper(self, _, row):
        yield row.home, row.name
    def reducer(self, key, values):
        seen = 0
        last = ""
        for name in values:
            seen += 1
            last = name
            if name.startswith("M"):
                break
            if seen == 4:
                return
        yield key, last
"""
    found, _ = judge(body)
    assert found.upper is not None


def test_pieces_of_a_text_have_no_more_bytes_than_the_text():
    body = """
    def mapper(self, _, row):
        if row.note is not None:
            for word in row.note.split():
                yield word.upper(), 1
            for word in row.name.split("e"):
                yield word, len(word)
"""
    found, run = judge(body + SUM)
    assert found.upper is not None
    assert found.upper < 20 * run.used


def test_a_combiner_is_called_for_each_task_and_key():
    body = """
    def mapper(self, _, row):
        yield {key}, row.home
    def combiner(self, key, values):
        yield key, sum(values)
"""
    found, run = judge(body.replace("{key}", "row.home") + SUM)
    assert found.phases[0].lower < run.phases[0].charge <= (found.phases[0].upper or 0)
    # One key, two tasks with rows: one group in each.
    exactly(body.replace("{key}", "1") + SUM)


def test_several_steps():
    body = """
    def steps(self):
        return [
            MRStep(mapper=self.one, reducer=self.add),
            MRStep(mapper=self.two, reducer=self.most),
            MRStep(mapper=self.two),
        ]
    def one(self, _, row):
        yield (row.home, row.name), row.kwh
    def add(self, key, values):
        total = 0.0
        for value in values:
            if value is not None:
                total += value
        yield key, total
    def two(self, key, value):
        yield key, value
    def most(self, key, values):
        yield key, max(values)
"""
    found, _ = judge(body)
    assert found.upper is not None
    assert len(found.phases) == 5


def test_without_statistics_there_are_still_bounds():
    body = """
    def mapper(self, _, row):
        if row.kwh is not None and row.kwh > 0.5:
            yield row.home, 1
"""
    found, _ = judge(body + SUM, hidden_statistics=True)
    assert found.upper is not None
    found, _ = judge("    def mapper(self, _, row):\n        yield row.name, 1\n" + SUM, hidden_statistics=True)
    assert found.upper is None


def test_histograms_make_the_expected_value_better():
    body = "    def mapper(self, _, row):\n        if row.home > 8:\n            yield 1, 1\n"
    priced = price(
        compile_job(f"from totem_sdk import TotemJob\nclass Job(TotemJob):\n{body}{SUM}", HOUSE), load("standard-1")
    )

    def expected(**home):
        return estimate(priced, [Statistics(1000, (1000,), {"home": ColumnStatistics(**home)})], {}).expected

    half = expected()
    uniform = expected(minimum=0, maximum=10)
    skewed = expected(minimum=0, maximum=10, histogram=(900, 90, 9, 1, 0))
    assert half > uniform > skewed
    assert expected(minimum=0, maximum=8) <= skewed


def test_no_rows_cost_what_tasks_cost():
    body = "    def mapper(self, _, row):\n        yield row.home, row.home\n"
    assert exactly(body + SUM, rows=()) == 0
    final = "    def reducer_final(self):\n        yield 1, 1\n"
    assert exactly(body + SUM + final, rows=()) > 0


def test_the_gate_asks_for_what_the_phase_certainly_costs(paper1):
    # Six values in six groups: 6 × (4 + 8); fewer groups have additions as well.
    assert phase_lower_bound(paper1, 1, 6) == 72
    assert phase_lower_bound(paper1, 1, 0) == 0
    assert phase_lower_bound(paper1, 0, 6) == 90


def test_every_opcode_has_a_rule_or_is_read():
    elsewhere = {"read_row", "read_pair", "read_key", "read_value", "fold_sum", "fold_min", "fold_max", "emit", "store",
                 "column", "pair_key", "pair_value", "more_values", "load", "param", "unpack", "call",
                 "raise", "collect"}  # fmt: skip
    assert set(RULES) | elsewhere == set(OPCODES)
    assert not set(RULES) & elsewhere


def test_case_changes_no_text_more_than_the_estimate_says():
    # Characters that are in no run and not special stay as they are.
    tables = {
        "lower": (texts.lower, unicode_table.LOWER_RUNS, unicode_table.LOWER_SPECIAL),
        "upper": (texts.upper, unicode_table.UPPER_RUNS, unicode_table.UPPER_SPECIAL),
    }
    for name, (change, runs, special) in tables.items():
        least, most = CASE_GROWTH[name]
        for code in (*special, *(code for a, b, stride, _ in runs for code in range(a, b + 1, stride))):
            size = len(chr(code).encode())
            assert least * size <= len(change(chr(code)).encode()) <= most * size
    least, most = RECASE_GROWTH
    mapped = [
        (a, b, stride) for name in ("LOWER", "UPPER") for a, b, stride, _ in getattr(unicode_table, f"{name}_RUNS")
    ]
    mapped += [(a, b, stride) for a, b, stride, _ in unicode_classes.TITLE_RUNS]
    specials = {**unicode_table.LOWER_SPECIAL, **unicode_table.UPPER_SPECIAL, **unicode_classes.TITLE_SPECIAL}
    for code in (*specials, *(code for a, b, stride in mapped for code in range(a, b + 1, stride))):
        size = len(chr(code).encode())
        for how in ("title", "capitalize", "swapcase"):
            assert least * size <= len(recased(chr(code), how).encode()) <= most * size


def test_lines_and_phases_add_up(paper1, bills):
    for name in ("paper-2019", "standard-1"):
        found = estimate(price(paper1.program, load(name)), [published(paper1.program.schema, [bills])], {})
        assert sum(phase.lower for phase in found.phases) == found.lower
        assert sum(line.lower for line in found.lines) == found.lower


def test_rows_without_a_value_are_counted():
    body = """
    def mapper(self, _, row):
        if row.kwh is None:
            return
        yield row.home, row.kwh * 2.0
"""
    found, run = judge(body + SUM)
    # How many rows are emitted is known exactly, only not in how many groups.
    assert (found.phases[0].lower, found.phases[0].upper) == (run.phases[0].charge, run.phases[0].charge)
    assert run.phases[0].records_out < len(ROWS)
    exactly(body.replace("row.home, row.kwh * 2.0", "1, row.kwh * 2.0") + SUM)


def test_rows_without_a_value_give_a_key_of_their_own():
    body = "    def mapper(self, _, row):\n        yield row.note, 1\n"
    found, run = judge(body + SUM)
    groups = len({row[4] for row in ROWS})
    assert run.phases[1].records_out == groups
    body = """
    def mapper(self, _, row):
        if row.note is not None:
            yield row.note, len(row.note)
"""
    found, run = judge(body + SUM)
    # All bytes of the column are in the rows that have a value.
    assert found.phases[0].lower == run.phases[0].charge == found.phases[0].upper
    assert run.phases[1].records_out == groups - 1


def test_one_text_has_many_pieces():
    body = """
    def mapper(self, _, row):
        for word in "a bc d a".split():
            yield word, 1
        for letter in "xyz,x,y".split(","):
            yield letter, 2
"""
    found, run = judge(body + SUM)
    assert run.phases[1].records_out == 6
    assert found.upper is not None
