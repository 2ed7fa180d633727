"""JSON lines: columns of objects, types found and given, and the one meaning that Arrow and the rules have."""

import bz2
import datetime
import gzip
import io
import json
import lzma
import traceback

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from totem_ccf.storage import DataError, objects, open_dataset, records
from totem_ccf.storage.columns import FileColumn
from totem_ccf.storage.objects import ObjectScanner, find_columns, read_objects
from totem_ccf.storage.records import Block, blocks
from totem_sdk.objects import MAX_DEPTH, FoundColumns
from totem_sdk.schema import Schema
from totem_sdk.type_texts import parse_type

D = datetime.date
T = datetime.datetime
SECRET = "s3cr3t"


def rows_of(dataset, columns=None):
    names = [column.name for column in dataset.schema.columns] if columns is None else columns
    return [tuple(row.values()) for batch in dataset.read(names) for row in batch.to_pylist()]


def types_of(dataset):
    return {column.name: str(column.type) for column in dataset.schema.columns}


@pytest.fixture
def write(tmp_path):
    def write(text, name="data.jsonl"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture(params=["arrow", "rules"])
def way(request, monkeypatch):
    """Read by Arrow where it can, or all by the rules."""
    if request.param == "rules":
        monkeypatch.setattr(objects, "_table", lambda piece, schema: None)
    return request.param


@pytest.fixture
def two_rows_a_fragment(monkeypatch):
    monkeypatch.setattr(records, "BLOCK_ROWS", 2)


def fails(action, kind, path, row=None, column=None):
    """Check the one error that ``action`` ends in, and that nothing of it shows a value."""
    with pytest.raises(DataError) as caught:
        action()
    error = caught.value
    assert (error.kind, error.path, error.row, error.column) == (kind, str(path), row, column)
    shown = "".join(traceback.format_exception(error))
    link = error
    while link is not None:
        shown += repr(link) + repr(vars(link))
        link = link.__context__ or link.__cause__
    assert SECRET not in shown


@pytest.mark.usefixtures("way")
def test_columns_are_the_keys_in_the_order_in_which_they_are_first_seen(write):
    path = write(
        '{"i": 1, "f": 1.5, "b": true, "s": "2020-01-01", "Customer ID": 7}\n'
        '{"late": null, "f": -2, "i": null, "s": "", "b": false, "never": null, "Customer ID": 8}\r\n'
        '\n\r\n{"late": 1e3, "f": 9007199254740993, "s": "\\u00e9\\ud83d\\ude00", "b": true, "Customer ID": 9}'
    )
    dataset = open_dataset(path)
    assert types_of(dataset) == {
        "i": "int?",
        "f": "float",
        "b": "bool",
        "s": "str",
        "Customer_ID": "int",
        "late": "float?",
        "never": "str?",
    }
    assert rows_of(dataset) == [
        (1, 1.5, True, "2020-01-01", 7, None, None),
        (None, -2.0, False, "", 8, None, None),
        (None, 9007199254740992.0, True, "é😀", 9, 1000.0, None),
    ]
    assert dataset.rows == 3
    assert dataset.fragments[0].columns[4].source == "Customer ID"


@pytest.mark.usefixtures("way", "two_rows_a_fragment")
def test_what_is_missing_anywhere_may_be_none(write):
    dataset = open_dataset(write('{"a":1}\n{"a":2,"b":3}\n{"a":0.5,"b":4}\n{"b":5,"a":1}\n'))
    assert [fragment.rows for fragment in dataset.fragments] == [2, 2]
    assert types_of(dataset) == {"a": "float", "b": "int?"}
    assert rows_of(dataset) == [(1.0, None), (2.0, 3), (0.5, 4), (1.0, 5)]


@pytest.mark.usefixtures("way")
def test_files_may_have_other_keys(write):
    write('{"kwh":0}\n', "a.ndjson")
    folder = write('{"at":"x","kwh":0.5}\n', "b.jsonl").parent
    write("\n", "c.jsonl")
    dataset = open_dataset(folder)
    assert types_of(dataset) == {"kwh": "float", "at": "str?"}
    assert rows_of(dataset) == [(0.0, None), (0.5, "x")]


@pytest.mark.usefixtures("way")
def test_lists_objects_and_values_of_several_types_are_left_out(write):
    path = write(
        '{"id":1,"tags":["x",1],"at":{"lat":1},"mixed":1,"some":null}\n'
        '{"id":2,"tags":[],"at":null,"mixed":"s","some":{}}\n'
        '{"id":3,"tags":null,"at":{},"mixed":true,"some":1}\n'
    )
    dataset = open_dataset(path)
    assert types_of(dataset) == {"id": "int"}
    reasons = dict(dataset.omitted)
    assert set(reasons) == {"tags", "at", "mixed", "some"}
    assert "first in row 2 of data.jsonl" in reasons["some"]
    expected = "a number in row 1 of data.jsonl, a text in row 2 of data.jsonl, true or false in row 3 of data.jsonl"
    assert expected in reasons["mixed"]
    fails(lambda: open_dataset(path, Schema.of({"at": "str?"})), "schema", path, column="at")
    fails(lambda: rows_of(open_dataset(path, Schema.of({"mixed": "int"}))), "type", path, 2, "mixed")


@pytest.mark.usefixtures("way")
def test_a_schema_chooses_and_types_columns(write):
    path = write(
        '{"d":"2019-02-25","t":"2020-01-01T00:30:00+02:00","n":1,"x y":2}\n'
        '{"d":"1/3/2007","t":"2020-01-02 03:04:05.000006","n":-0,"x y":null}\n'
    )
    schema = Schema.of({"x_y": "float?", "t": "datetime", "d": "date", "n": "float"})
    assert rows_of(open_dataset(path, schema)) == [
        (2.0, T(2019, 12, 31, 22, 30), D(2019, 2, 25), 1.0),
        (None, T(2020, 1, 2, 3, 4, 5, 6), D(2007, 3, 1), -0.0),
    ]
    assert str(rows_of(open_dataset(path, Schema.of({"n": "float"})))[1][0]) == "-0.0"
    fails(lambda: open_dataset(path, Schema.of({"z": "int?"})), "schema", path, column="z")
    fails(lambda: rows_of(open_dataset(path, Schema.of({"x_y": "int"}))), "type", path, 2, "x_y")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("int", "1", ["1.0", "1e0", '"1"', "true", "9223372036854775808", f'"{SECRET}"']),
        ("float", "1.5", ['"1.5"', "true", "1e400", "9" * 400, f'"{SECRET}"']),
        ("bool", "true", ["1", '"true"', '"True"']),
        ("str", '"x"', ["1", "1.5", "false"]),
        ("date", '"2020-02-29"', ['"2019-02-29"', '"2020-02-29T00:00"', "20200229", f'"{SECRET}"', '""']),
        ("datetime", '"2020-01-01"', ['"2020-01-01T25:00"', '"2020-01-01T00:00:00.0000001"', "0", f'"{SECRET}"']),
    ],
)
def test_a_value_of_another_type_is_named(write, type_, good, bad):
    for value in bad:
        path = write(f'{{"x":{good}}}\n\n' * 4 + f'{{"x":{value}}}\n{{"x":{good}}}\n')
        fails(lambda path=path: rows_of(open_dataset(path, Schema.of({"x": type_}))), "type", path, 5, "x")
        fails(lambda path=path: rows_of(open_dataset(path, Schema.of({"x": f"{type_}?"}))), "type", path, 5, "x")


