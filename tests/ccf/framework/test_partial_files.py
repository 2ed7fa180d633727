"""Files of partial groups that come from somebody else: what is not honest is refused with its place."""

import hashlib
import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from partitioned import Job

from totem_ccf.mapreduce.partial_reader import PartialFile, PartialRefused, read_partials
from totem_sdk.schema import Schema
from totem_sdk.values import canonical_json

SCHEMA = Schema.of({"home": "str", "n": "int", "x": "float"})
SOURCE = """
from totem_sdk import TotemJob
class Fold(TotemJob):
    def mapper(self, _, row):
        yield {pair}
    def reducer(self, key, values):
        {reduce}
"""
LOOPING = """    def combiner(self, key, values):
        yield key, max(values)
"""
JOBS = {
    "sum of int": SOURCE.format(pair="row.home, row.n", reduce="yield key, sum(values)"),
    "sum of float": SOURCE.format(pair="(row.home, row.n), row.x", reduce="yield key, sum(values)"),
    "min of float": SOURCE.format(pair="row.x, row.x", reduce="yield key, min(values)"),
    "max of pairs": SOURCE.format(pair="row.n, (row.n, row.x > 0.0)", reduce="yield key, max(values)"),
    "single values": SOURCE.format(
        pair="row.home, row.home", reduce="for value in values:\n            yield key, value"
    )
    + LOOPING,
}
ROWS = [
    ("b", 2, 0.5),
    ("a", 1, 1e300),
    ("b", 2, -1.25),
    ("ö", -7, float("nan")),
    ("b", 2, -0.0),
    ("", 9, float("-inf")),
    ("ö", -7, 5e-324),
]
QUIET = list(HealthCheck)
COMPILED = {name: Job(source, SCHEMA) for name, source in JOBS.items()}


@pytest.fixture(scope="module", autouse=True)
def forget():
    """Native code must be gone before the interpreter is."""
    yield
    for job in COMPILED.values():
        vars(job).pop("kernels", None)


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """The lines of an honest file of each job."""
    folder = tmp_path_factory.mktemp("honest")
    lines = {}
    for number, (name, job) in enumerate(COMPILED.items()):
        home = folder / str(number)
        home.mkdir()
        _, document = job.data_part("interpreter", [ROWS[:4], ROWS[4:]], home)
        lines[name] = Path(document["path"]).read_bytes().splitlines(keepends=True)
    return lines


def read(job, data, folder, **known):
    path = folder / "theirs.jsonl"
    path.write_bytes(data)
    return read_partials(job.program, [PartialFile(str(path), "provider b", **known).to_json()], folder / "p", 1 << 20)


def refusal(job, data, folder, **known):
    with pytest.raises(PartialRefused) as caught:
        read(job, data, folder, **known)
    assert str(caught.value).startswith(f"the partial groups of provider b ({folder / 'theirs.jsonl'}), line ")
    return str(caught.value).partition("line ")[2]


def line(document):
    return f"{canonical_json(document)}\n".encode()


def sealed(header, rows, **end):
    """A file with a last line that fits it, except for what ``end`` says."""
    body = b"".join([header, *rows])
    documents = [json.loads(row) for row in rows]
    keys = [canonical_json(document[0]) for document in documents if isinstance(document, list) and document]
    fold = json.loads(header)["fold"]
    values = sum(document[1] if fold else 1 for document in documents if isinstance(document, list) and document)
    last = {"groups": len(set(keys)), "sha256": hashlib.sha256(body).hexdigest(), "values": values} | end
    return body + line(last)


@pytest.mark.parametrize("name", JOBS)
def test_an_honest_file_is_read_and_is_what_anybody_would_have_written(honest, tmp_path, name):
    job, lines = COMPILED[name], honest[name]
    assert sealed(lines[0], lines[1:-1]) == b"".join(lines)
    folder = tmp_path / "again"
    folder.mkdir()
    _, document = job.data_part("kernel", [ROWS[:4], ROWS[4:]], folder)
    assert Path(document["path"]).read_bytes() == b"".join(lines)
    data = b"".join(lines)
    values = json.loads(lines[-1])["values"]
    assert read(job, data, tmp_path, sha256=hashlib.sha256(data).hexdigest(), values=values)
    assert refusal(job, data, tmp_path, sha256="0" * 64).endswith("announced: the digest differs")
    assert f"has {values} values, its provider has settled 3" in refusal(job, data, tmp_path, values=3)


