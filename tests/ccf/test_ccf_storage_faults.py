"""Data that are not as they were described or published: the provider learns where, the consumer what kind."""

import gzip
import lzma
import pickle
import traceback

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from totem_ccf.storage import DataError, open_dataset, records
from totem_sdk.errors import InternalError
from totem_sdk.schema import Schema

SECRET = "s3cr3t-cell"


def read(dataset, **options):
    names = [column.name for column in dataset.schema.columns]
    return [row for batch in dataset.read(names, **options) for row in batch.to_pylist()]


def fails(action, kind, path, row=None, column=None):
    """Check the one error that ``action`` ends in, and that nothing of it shows a cell."""
    with pytest.raises(DataError) as caught:
        action()
    error = caught.value
    assert (error.kind, error.path, error.row, error.column) == (kind, str(path), row, column)
    assert error.for_consumer() == kind
    assert str(path) in str(error)
    assert row is None or f"row {row}" in str(error)
    shown = "".join(traceback.format_exception(error))
    link = error
    while link is not None:
        shown += repr(link) + repr(vars(link))
        link = link.__context__ or link.__cause__
    assert SECRET not in shown
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(again), again.to_json()) == (str(error), error.to_json())


@pytest.fixture
def csv_of(tmp_path):
    def write(text, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"x": [f"{SECRET}{i}" for i in range(1000)]}), path, row_group_size=100)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("schema", [None, Schema.of({"kwh": "float"})])
def test_a_wrong_type_in_row_1000001(csv_of, schema):
    path = csv_of("kwh\n" + "1.5\n" * 1_000_000 + f"{SECRET}\n" + "2\n")
    fails(lambda: read(open_dataset(path, schema)), "type", path, 1_000_001, "kwh")


def test_a_file_that_is_gone(csv_of, parquet):
    for path, open_file in ((parquet, open_dataset), (csv_of("a\n1\n"), open_dataset)):
        dataset = open_file(path)
        path.unlink()
        fails(lambda path=path: open_dataset(path), "missing", path)
        fails(lambda dataset=dataset: read(dataset), "missing", path)


def test_a_file_that_the_system_refuses(csv_of):
    path = csv_of("a\n1\n") / "below-a-file.csv"
    fails(lambda: open_dataset(path), "unreadable", path)
    path = path.with_name("x" * 300 + ".csv")
    fails(lambda: open_dataset(path), "unreadable", path)


@pytest.mark.parametrize("keep", [0, 3, 100, -1])
def test_a_truncated_parquet_file(parquet, keep):
    dataset = open_dataset(parquet)
    parquet.write_bytes(parquet.read_bytes()[:keep])
    kind = "truncated" if keep not in (0, 3) else "format"
    fails(lambda: open_dataset(parquet), kind, parquet)
    fails(lambda: read(dataset), kind, parquet)


def test_what_is_no_parquet_file(tmp_path):
    path = tmp_path / "data.parquet"
    path.write_text(f"{SECRET}\n" * 100)
    fails(lambda: open_dataset(path), "format", path)


def test_a_damaged_page_without_digests(tmp_path):
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"x": [f"{SECRET}{i}" for i in range(1000)]}), path, compression="zstd")
    dataset = open_dataset(path, digests=False)
    data = bytearray(path.read_bytes())
    data[100:600] = b"\xff" * 500
    path.write_bytes(data)
    fails(lambda: read(dataset), "format", path)


def test_a_changed_parquet_file(parquet):
    dataset = open_dataset(parquet)
    pq.write_table(pa.table({"x": [f"{SECRET}{i}" for i in range(999)] + ["other"]}), parquet, row_group_size=100)
    fails(lambda: read(dataset), "changed", parquet)
    pq.write_table(pa.table({"x": [SECRET]}), parquet)
    fails(lambda: read(dataset), "changed", parquet)
    pq.write_table(pa.table({"y": [SECRET] * 1000}), parquet, row_group_size=100)
    fails(lambda: read(dataset), "changed", parquet)
    pq.write_table(pa.table({"x": list(range(1000))}), parquet, row_group_size=100)
    fails(lambda: read(dataset), "changed", parquet)


def write_rows(path, text):
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"a": [text] * 600}), path, row_group_size=100)
    else:
        path.write_bytes(gzip.compress(("a\n" + f"{text}\n" * 600).encode()))