BAD_LINES = [
    f'"{SECRET}"',
    f'["{SECRET}"]',
    "null",
    "1",
    "x",
    "  ",
    "\r\r",
    f'{{"a":"{SECRET}"',
    '{"a":1,}',
    '{"a":1}}',
    '{"a":1} {"a":2}',
    '{"a":1}null{"a":2}',
    '{"a":1} null',
    '{"a":NaN}',
    '{"z":NaN,"a":1}',
    '{"a":[-Infinity]}',
    '{"a":Inf}',
    '{"a":-Inf}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":0x1}',
    "{'a':1}",
    "{a:1}",
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{"a":1}//',
    '{"a":1}\0',
    '\ufeff{"a":1}',
    '{"a":1,"a":1}',
    '{"a":null,"a":null}',
    '{"a":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
    '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
    '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("line", BAD_LINES)
def test_a_line_that_is_no_object_is_named(write, line):
    good = '{"a":1}\n'
    path = write(good * 3 + line + "\n" + good)
    fails(lambda: open_dataset(path), "format", path, 4)
    fails(lambda: open_dataset(path, Schema.of({"a": "int"})), "format", path, 4)
    column = FileColumn("a", "a", 0, parse_type("int?"))
    block = Block(0, path.read_bytes(), 0, 5)
    fails(lambda: list(read_objects(str(path), block, [column])), "format", path, 4)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "line",
    [
        b'{"a":"\xff%s"}' % SECRET.encode(),
        b'{"z":"\xe9","a":1}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00%s"}' % SECRET.encode(),
        b'{"a":"\\ud800\\ud800"}',
        b'{"a":"\\ud800\\\\udc00"}',
        b'{"z":"\\uD83D x","a":1}',
        b'{"a\\udc00":1}',
        b'{"a":1}\xff',
    ],
)
def test_texts_that_are_not_unicode_are_named(write, line):
    path = write(b'{"a":"x"}\n' * 3 + line + b"\n")
    fails(lambda: open_dataset(path), "encoding", path, 4)
    fails(lambda: open_dataset(path, Schema.of({"a": "str"})), "encoding", path, 4)


