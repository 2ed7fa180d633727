"""Programs that want all the memory or time there is: they end within their bounds, and the worker works on.

Each ends at the line that is marked, or when its totem is spent, and in the worker that began it. (That kernel and
interpreter count the same bytes is tested elsewhere: the interpreter takes minutes for such programs.)
"""

import logging

import pytest

from totem_sdk.errors import Refused
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema

pytestmark = pytest.mark.slow

JOB = """from totem_sdk import TotemJob


class Bomb(TotemJob):
    def mapper(self, _, row):
        {body}

    def reducer(self, key, values):
        yield key, sum(values)
"""

MEMORY = {
    "a list of a thousand million": """
        items = []
        for number in range(1_000_000_000):
            items.append(number)  # here
        yield row.n, len(items)
""",
    "the same as a comprehension": """
        items = [number for number in range(1_000_000_000)]  # here
        yield row.n, len(items)
""",
    "nested comprehensions": """
        table = [[a * b for a in range(100_000)] for b in range(100_000)]  # here
        yield row.n, len(table)
""",
    "lists that are not even kept": """
        most = 0
        for number in range(1_000_000_000):
            most = max(most, len([number, number + 1, number + 2]))  # here
        yield row.n, most
""",
    "a thousand million characters at once": """
        text = "x" * (1_000_000_000 + row.n)  # here
        yield row.n, len(text)
""",
    "a text replaced by long ones": """
        text = "x" * 100_000
        text = text.replace("x", text)  # here
        yield row.n, len(text)
""",
    "long texts joined": """
        text = "x" * 100_000
        text = text.join(text.replace("x", "x ").split())  # here
        yield row.n, len(text)
""",
    "a wide pad": """
        text = str(row.n).rjust(1_000_000_000 + row.n)  # here
        yield row.n, len(text)
""",
}

REFUSED = {
    "a text that doubles": """
        text = "ab"
        while len(text) < 1_000_000_000:
            text = text + text  # here
        yield row.n, len(text)
""",
    "a text that grows by one": """
        text = ""
        while len(text) < 1_000_000_000:
            text = text + "x"  # here
        yield row.n, len(text)
""",
}
"""These are not even accepted."""

TIME = {
    "a loop without end": """
        n = row.n
        while n >= 0:
            n = n + 1 - 1
        yield row.n, n
""",
    "a huge range": """
        total = 0
        for number in range(4_000_000_000_000_000_000):
            total = total ^ number
        yield row.n, total
""",
    "loops in loops in loops": """
        total = 0
        for a in range(10_000):
            for b in range(10_000):
                for c in range(10_000):
                    for d in range(10_000):
                        total = (total + a * b * c * d) % 1_000_003
        yield row.n, total
""",
    "records without end": """
        n = 0
        while n >= 0:
            yield n % 1_000, 1
            n = n + 1
""",
    "a search that nearly finds, again and again": """
        text = "a" * 1_000_000
        count = 0
        while count >= 0:
            count = count + text.count("a" * 1_000 + "b")
        yield row.n, count
""",
}


def bomb(jobs, body, **fields):
    source = JOB.format(body=body.strip())
    line = next((number for number, text in enumerate(source.splitlines(), 1) if "# here" in text), None)
    return jobs.make(source, {"n": "int"}, ["n\n1\n2\n"] * 3, workers=1, **fields), line


def workers(spec):
    """Names of the logs of the workers that the job has had."""
    return sorted(path.name for path in (spec.directory / "logs").glob("worker-*"))


@pytest.mark.parametrize("body", MEMORY.values(), ids=MEMORY.keys())
def test_what_wants_all_memory_ends_at_its_line(jobs, caplog, body):
    spec, line = bomb(jobs, body)
    with caplog.at_level(logging.WARNING, "totem.engine"):
        end = jobs.engine.run(spec, jobs.settlement(spec))
    assert (end.state, end.error) == ("failed", {"kind": "memory", "line": line})
    assert len(workers(spec)) == 1
    assert [record for record in caplog.records if "started again" in record.getMessage()] == []


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_grows_without_end_is_refused_at_its_line(jobs, body):
    source = JOB.format(body=body.strip())
    with pytest.raises(Refused) as refused:
        compile_job(source, Schema.of({"n": "int"}))
    (refusal,) = refused.value.refusals
    assert (refusal.code, "# here" in source.splitlines()[refusal.line - 1]) == ("unbounded-growth", True)


@pytest.mark.parametrize("body", TIME.values(), ids=TIME.keys())
def test_what_wants_all_time_ends_with_its_totem(jobs, caplog, body):
    spec, _ = bomb(jobs, body, escrow=100_000_000)
    settlement = jobs.settlement(spec)
    with caplog.at_level(logging.WARNING, "totem.engine"):
        end = jobs.engine.run(spec, settlement)
    assert (end.state, end.used + settlement.left) == ("out_of_totem", spec.escrow)
    assert end.used > 0.9 * spec.escrow
    assert len(workers(spec)) == 1
    assert [record for record in caplog.records if "started again" in record.getMessage()] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_worker_works_on_after_a_bomb(jobs, seed):
    body = """
        text = "x" * (row.n // 3 * 1_000_000_000)  # here
        yield row.n, len(text)
"""
    source = JOB.format(body=body.strip())
    files = [f"n\n{number}\n" for number in (1, 2, 3)]
    # Whichever is begun first: what stands before the bomb is done and paid, by the one worker that there is.
    spec = jobs.make(source, {"n": "int"}, files, workers=1, order_seed=seed)
    end = jobs.run_as_on_machine(spec)
    assert (end.state, end.error["kind"], end.receipts[0]["records_in"]) == ("failed", "memory", 3)
    assert len(workers(spec)) == 1
