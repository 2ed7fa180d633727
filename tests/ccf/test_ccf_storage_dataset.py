"""Datasets: which files, which fragments, and that both are the same for ever."""

import bz2
import gzip
import json
import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrjob.protocol import TextValueProtocol

from totem_ccf.storage import DataError, Dataset, Fragment, open_dataset, records, salted_digest
from totem_sdk.schema import LINES, Schema


def lines_of(dataset):
    return [line for batch in dataset.read(["line"]) for line in batch["line"].to_pylist()]


@pytest.fixture
def folder(tmp_path):
    for name, text in {"b.txt": "3\n", "a.txt": "1\n2\n", "sub/c.txt": "4\n", ".hidden": "x\n", "_done": "y\n"}.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    return tmp_path / "data"


def test_a_folder_stands_for_its_files_in_order(folder):
    assert lines_of(open_dataset(folder)) == ["1", "2", "3", "4"]


def test_a_glob_stands_for_what_it_matches(folder):
    assert lines_of(open_dataset(f"{folder}/?.txt")) == ["1", "2", "3"]
    assert lines_of(open_dataset(f"{folder}/**/*.txt")) == ["1", "2", "3", "4"]


def test_several_paths_are_taken_in_their_order(folder):
    assert lines_of(open_dataset([folder / "b.txt", str(folder / "a.txt")])) == ["3", "1", "2"]


def test_a_file_whose_name_looks_like_a_glob(tmp_path):
    (tmp_path / "a[1].txt").write_text("x\n")
    assert lines_of(open_dataset(tmp_path / "a[1].txt")) == ["x"]


@pytest.mark.parametrize("path", ["none.csv", "none/*.csv", "empty", "a\0b"])
def test_what_is_not_there_is_named(tmp_path, path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as caught:
        open_dataset(tmp_path / path)
    assert caught.value.kind == "missing"
    assert path.split("\0")[0] in str(caught.value)


def test_no_path_at_all():
    with pytest.raises(DataError, match="no data given"):
        open_dataset([])


def test_formats_are_not_mixed(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "b.txt").write_text("a\n")
    with pytest.raises(DataError, match=r"different formats: csv \(a.csv\), text \(b.txt\)"):
        open_dataset(tmp_path)
    assert lines_of(open_dataset(tmp_path, lines=True)) == ["a", "1", "a"]


def test_a_device_is_no_data():
    with pytest.raises(DataError, match="neither a file nor a folder"):
        open_dataset("/dev/null")


@settings(deadline=None)
@given(text=st.text(alphabet="aé\n\r\u2028\0", max_size=30))
def test_lines_are_those_that_mrjob_gives(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "data.txt"
    path.write_bytes(text.encode())
    with path.open("rb") as file:
        # As MRJob reads: MRJob._wrap_protocols.
        expected = [TextValueProtocol().read(line.rstrip(b"\r\n"))[1] for line in file]
    dataset = open_dataset(path)
    assert dataset.schema == LINES
    assert dataset.rows == len(expected)
    assert lines_of(dataset) == expected


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_compressed_text(tmp_path, ending, compress):
    path = tmp_path / f"log.txt.{ending}"
    path.write_bytes(compress(b"a\nb\n"))
    assert lines_of(open_dataset(path)) == ["a", "b"]


def test_text_has_no_other_schema(tmp_path):
    (tmp_path / "a.txt").write_text("x\n")
    with pytest.raises(DataError, match="one column: line"):
        open_dataset(tmp_path / "a.txt", Schema.of({"x": "int"}))


@pytest.fixture(params=["csv", "text", "parquet", "gz"])
def dataset(request, tmp_path, monkeypatch):
    monkeypatch.setattr(records, "BLOCK_ROWS", 10)
    monkeypatch.setattr("totem_ccf.storage.parquet.BLOCK_ROWS", 10)
    numbers = range(35)
    text = "number\n" + "".join(f"{i}\n" for i in numbers)
    if request.param == "parquet":
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"number": numbers}), path, row_group_size=5)
    elif request.param == "gz":
        path = tmp_path / "a.csv.gz"
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path = tmp_path / f"a.{'csv' if request.param == 'csv' else 'txt'}"
        path.write_text(text)
    return open_dataset(path)


def test_fragments_travel_as_documents_and_pickles(dataset):
    document = json.loads(json.dumps(dataset.to_json()))
    assert Dataset.from_json(document) == dataset
    for fragment in dataset.fragments:
        assert Fragment.from_json(json.loads(json.dumps(fragment.to_json()))) == fragment
        assert pickle.loads(pickle.dumps(fragment)) == fragment  # noqa: S301 - our own bytes


def test_fragments_are_read_by_themselves_and_together(dataset):
    name = dataset.schema.columns[0].name
    apart = [row for fragment in dataset.fragments for batch in fragment.read([name], 3) for row in batch.to_pylist()]
    together = [row for batch in dataset.read([name]) for row in batch.to_pylist()]
    assert apart == together
    assert len(apart) == dataset.rows
    first_row = 0
    for fragment in dataset.fragments:
        assert fragment.first_row == first_row
        first_row += fragment.rows


def test_opening_again_gives_the_same(dataset):
    again = open_dataset(dataset.fragments[0].path)
    assert again == dataset
    without = open_dataset(dataset.fragments[0].path, digests=False)
    assert [fragment.rows for fragment in without.fragments] == [fragment.rows for fragment in dataset.fragments]
    assert {fragment.digest for fragment in without.fragments} == {None}


def test_every_fragment_has_a_digest_of_its_own(dataset):
    digests = {fragment.digest for fragment in dataset.fragments}
    assert len(digests) == len(dataset.fragments)
    assert all(len(bytes.fromhex(digest)) == 32 for digest in digests)


def test_a_salt_hides_a_digest():
    digest = "ab" * 32
    salted = salted_digest(digest, b"salt" * 4)
    assert salted == salted_digest(digest, b"salt" * 4)
    assert len({digest, salted, salted_digest(digest, b"tlas" * 4), salted_digest("ac" * 32, b"salt" * 4)}) == 4