@pytest.mark.usefixtures("way")
def test_what_looks_like_a_mistake_and_is_none(write):
    texts = ["NaN", ", NaN", "a:Inf", "} null", "[" * 200, "{" * 200 + '"', "\\ud800", "\\", "x\ty", "\u2028\x85", ""]
    lines = [json.dumps({"s": text, "deep": [[]]}, ensure_ascii=False) for text in texts]
    lines.append('{"s":"\\\\ud800\\uD83D\\uDE00","deep":' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}")
    lines += ['\t{"s" : "x" }  ', '{"s":"y"}\r', '{"s":\r"z"}']
    dataset = open_dataset(write("\n".join(lines)))
    assert rows_of(dataset) == [(text,) for text in [*texts, "\\ud800😀", "x", "y", "z"]]


def test_a_byte_order_mark_is_no_part_of_the_first_row(write, two_rows_a_fragment):
    dataset = open_dataset(write('\ufeff{"a":1}\n{"a":2}\n{"a":3}\n'))
    assert rows_of(dataset) == [(1,), (2,), (3,)]
    assert [fragment.start for fragment in dataset.fragments] == [3, 19]
    assert rows_of(open_dataset(write(gzip.compress('\ufeff{"a":1}\n'.encode()), "b.jsonl.gz"))) == [(1,)]


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_compressed_files_are_one_fragment(write, two_rows_a_fragment, ending, compress):
    text = b"".join(b'{"a":%d,"b":"x"}\n' % i for i in range(7))
    path = write(compress(text), f"data.ndjson.{ending}")
    dataset = open_dataset(path)
    assert [fragment.rows for fragment in dataset.fragments] == [7]
    assert rows_of(dataset) == [(i, "x") for i in range(7)]
    path.write_bytes(compress(text.replace(b"6", b"7")))
    with pytest.raises(DataError) as caught:
        rows_of(dataset)
    assert caught.value.kind in ("changed", "truncated")


def test_a_changed_byte_is_found_and_an_added_row_not_read(write, two_rows_a_fragment):
    path = write('{"a":1}\n' * 5)
    dataset = open_dataset(path)
    path.write_bytes(path.read_bytes() + b'{"a":9}\n')
    assert rows_of(dataset) == [(1,)] * 5
    path.write_bytes(b'{"a":2}\n' + path.read_bytes()[8:])
    fails(lambda: rows_of(dataset), "changed", path)
    path.write_bytes(b'{"a":1}\n')
    fails(lambda: rows_of(dataset), "changed" if path.stat().st_size > 16 else "truncated", path)


def test_rows_are_counted_over_fragments_and_pieces(write, monkeypatch, two_rows_a_fragment):
    path = write('{"a":1}\n\n' * 9 + f'{{"a":"{SECRET}"}}\n')
    fails(lambda: rows_of(open_dataset(path, Schema.of({"a": "int"}))), "type", path, 10, "a")
    monkeypatch.setattr(records, "BLOCK_ROWS", 100)
    monkeypatch.setattr(objects, "_READ_CELLS", 3)
    monkeypatch.setattr(objects, "_FIND_ROWS", 4)
    fails(lambda: rows_of(open_dataset(path, Schema.of({"a": "int"}))), "type", path, 10, "a")
    assert "row 10" in open_dataset(write('{"a":1,"b":1}\n' * 9 + '{"b":1,"a":"x"}\n')).omitted[0][1]
    assert len(list(open_dataset(path, Schema.of({"a": "int"})).read([], 4))) == 3


