"""Results in files: as lines, CSV and Parquet."""

import math
import tracemalloc

import pyarrow.parquet as pq
import pytest

from totem_ccf.storage import UnwritableResult, check_result_file, open_dataset, results, write_result
from totem_sdk.type_texts import parse_type
from totem_sdk.types import FLOAT, INT, NONE, NUM, STR, Option, Tuple
from totem_sdk.values import result_line

PAIRS = [((1, "a"), 0.1), ((2, 'b",\n'), math.inf), ((3, ""), None)]
KEY, VALUE = parse_type("[int,str]"), Option(FLOAT)


def test_lines_are_the_canonical_ones(tmp_path):
    path = tmp_path / "result.jsonl"
    assert write_result(path, PAIRS, KEY, VALUE) == 3
    assert path.read_text() == '[[1,"a"],0.1]\n[[2,"b\\",\\n"],Infinity]\n[[3,""],null]\n'
    assert path.read_text() == "".join(result_line(key, value) for key, value in PAIRS)


def test_csv_is_read_back(tmp_path):
    path = tmp_path / "result.csv"
    assert write_result(path, PAIRS, KEY, VALUE) == 3
    assert path.read_text() == 'key_0,key_1,value\n1,a,0.1\n2,"b"",\n",inf\n3,,\n'
    (batch,) = open_dataset(path).read(["key_0", "key_1", "value"])
    assert [tuple(row.values()) for row in batch.to_pylist()] == [(*key, value) for key, value in PAIRS]


def test_parquet_keeps_the_types(tmp_path):
    path = tmp_path / "result.parquet"
    assert write_result(path, PAIRS, KEY, VALUE) == 3
    table = pq.read_table(path)
    assert [(f.name, str(f.type), f.nullable) for f in table.schema] == [
        ("key_0", "int64", False),
        ("key_1", "string", False),
        ("value", "double", True),
    ]
    assert [tuple(row.values()) for row in table.to_pylist()] == [(*key, value) for key, value in PAIRS]


def test_lists_are_json_in_csv_and_lists_in_parquet(tmp_path):
    pairs = [("a", [[1.5, None], []]), ("b", []), ("é", [[math.inf]])]
    type_ = parse_type("array[array[float?]]")
    assert write_result(tmp_path / "a.csv", pairs, STR, type_) == 3
    assert (tmp_path / "a.csv").read_text() == 'key,value\na,"[[1.5,null],[]]"\nb,[]\né,[[Infinity]]\n'
    assert write_result(tmp_path / "a.parquet", pairs, STR, type_) == 3
    table = pq.read_table(tmp_path / "a.parquet")
    assert [tuple(row.values()) for row in table.to_pylist()] == pairs
    assert write_result(tmp_path / "a.jsonl", pairs, STR, type_) == 3
    assert (tmp_path / "a.jsonl").read_text().startswith('["a",[[1.5,null],[]]]\n')
    for items, what in (
        ("array[num]", "int or float by the row"),
        ("array[[str,int]]", "no dicts and no lists of tuples"),
        ("dict[str,int]", "no dicts and no lists of tuples"),
    ):
        check_result_file(tmp_path / "a.csv", STR, parse_type(items))
        with pytest.raises(UnwritableResult, match=what):
            check_result_file(tmp_path / "a.parquet", STR, parse_type(items))


def test_dicts_are_json_in_csv(tmp_path):
    type_ = parse_type("[int,dict[str,array[int]]]")
    assert write_result(tmp_path / "a.csv", [("a", [1, {"b": [2], "a": []}])], STR, type_) == 1
    assert (tmp_path / "a.csv").read_text() == 'key,value_0,value_1\na,1,"{""b"":[2],""a"":[]}"\n'


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_a_large_result_is_written_in_bounded_memory(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(results, "_GROUP_ROWS", 300)
    rows = 4_000
    tracemalloc.start()
    try:
        assert (
            write_result(tmp_path / f"a.{ending}", ((number, f"{number:1000}") for number in range(rows)), INT, STR)
            == rows
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20
    if ending == "parquet":
        table = pq.read_table(tmp_path / "a.parquet")
        assert table["key"].to_pylist() == list(range(rows))


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "parquet"])
def test_a_result_without_rows_or_keys(tmp_path, ending):
    assert write_result(tmp_path / f"a.{ending}", [], STR, INT) == 0
    assert write_result(tmp_path / f"b.{ending}", [(None, 7)], NONE, INT) == 1


def test_a_number_of_either_kind(tmp_path):
    path = tmp_path / "a.csv"
    write_result(path, [("a", 1), ("b", 1.0)], STR, NUM)
    assert path.read_text() == "key,value\na,1\nb,1.0\n"
    with pytest.raises(UnwritableResult, match=r"write \.jsonl or \.csv"):
        check_result_file(tmp_path / "a.parquet", STR, Option(NUM))


def test_what_has_no_columns_goes_to_lines(tmp_path):
    with pytest.raises(UnwritableResult, match=r"there are no columns for \(int,int\)\?; write \.jsonl"):
        check_result_file(tmp_path / "a.csv", STR, Option(Tuple((INT, INT))))
    check_result_file(tmp_path / "a.jsonl", STR, Option(Tuple((INT, INT))))


@pytest.mark.parametrize("name", ["result", "result.txt", "result.xlsx"])
def test_a_name_without_a_known_ending(tmp_path, name):
    with pytest.raises(UnwritableResult, match=r"\.jsonl, \.csv or \.parquet"):
        write_result(tmp_path / name, [], STR, INT)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UnwritableResult, match="No such file"):
        write_result(tmp_path / "none" / "a.csv", [], STR, INT)
