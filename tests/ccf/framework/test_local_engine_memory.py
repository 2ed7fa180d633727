"""Workers with little memory: jobs that fit run and give the same, jobs that don't say what to do."""

import pytest

from totem_ccf.engines.local import LocalEngine
from totem_ccf.engines.local.memory import LEAST_BYTES, private_bytes, spill_limit

MIB = 1 << 20
TEXTS = """
from totem_sdk import TotemJob

class Texts(TotemJob):
    def mapper(self, _, row):
        yield row.number % KEYS, row.text + row.text

    def reducer(self, number, texts):
        size = 0
        for text in texts:
            size += len(text)
        yield number, size
"""


def texts(jobs, keys, rows):
    parts = [f"number,text\n{''.join(f'{number},{number:600}{chr(10)}' for number in range(rows))}" for _ in range(2)]
    return jobs.make(TEXTS.replace("KEYS", str(keys)), {"number": "int", "text": "str"}, parts)


@pytest.mark.parametrize("memory", [-1, 1, LEAST_BYTES - 1])
def test_too_little_for_any_worker_is_refused_with_the_least(memory):
    with pytest.raises(ValueError, match="it needs at least 256 MiB"):
        LocalEngine(worker_memory=memory)


def test_memory_is_what_is_touched_and_not_what_is_reserved():
    before = private_bytes()
    block = bytearray(64 * MIB)
    after = private_bytes()
    del block
    assert 60 * MIB < after - before < 70 * MIB


def test_a_worker_with_little_memory_spills_earlier():
    assert spill_limit(256 * MIB, 8 << 30) == 256 * MIB
    assert spill_limit(256 * MIB, 512 * MIB) == 32 * MIB
    assert spill_limit(256 * MIB, 0) == 256 * MIB


@pytest.mark.slow
def test_a_job_with_more_data_than_a_worker_has_memory_runs(jobs):
    spec = texts(jobs, 5000, 120_000)
    settlement = jobs.settlement(spec)
    with LocalEngine(worker_memory=256 * MIB) as engine:
        end = engine.run(spec, settlement)
    other = jobs.again(spec, workers=1)
    whole = jobs.engine.run(other, jobs.settlement(other))
    assert (end.state, end.reason) == ("completed", None)
    assert (end.used, end.result_sha256, end.result_rows) == (whole.used, whole.result_sha256, 5000)


@pytest.mark.slow
def test_a_job_that_needs_more_than_a_worker_may_have_says_so_and_costs_nothing(jobs):
    # A group is held whole: one group of all rows takes 280 MB and more.
    spec = texts(jobs, 1, 120_000)
    settlement = jobs.settlement(spec)
    with LocalEngine(worker_memory=256 * MIB) as engine:
        end = engine.run(spec, settlement)
        assert engine.resume(spec.directory, settlement) == end
    assert (end.state, end.used, end.result, end.error, end.data_error) == ("provider_failed", 0, None, None, None)
    assert "would have used more than the 256 MiB of memory that it may have: give workers more" in end.reason