def test_files_without_an_object(write):
    path = write("\n\n")
    fails(lambda: open_dataset(path), "format", path)
    assert open_dataset(path, Schema.of({"a": "int"})).rows == 0
    assert rows_of(open_dataset(path, Schema.of({"a": "int"}))) == []
    none = write('{"a":[]}\n{}\n', "none.jsonl")
    fails(lambda: open_dataset(none), "schema", none)
    empty = write("{}\n{}\n", "empty.jsonl")
    fails(lambda: open_dataset(empty), "schema", empty)


def test_keys_that_get_one_name_are_refused(write):
    path = write('{"a b":1}\n{"a-b":1}\n')
    fails(lambda: open_dataset(path), "schema", path)


@pytest.mark.usefixtures("way")
def test_too_many_keys_are_refused(write, monkeypatch):
    monkeypatch.setattr("totem_sdk.objects.MAX_COLUMNS", 3)
    path = write('{"a":1,"b":2}\n{"c":1}\n{"d":1}\n')
    with pytest.raises(DataError, match="more than 3 different keys") as caught:
        open_dataset(path)
    assert (caught.value.kind, caught.value.row) == ("format", 3)


def test_a_line_may_not_be_too_long(write, monkeypatch):
    monkeypatch.setattr(records, "LONGEST_ROW", 20)
    path = write('{"a":1}\n{"a":"' + "x" * 30 + '"}')
    with pytest.raises(DataError, match="a line end may be missing") as caught:
        open_dataset(path)
    assert (caught.value.kind, caught.value.row) == ("format", 2)


def test_batches_are_typed(write):
    dataset = open_dataset(write('{"a":1,"b":"x"}\n' * 10))
    batches = list(dataset.read(["b", "a"], 4))
    assert [batch.num_rows for batch in batches] == [4, 4, 2]
    assert batches[0].schema == pa.schema([("b", pa.string()), ("a", pa.int64())])


# What goes wrong in a reader: every piece of syntax beside every other.
TOKENS = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"a"', '"b"', "null", "true", "1", "-0", "1.5", "1e400", "NaN", "Inf", '"NaN"',
     '"\\ud800"', '"\\ud83d\\ude00"', '"é"', "\n", "\r", " ", '{"a":1}', '{"b":null}', '{"a":"2020-01-01"}\n', '"a":']
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 65), 1 << 65) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3) | st.sampled_from(["2020-01-01", "1/2/2020", "2020-01-01T10:00:00Z", "2020-01-01 10:00"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)  # fmt: skip
OBJECTS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "é"]), VALUES, max_size=3), max_size=5)
TEXTS = st.lists(TOKENS, max_size=14).map("".join) | OBJECTS.map(
    lambda rows: "\n".join(json.dumps(row, ensure_ascii=len(rows) % 2 == 0) for row in rows)
)


def outcome(data, type_):
    """What comes of bytes: the columns found, then the column ``a`` as a type; or the error."""
    found, result = FoundColumns(), []
    try:
        for block in blocks(io.BytesIO(data), ObjectScanner(), "f"):
            find_columns("f", block, found)
        result.append({key: (found.type_of(key), found.first[key]) for key in found.types})
        column = FileColumn("a", "a", 0, parse_type(type_))
        for block in blocks(io.BytesIO(data), ObjectScanner(), "f"):
            for count, arrays in read_objects("f", block, [column]):
                result.append((count, [repr(cell) for cell in arrays[0].to_pylist()]))
    except DataError as error:
        result.append((error.kind, error.row, error.column))
    return result


@pytest.mark.slow
@settings(deadline=None, max_examples=1500)
@given(text=TEXTS, type_=st.sampled_from(["int?", "float?", "bool?", "str?", "date?", "datetime?", "int", "float"]))
@example(text='{"a":1}null{"a":1}', type_="int?")
@example(text='{"a":-0}', type_="float?")
def test_arrow_and_the_rules_agree(text, type_):
    data = text.encode("utf-8", "surrogatepass")
    fast = outcome(data, type_)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "_table", lambda piece, schema: None)
        assert outcome(data, type_) == fast
