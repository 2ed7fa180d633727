"""Where plain files are cut: at rows, by a rule that depends on the bytes alone."""

import io

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from totem_ccf.storage import DataError, records
from totem_ccf.storage.records import CsvScanner, LineScanner, blocks

MESSY = st.text(alphabet='a,"\n\r', max_size=40)


@pytest.fixture
def small(monkeypatch):
    """Blocks of few bytes and rows, read in pieces of few bytes."""

    def limit(block_bytes, block_rows, read):
        monkeypatch.setattr(records, "BLOCK_BYTES", block_bytes)
        monkeypatch.setattr(records, "BLOCK_ROWS", block_rows)
        monkeypatch.setattr(records, "PIECE_BYTES", read)

    return limit


def cut(data, scanner, path="file"):
    return list(blocks(io.BytesIO(data), scanner, path))


def csv_rows(text):
    """The rule as a machine that goes character by character; None if the text ends within quotes."""
    rows, row, state = [], "", "start"
    position = 0
    while position < len(text):
        c = text[position]
        if state == "quoted":
            if c == '"' and text[position + 1 : position + 2] == '"':
                row += '"'
                position += 1
            elif c == '"':
                state = "plain"
        elif c == '"' and state == "start":
            state = "quoted"
        elif c in "\r\n":
            if c == "\r" and text[position + 1 : position + 2] == "\n":
                position += 1
            rows.append(row)
            row, state = "", "start"
            position += 1
            continue
        else:
            state = "start" if c == "," else "plain"
        row += c
        position += 1
    if state == "quoted":
        return None
    return [row for row in [*rows, row] if row]


@pytest.mark.slow
@settings(deadline=None)
@given(text=MESSY, limits=st.tuples(st.integers(1, 30), st.integers(1, 6), st.integers(1, 9)))
@example(text='a,"b\n""c"\n\r\n\r', limits=(1, 1, 1))
@example(text='"a"b"\n","', limits=(1, 6, 3))
def test_csv_is_cut_where_its_rows_end(text, limits):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(("BLOCK_BYTES", "BLOCK_ROWS", "PIECE_BYTES"), limits, strict=True):
            patch.setattr(records, name, value)
        expected = csv_rows(text)
        if expected is None:
            with pytest.raises(DataError, match="truncated"):
                cut(text.encode(), CsvScanner(","))
            return
        found = cut(text.encode(), CsvScanner(","))
    assert sum(block.rows for block in found) == len(expected)
    assert [row for block in found for row in csv_rows(block.data.decode()) or []] == expected
    position = row = 0
    for block in found:
        assert (block.start, block.first_row) == (position, row)
        position, row = position + len(block.data), row + block.rows
        assert block.rows <= limits[1]
        assert block.rows or len(found) == 1
    assert not text[position:].strip("\r\n")


@settings(deadline=None)
@given(text=st.text(alphabet='a"\n\r', max_size=40))
def test_arrow_finds_the_same_rows(text):
    expected = csv_rows(text)
    if not expected:
        return
    (block,) = cut(text.encode(), CsvScanner(","))
    table = pyarrow.csv.read_csv(
        pa.BufferReader(block.data),
        pyarrow.csv.ReadOptions(column_names=["0"], block_size=len(block.data) + 1),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
    )
    assert table.num_rows == block.rows


@settings(deadline=None)
@given(
    text=st.text(alphabet="ab\n\r", max_size=40),
    limits=st.tuples(st.integers(1, 30), st.integers(1, 6)),
    read=st.integers(1, 9),
)
def test_text_is_cut_at_line_feeds(text, limits, read):
    whole = cut(text.encode(), LineScanner())
    assert sum(block.rows for block in whole) == len(io.BytesIO(text.encode()).readlines())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_BYTES", limits[0])
        patch.setattr(records, "BLOCK_ROWS", limits[1])
        once = cut(text.encode(), LineScanner())
        patch.setattr(records, "PIECE_BYTES", read)
        assert cut(text.encode(), LineScanner()) == once
    assert b"".join(block.data for block in once) == text.encode()


def test_a_block_ends_with_the_row_that_reaches_a_limit(small):
    small(block_bytes=10, block_rows=3, read=1000)
    found = cut(b"a\nb\nc\nd\neeeeeeeeeee\nf\n", LineScanner())
    assert [(block.data, block.first_row, block.rows) for block in found] == [
        (b"a\nb\nc\n", 0, 3),
        (b"d\neeeeeeeeeee\n", 3, 2),
        (b"f\n", 5, 1),
    ]


@pytest.mark.parametrize("data", [b"", b"\n\r\n\n"])
def test_a_csv_without_rows_is_one_empty_block(data):
    (block,) = cut(data, CsvScanner(","))
    assert (block.data, block.rows) == (b"", 0)


def test_another_delimiter_opens_cells():
    (block,) = cut(b'a;"b\nc"\n', CsvScanner(";"))
    assert block.rows == 1
    with pytest.raises(DataError, match="truncated"):
        # After a comma that separates nothing the quote is a letter, after the semicolon it opens.
        cut(b'a,"b;"c\n', CsvScanner(";"))


def test_an_unclosed_quote_is_found_before_all_is_read(small, monkeypatch):
    small(block_bytes=10, block_rows=10, read=4)
    monkeypatch.setattr(records, "LONGEST_ROW", 20)
    with pytest.raises(DataError, match="row 3: a row is longer") as caught:
        cut(b'a\nb\n"' + b"c\n" * 50, CsvScanner(","))
    assert (caught.value.kind, caught.value.row) == ("format", 3)