@pytest.mark.parametrize("name", JOBS)
def test_a_file_that_is_cut_short_anywhere_is_refused(honest, tmp_path, name):
    data = b"".join(honest[name])
    for length in range(0, len(data), 7):
        assert refusal(COMPILED[name], data[:length], tmp_path)
    assert refusal(COMPILED[name], data[:-1], tmp_path).endswith("the line is cut short, or too long")
    assert "cut short" in refusal(COMPILED[name], b"".join(honest[name][:-1]), tmp_path)


@pytest.mark.parametrize("name", JOBS)
def test_a_bit_that_is_flipped_anywhere_is_found(honest, tmp_path, name):
    data = b"".join(honest[name])
    choose = random.Random(name)  # noqa: S311 places, no secrets
    for _ in range(150):
        place = choose.randrange(len(data))
        flipped = data[:place] + bytes([data[place] ^ 1 << choose.randrange(8)]) + data[place + 1 :]
        assert refusal(COMPILED[name], flipped, tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("program_id", "0" * 64, "line 1: program_id is '000"),
        ("format", "totem-partial-2", "line 1: format is 'totem-partial-2', not 'totem-partial-1'"),
        ("fold", "max", "line 1: fold is 'max', not 'sum'"),
        ("fold", None, "line 1: fold is 'None', not 'sum'"),
        ("value", "float", "line 1: value is 'float', not 'int'"),
        ("key", "int", "line 1: key is 'int', not 'str'"),
        ("more", 1, "line 1: the header has fields that it must not have"),
    ],
)
def test_a_file_of_another_program_is_refused(honest, tmp_path, field, value, why):
    header, *rows, last = honest["sum of int"]
    header = line(json.loads(header) | {field: value})
    assert f"line {refusal(COMPILED['sum of int'], b''.join([header, *rows, last]), tmp_path)}".startswith(why)


def test_keys_twice_or_in_another_order_are_refused(honest, tmp_path):
    header, first, second, *_ = honest["sum of int"]
    job = COMPILED["sum of int"]
    assert refusal(job, sealed(header, [first, first]), tmp_path) == "3: the group is there twice"
    assert refusal(job, sealed(header, [second, first]), tmp_path) == "3: the keys are not in their order"
    header, first, second, *_ = honest["single values"]
    assert read(COMPILED["single values"], sealed(header, [first, first]), tmp_path)  # two map tasks
    assert refusal(COMPILED["single values"], sealed(header, [second, first]), tmp_path).endswith("in their order")


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("end", [{"groups": 1}, {"values": 1}, {"sha256": "0" * 64}, {"groups": 1 << 70}, {"more": 0}])
def test_wrong_counts_in_the_last_line_are_refused(honest, tmp_path, name, end):
    header, *rows, _ = honest[name]
    assert "the last line does not fit" in refusal(COMPILED[name], sealed(header, rows, **end), tmp_path)


BIG = 1 << 62
BAD_ROWS = {
    "sum of int": {
        ("a", 0, 0): "number of values",
        ("a", -1, 0): "number of values",
        ("a", True, 0): "number of values",
        ("a", 1.5, 0): "number of values",
        ("a", BIG + 1, 0): "number of values",
        ("a", 10**400, 0): "number of values",
        ("a", 1, 1 << 63): "no 1 ints have such a sum",
        ("a", 2, -(1 << 64) - 1): "no 2 ints have such a sum",
        ("a", 1, 1.0): "made of ints",
        ("a", 1, None): "made of ints",
        ("a", 1): "2 fields, not 1",
        ("a", 1, 1, 1): "2 fields, not 3",
        (1, 1, 1): "not a value of the type str",
        (None, 1, 1): "not a value of the type str",
        (("a",), 1, 1): "not a value of the type str",
        ("a",): "not a group",
        (): "not a group",
    },
    "sum of float": {
        (("a", 1), 1, 0, 1, 1024): "no 1 floats",
        (("a", 1), 1, 0, 1, -1075): "one form",
        (("a", 1), 1, 0, 2, 0): "one form",
        (("a", 1), 1, 0, 0, 1): "one form",
        (("a", 1), 1, 0, 1, 1 << 80): "one form",
        (("a", 1), 1, 1, 1, 0): "no 1 floats",
        (("a", 1), 1, 3, 0, 0): "NaNs and infinities",
        (("a", 1), 1, 8, 0, 0): "NaNs and infinities",
        (("a", 1), 3, -1, 0, 0): "NaNs and infinities",
        (("a", 1), 1, 0, 1.5, 0): "made of ints",
        (("a", 1), 1, 0, (1 << 4000) + 1, 0): "no 1 floats",
        (("a",), 1, 0, 1, 0): "not a value of the type",
        (("a", 1, 2), 1, 0, 1, 0): "not a value of the type",
        (("a", 1.0), 1, 0, 1, 0): "not a value of the type int",
        (("a", 1 << 63), 1, 0, 1, 0): "not a value of the type int",
    },
    "min of float": {
        (0.5, 1, False, None): "neither a NaN",
        (0.5, 1, 0, 1.0): "true or false",
        (0.5, 1, False, 2): "what is not NaN",
        (0.5, 1, False, float("nan")): "what is not NaN",
        (0.5, 1, True, 1.0): "what is not NaN",
        (1, 1, False, 1.0): "not a value of the type float",
    },
    "max of pairs": {
        (1, 1, (1, 1)): "not a value of the type bool",
        (1, 1, (1,)): "not a value of the type",
        (1, 1, None): "not a value of the type",
    },
    "single values": {
        ("a", 1): "not a value of the type str",
        ("a", "b", "c"): "not a key and a value",
        ("a", None): "not a value of the type str",
    },
}


