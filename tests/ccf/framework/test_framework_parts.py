"""One job over several providers: data parts and a combining part on the local engine, against the one job."""

import pytest

from totem_ccf.mapreduce.partial_reader import PartialFile
from totem_sdk.values import result_line


def parts_of(jobs, spec, cuts):
    """Run the data parts of a job over consecutive fragments and then the combining part; return their ends."""
    ends = []
    partials = []
    for number, (start, end) in enumerate(cuts):
        part = jobs.again(spec, part="data", fragments=spec.fragments[start:end])
        ends.append(jobs.engine.run(part, jobs.settlement(part)))
        assert (ends[-1].reason, ends[-1].state) == (None, "completed")
        values = ends[-1].receipts[0]["records_out"]
        partials.append(PartialFile(str(ends[-1].result), f"p{number}", ends[-1].result_sha256, values).to_json())
    combine = jobs.again(spec, part="combine", fragments=(), partials=partials)
    ends.append(jobs.engine.run(combine, jobs.settlement(combine)))
    return ends


def assert_together_as_one(jobs, spec, ends):
    run = jobs.on_machine(spec)
    assert (ends[-1].reason, ends[-1].state) == (None, "completed")
    whole = jobs.again(spec)
    one = jobs.engine.run(whole, jobs.settlement(whole))
    assert ends[-1].result.read_bytes() == one.result.read_bytes()
    assert sum(end.used for end in ends) == run.used == one.used
    assert [dict(receipt) for receipt in ends[-1].receipts] == [dict(receipt) for receipt in one.receipts[1:]]
    maps = [end.receipts[0] for end in ends[:-1]]
    assert sum(receipt["charge"] for receipt in maps) == one.receipts[0]["charge"]
    assert sum(receipt["records_out"] for receipt in maps) == one.receipts[0]["records_out"]


@pytest.mark.parametrize("executor", ["kernel", pytest.param("interpreter", marks=pytest.mark.slow)])
def test_parts_with_a_combiner(jobs, executor):
    spec = jobs.word_count(5, 40, executor=executor)
    assert_together_as_one(jobs, spec, parts_of(jobs, spec, [(0, 2), (2, 3), (3, 5)]))


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["kernel", "interpreter"])
def test_parts_of_a_job_with_several_steps(jobs, executor):
    spec = jobs.three_steps(4, 60, executor=executor)
    assert_together_as_one(jobs, spec, parts_of(jobs, spec, [(0, 1), (1, 4)]))


@pytest.mark.slow
def test_both_executors_hand_over_the_same_bytes(jobs):
    for spec in (jobs.three_steps(3, 50), jobs.word_count(3, 30)):
        files = []
        for executor in ("kernel", "interpreter"):
            part = jobs.again(spec, part="data", executor=executor)
            files.append(jobs.engine.run(part, jobs.settlement(part)).result.read_bytes())
        assert files[0] == files[1]


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["kernel", "interpreter"])
def test_a_combining_part_halts_where_the_one_job_halts(jobs, executor):
    spec = jobs.word_count(3, 30, executor=executor, precheck=False)
    *ends, whole = parts_of(jobs, spec, [(0, 1), (1, 3)])
    maps = sum(end.used for end in ends)
    partials = [PartialFile(str(end.result), "p").to_json() for end in ends]
    for escrow in (0, whole.used * 7 // 10):
        run = jobs.on_machine(jobs.again(spec, escrow=maps + escrow))
        combine = jobs.again(spec, part="combine", fragments=(), partials=partials, escrow=escrow)
        end = jobs.engine.run(combine, jobs.settlement(combine))
        assert (end.state, end.partial, maps + end.used) == (run.state, True, run.used)
        assert end.result.read_text() == "".join(result_line(key, value) for key, value in run.result)
        (receipt,), phase = end.receipts, run.phases[1]
        assert (receipt["charge"], receipt["records_in"]) == (phase.charge, phase.records_in)
        assert {"blocks": receipt["blocks"], "units": receipt["units"]} == phase.counts.to_json()


@pytest.mark.slow
def test_a_data_part_that_halts_hands_nothing_over(jobs):
    spec = jobs.word_count(3, 20, part="data", executor="interpreter")
    cost = jobs.on_machine(jobs.again(spec, part="whole")).phases[0].charge
    short = jobs.again(spec, escrow=cost - 1)
    end = jobs.engine.run(short, jobs.settlement(short))
    assert (end.state, end.result, end.partial, end.result_rows) == ("out_of_totem", None, False, 0)
    assert not (short.directory / "partial.jsonl").exists()


@pytest.mark.slow
def test_data_parts_without_rows_are_combined_too(jobs):
    spec = jobs.three_steps(1, 0)
    ends = parts_of(jobs, spec, [(0, 1), (0, 1)])
    assert [(end.result_rows, end.state) for end in ends] == [(0, "completed")] * 3
    assert ends[-1].result.read_bytes() == b""


FOLLOWERS = """
from mrjob.step import MRStep
from totem_sdk import TotemJob


class Followers(TotemJob):
    SORT_VALUES = True

    def pairs(self, _, row):
        before = None
        for word in row.text.split():
            if before is not None:
                yield (before, "*"), 1
                yield (before, word), 1
            before = word

    def add(self, pair, ones):
        yield pair, sum(ones)

    def tell(self, pair, ones):
        before, word = pair
        number = sum(ones)
        if word == "*":
            yield before, ("all", number)
        else:
            yield before, ("one", (word, number))

    def share(self, before, values):
        whole = None
        for kind, value in values:
            if kind == "all":
                whole = value
            else:
                word, number = value
                yield (before, word), 100.0 * number / whole

    def steps(self):
        return [
            MRStep(mapper=self.pairs, combiner=self.add, reducer=self.tell),
            MRStep(reducer=self.share),
        ]
"""


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["kernel", "interpreter"])
def test_parts_of_a_job_with_sorted_values_of_several_types(jobs, executor):
    texts = [["a b a c", "größe a b!", "a"], ["b a", "c c c"], [], ["a b", "a Z a é b"]]
    files = ["text\n" + "".join(f"{text}\n" for text in part) for part in texts]
    spec = jobs.make(FOLLOWERS, {"text": "str"}, files, executor=executor)
    ends = parts_of(jobs, spec, [(0, 1), (1, 4)])
    assert_together_as_one(jobs, spec, ends)
    assert ends[-1].result_rows == 10