@pytest.mark.parametrize("ending", ["parquet", "csv.gz"])
@pytest.mark.parametrize("way", ["written to", "replaced"])
def test_a_file_that_is_changed_between_its_digest_and_its_last_row(tmp_path, monkeypatch, ending, way):
    monkeypatch.setattr(records, "BLOCK_ROWS", 10)
    path, other = tmp_path / f"data.{ending}", tmp_path / f"other.{ending}"
    write_rows(path, "published")
    rows = open_dataset(path).read(["a"], 50)
    assert set(next(rows).column("a").to_pylist()) == {"published"}
    write_rows(other, "something")
    if way == "replaced":
        other.rename(path)
    else:
        path.write_bytes(other.read_bytes())
    with pytest.raises(DataError) as caught:
        list(rows)
    assert (caught.value.kind, caught.value.path) == ("changed", str(path))


def test_rows_may_be_appended_to_a_plain_file_while_it_is_read(csv_of):
    path = csv_of("a\n" + "1\n" * 600)
    rows = open_dataset(path).read(["a"], 50)
    next(rows)
    with path.open("a") as file:
        file.write("2\n")
    assert sum(batch.num_rows for batch in rows) == 550


def test_a_text_in_parquet_that_is_not_utf8(tmp_path):
    path = tmp_path / "data.parquet"
    values = pa.array([b"a", SECRET.encode(), b"\xff" + SECRET.encode()])
    strings = pa.StringArray.from_buffers(3, values.buffers()[1], values.buffers()[2])
    pq.write_table(pa.table({"x": strings}), path)
    fails(lambda: read(open_dataset(path)), "encoding", path, 3, "x")


@pytest.mark.parametrize("ending", ["csv", "txt"])
def test_one_changed_byte_in_a_plain_file(csv_of, ending, monkeypatch):
    monkeypatch.setattr(records, "BLOCK_ROWS", 10)
    path = csv_of("a,b\n" + "1,x\n" * 100, f"data.{ending}")
    dataset = open_dataset(path)
    data = bytearray(path.read_bytes())
    data[-3:-2] = b";"
    path.write_bytes(data)
    good, bad = dataset.fragments[0], dataset.fragments[-1]
    name = dataset.schema.columns[0].name
    assert sum(batch.num_rows for batch in good.read([name])) == 10
    fails(lambda: list(bad.read([name])), "changed", path)


def test_a_renamed_column_is_a_change(csv_of):
    path = csv_of("a,b\n1,2\n")
    dataset = open_dataset(path)
    path.write_text("b,a\n1,2\n")
    fails(lambda: read(dataset), "changed", path)


def test_rows_that_were_added_are_not_read(csv_of):
    path = csv_of("a\n1\n2\n")
    dataset = open_dataset(path)
    path.write_text("a\n1\n2\n3\n")
    assert read(dataset) == [{"a": 1}, {"a": 2}]