@pytest.mark.parametrize(("name", "row", "why"), [(n, row, why) for n in JOBS for row, why in BAD_ROWS[n].items()])
def test_groups_that_no_values_have_are_refused(honest, tmp_path, name, row, why):
    data = b"".join([honest[name][0], line(row)])
    assert why in refusal(COMPILED[name], data + honest[name][-1], tmp_path)


def test_more_values_than_can_be_counted_are_refused(honest, tmp_path):
    rows = [line([key, BIG, 0]) for key in "ab"]
    assert f"more than {BIG} values" in refusal(COMPILED["sum of int"], sealed(honest["sum of int"][0], rows), tmp_path)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b'["a", 1, 5]\n', "not canonical JSON"),
        (b'["a",1,5.0e0]\n', "not canonical JSON"),
        (b'["\\u0061",1,5]\n', "not canonical JSON"),
        (b'["\\ud800",1,5]\n', "not canonical JSON"),
        (b'["a",1,5],\n', "not JSON"),
        (b'["\xff",1,5]\n', "not UTF-8"),
        (b"\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "not JSON"),
        (b"[" * 5_000 + b"]" * 5_000 + b"\n", "not "),
        (b'["a",1,' + b"9" * 5_000 + b"]\n", "not JSON"),
        (b"7\n", "not a group"),
        (b'"a"\n', "not a group"),
        (b"null\n", "not a group"),
        (b"{}\n", "the last line does not fit"),
        (b"\x00\x01\x02\n", "not JSON"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_lines_that_are_no_canonical_json_are_refused(honest, tmp_path, row, why):
    lines = honest["sum of int"]
    assert why in refusal(COMPILED["sum of int"], lines[0] + row + lines[-1], tmp_path)


def test_what_stands_behind_the_last_line_is_refused(honest, tmp_path):
    data = b"".join(honest["sum of int"])
    assert refusal(COMPILED["sum of int"], data + b"\n", tmp_path).endswith("there is something behind the last line")
    assert refusal(COMPILED["sum of int"], data + data, tmp_path).endswith("there is something behind the last line")


@pytest.mark.parametrize("data", [b"", b"\n", b"[]\n", b"PAR1\x00", b"{}\n"])
def test_what_is_no_such_file_at_all_is_refused(tmp_path, data):
    assert refusal(COMPILED["sum of int"], data, tmp_path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    document = PartialFile(str(tmp_path / "nowhere"), "provider b").to_json()
    with pytest.raises(PartialRefused, match="there is no such file"):
        read_partials(COMPILED["sum of int"].program, [document], tmp_path / "p", 1)


def test_a_line_that_never_ends_does_not_fill_the_memory(honest, tmp_path, monkeypatch):
    monkeypatch.setattr("totem_ccf.mapreduce.partial_reader.LINE_BYTES", 1 << 10)
    lines = honest["sum of int"]
    data = lines[0] + b'["' + b"a" * (1 << 20) + b'",1,5]\n' + lines[-1]
    assert refusal(COMPILED["sum of int"], data, tmp_path) == "2: the line is cut short, or too long"


@pytest.mark.slow
@pytest.mark.parametrize("unit", [b"[],", b"1,", b'"",', b'""', b'{"":[]},', b"-", b'"\\"'], ids=repr)
def test_a_long_line_of_anything_but_texts_is_not_read_into_memory(honest, tmp_path, monkeypatch, unit):
    loads = json.loads

    def counted(text):
        assert len(text) < 1 << 20
        return loads(text)

    monkeypatch.setattr("totem_ccf.mapreduce.partial_reader.json.loads", counted)
    lines = honest["sum of int"]
    data = lines[0] + b"[" + unit * (1 << 20) + b"0]\n" + lines[-1]
    assert "more brackets, numbers and commas" in refusal(COMPILED["sum of int"], data, tmp_path)


@pytest.mark.parametrize("end", [b"", b"\\"])
def test_a_long_text_without_an_end_is_refused_in_no_time(honest, tmp_path, end):
    """Each of its quotes could begin a text, which is looked for to the end of the line: that must happen once."""
    lines = honest["sum of int"]
    data = lines[0] + b'["' + b'\\"' * (1 << 20) + end + b"\n" + lines[-1]
    begin = time.process_time()
    assert refusal(COMPILED["sum of int"], data, tmp_path) == "2: not JSON"
    assert time.process_time() - begin < 10


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["a", '"', "\\", ",", "[]", "ö\n"])
def test_a_key_may_be_a_long_text_whatever_is_in_it(honest, tmp_path, unit):
    header = honest["sum of int"][0]
    row = line([unit * (1 << 20), 1, 5])
    assert read(COMPILED["sum of int"], sealed(header, [row]), tmp_path)


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([1 << 62, (1 << 63) - 1, -(1 << 63), 1 << 90]),
    st.floats(), st.text(max_size=3),
)  # fmt: skip
documents = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4), max_leaves=6)


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_a_made_up_file_is_refused_or_means_the_same_to_both_executors(honest, tmp_path_factory, name, data):
    """Whoever makes a file up as a whole can say what it likes, but only what an honest part could have said."""
    job = COMPILED[name]
    header, *rows, _ = honest[name]
    made = [json.loads(row) for row in rows]
    for _ in range(data.draw(st.integers(1, 3))):
        row = made[data.draw(st.integers(0, len(made) - 1))]
        row[data.draw(st.integers(0, len(row) - 1))] = data.draw(documents)
    number = 1 if json.loads(header)["fold"] else None
    assumed = [row[1] if number and isinstance(row[1], int) else 1 for row in made]
    forged = sealed(header, [line(row) for row in made if isinstance(row[1], int) or not number], values=sum(assumed))
    folder = tmp_path_factory.mktemp("forged")
    path = folder / "theirs.jsonl"
    path.write_bytes(forged)
    found = []
    for kind in ("kernel", "interpreter"):
        home = folder / kind
        home.mkdir()
        try:
            found.append(job.combine(kind, [PartialFile(str(path), "b").to_json()], home))
        except PartialRefused as refused:
            found.append(str(refused))
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_combining_part_ends_with_the_reason_and_not_in_a_crash(jobs, tmp_path):
    spec = jobs.word_count(2, 10, executor="interpreter")
    part = jobs.again(spec, part="data")
    end = jobs.engine.run(part, jobs.settlement(part))
    crafted = tmp_path / "crafted.jsonl"
    crafted.write_bytes(end.result.read_bytes().replace(b"x", b"y"))
    partials = [PartialFile(str(path), name).to_json() for name, path in (("a", end.result), ("b", crafted))]
    combine = jobs.again(spec, part="combine", fragments=(), partials=partials)
    end = jobs.engine.run(combine, jobs.settlement(combine))
    assert (end.state, end.used, end.result, list(end.receipts)) == ("provider_failed", 0, None, [])
    assert end.reason.startswith(f"the partial groups of b ({crafted}), line ")


@pytest.mark.slow
def test_a_program_that_can_not_be_cut_has_no_parts(jobs):
    source = """
from totem_sdk import TotemJob
class Uncut(TotemJob):
    def mapper(self, _, row):
        yield row.home, row.left
"""
    uncut = jobs.make(source, {"home": "int", "left": "int"}, ["home,left\n1,2\n"], part="data")
    end = jobs.engine.run(uncut, jobs.settlement(uncut))
    assert (end.state, end.used) == ("provider_failed", 0)
    assert "Uncut can't be cut: line 5: step 0 has no reducer" in end.reason