def test_rows_that_are_gone(csv_of):
    path = csv_of("a\n1\n2\n3\n")
    dataset = open_dataset(path)
    path.write_text("a\n1\n2\n")
    fails(lambda: read(dataset), "truncated", path)


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("xz", lzma.compress)])
def test_compressed_files_that_are_changed_or_damaged(csv_of, ending, compress):
    whole = compress(f"a\n{SECRET}\n".encode() * 1000)
    path = csv_of(whole, f"data.csv.{ending}")
    dataset = open_dataset(path)
    path.write_bytes(compress(b"a\n" * 2000))
    fails(lambda: read(dataset), "changed" if path.stat().st_size >= len(whole) else "truncated", path)
    path.write_bytes(whole[: len(whole) // 2])
    fails(lambda: open_dataset(path), "truncated", path)
    path.write_bytes(SECRET.encode() * 10)
    fails(lambda: open_dataset(path), "format", path)


def test_without_digests_another_number_of_rows_is_a_change(csv_of):
    path = csv_of(gzip.compress(b"a\n1\n2\n"), "data.csv.gz")
    dataset = open_dataset(path, digests=False)
    path.write_bytes(gzip.compress(b"a\n1\n"))
    fails(lambda: read(dataset), "changed", path)


@pytest.mark.parametrize("schema", [None, Schema.of({"a": "int", "s": "str"})])
def test_a_csv_that_is_not_utf8(csv_of, schema):
    rows = [f"{i},{SECRET}\n".encode() for i in range(100)]
    rows[41] = f"7,{SECRET}é\n".encode("latin-1")
    path = csv_of(b"a,s\n" + b"".join(rows))
    fails(lambda: read(open_dataset(path, schema)), "encoding", path, 42)


def test_a_text_that_is_not_utf8(csv_of):
    path = csv_of(f"{SECRET}\n".encode() * 9 + b"\xe9\n", "data.txt")
    fails(lambda: read(open_dataset(path)), "encoding", path, 10, "line")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_another_encoding_altogether(csv_of, encoding):
    path = csv_of(f"größe,{SECRET}\n1,{SECRET}\n".encode(encoding))
    fails(lambda: read(open_dataset(path)), "encoding", path)


@pytest.mark.parametrize("schema", [None, Schema.of({"a": "int"}), Schema.of({"b": "str"})])
@pytest.mark.parametrize("row", [SECRET, f"1,{SECRET},3", f"1;{SECRET}"])
def test_a_row_of_another_shape(csv_of, schema, row):
    path = csv_of("a,b\n" + "1,x\n" * 50 + f"{row}\n" + "2,y\n" * 50)
    fails(lambda: read(open_dataset(path, schema)), "format", path, 51)


def test_an_empty_cell_that_may_not_be(csv_of):
    path = csv_of(f"a,s\n1,{SECRET}\n,{SECRET}\n")
    fails(lambda: read(open_dataset(path, Schema.of({"a": "int"}))), "type", path, 2, "a")
    fails(lambda: read(open_dataset(path, Schema.of({"s": "int", "a": "int"}))), "type", path, 1, "s")


@pytest.mark.parametrize("type_", ["int", "float", "bool", "date", "datetime"])
def test_a_cell_of_another_type(csv_of, type_):
    good = {"int": "1", "float": "1.5", "bool": "true", "date": "1/2/2020", "datetime": "2020-01-01T00:00"}[type_]
    path = csv_of("x,y\n" + f"{good},{good}\n" * 9 + f"{good},{SECRET}\n" + f"{good},{good}\n" * 5)
    fails(lambda: read(open_dataset(path, Schema.of({"x": type_, "y": type_}))), "type", path, 10, "y")


def test_rows_are_counted_over_fragments(csv_of, monkeypatch):
    monkeypatch.setattr(records, "BLOCK_ROWS", 7)
    path = csv_of("x\n\n" + '1\n\n"2"\n' * 20 + f"{SECRET}\n")
    fails(lambda: read(open_dataset(path, Schema.of({"x": "int"}))), "type", path, 41, "x")


def test_a_year_outside_of_pythons(csv_of):
    path = csv_of("d,t\n0001-01-01,0001-01-01 00:00\n0000-01-01,0000-01-01 00:00\n")
    fails(lambda: read(open_dataset(path, Schema.of({"d": "date"}))), "type", path, 2, "d")
    fails(lambda: read(open_dataset(path, Schema.of({"t": "datetime"}))), "type", path, 2, "t")


def test_an_unclosed_quote(csv_of):
    path = csv_of(f'a,b\n1,x\n2,"{SECRET}\n3,y\n')
    fails(lambda: open_dataset(path), "truncated", path, 2)


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_csv_without_a_header(csv_of, text):
    path = csv_of(text)
    fails(lambda: open_dataset(path), "format", path)


def test_files_of_other_columns(csv_of):
    csv_of("a,b\n1,2\n", "1.csv")
    path = csv_of("a,c\n1,2\n", "2.csv")
    fails(lambda: open_dataset(path.parent), "schema", path, column="b")
    csv_of("a,b,d\n1,2,3\n", "2.csv")
    fails(lambda: open_dataset(path.parent), "schema", path.parent / "1.csv", column="d")
    fails(lambda: open_dataset(path, Schema.of({"z": "int"})), "schema", path, column="z")


def test_compressed_parquet_is_told_to_decompress(tmp_path):
    path = tmp_path / "a.parquet.gz"
    path.write_bytes(gzip.compress(b"x"))
    fails(lambda: open_dataset(path), "format", path)


def test_a_column_that_is_not_in_the_dataset_is_our_bug(csv_of):
    with pytest.raises(InternalError):
        list(open_dataset(csv_of("a\n1\n")).read(["b"]))


def test_an_unknown_kind_is_our_bug():
    with pytest.raises(InternalError):
        DataError("odd", "file", "detail")
