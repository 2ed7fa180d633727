"""Files that a caller names: what is read, and what errors say."""

import json

import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem.services.data import read_schema_and_options
from totem.services.errors import BadInput
from totem.services.inputs import MAX_FILE_BYTES, read_job, read_params, read_table

SIZES = """from totem_sdk import TotemJob


class Sizes(TotemJob):
    def mapper(self, _, row):
        yield row.Straße, row.Größe

    def reducer(self, street, values):
        yield street, sum(values)
"""


def test_a_job_is_read_with_its_name(tmp_path):
    path = tmp_path / "job.py"
    path.write_bytes("\ufeffprice = '€'\n".encode())
    job = read_job(path)
    assert job.source == "price = '€'\n"
    assert job.filename == str(path)


def test_a_missing_job_says_what_to_give(tmp_path):
    with pytest.raises(BadInput, match="No such file") as caught:
        read_job(tmp_path / "none.py")
    assert "Python file" in caught.value.hint


def test_a_folder_is_no_job(tmp_path):
    with pytest.raises(BadInput, match="is a folder"):
        read_job(tmp_path)


def test_a_name_with_a_zero_byte_is_an_error_of_the_caller(tmp_path):
    with pytest.raises(BadInput, match="null byte"):
        read_job(tmp_path / "a\0b")


def test_another_encoding_is_named_with_its_line(tmp_path):
    path = tmp_path / "job.py"
    path.write_bytes(b"a = 1\nb = '\xe9'\n")
    with pytest.raises(BadInput, match=r"not UTF-8: byte 0xe9 in line 2"):
        read_job(path)


def test_a_job_has_a_largest_size(tmp_path):
    path = tmp_path / "job.py"
    path.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(BadInput, match="larger than"):
        read_job(path)


@pytest.mark.parametrize(
    "document",
    [[{"name": "at", "type": "datetime"}, {"name": "kwh", "type": "float?"}], {"at": "datetime", "kwh": "float?"}],
)
def test_both_forms_of_a_schema_mean_the_same(tmp_path, document):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(document))
    assert [(column.name, str(column.type)) for column in read_schema_and_options(path)[0].columns] == [
        ("at", "datetime"),
        ("kwh", "float?"),
    ]


@pytest.mark.parametrize(("text", "code"), [("{", "not-json"), ('{"a": "complex"}', "bad-schema"), ("3", "bad-schema")])
def test_a_bad_schema_is_named(tmp_path, text, code):
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        read_schema_and_options(path)
    assert caught.value.code == code
    assert "schema.json" in caught.value.message


def test_tables_by_name_and_by_file(tmp_path):
    bundled = read_table("paper-2019")
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(bundled.to_json()))
    assert read_table(str(path)).table_id == bundled.table_id


def test_an_unknown_table_lists_the_bundled_ones():
    with pytest.raises(BadInput) as caught:
        read_table("standard-9")
    assert "standard-1" in caught.value.hint


def test_parameters_keep_everything_after_the_first_equals_sign():
    assert read_params(["limit=2.5", "label=a=b", "empty="]) == {"limit": "2.5", "label": "a=b", "empty": ""}


@pytest.mark.parametrize("given", [["limit"], ["=3"], ["1a=3"], ["a=1", "a=2"]])
def test_parameters_that_are_not_name_and_value(given):
    with pytest.raises(BadInput, match="--param"):
        read_params(given)


@pytest.mark.slow
@pytest.mark.parametrize("words", [("check",), ("run", "--totem", "1000")])
def test_columns_may_have_letters_beyond_ascii(tmp_path, words):
    job, data = tmp_path / "sizes.py", tmp_path / "sizes.csv"
    data.write_text("Größe,Straße\n1.5,Weg\n2.5,Weg\n")
    job.write_text(SIZES)
    done = CliRunner().invoke(app, [words[0], str(job), str(data), *words[1:], "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout).get("result", [["Weg", 4.0]]) == [["Weg", 4.0]]


def test_other_names_may_not(tmp_path):
    job, data = tmp_path / "sizes.py", tmp_path / "sizes.csv"
    data.write_text("Größe,Straße\n1.5,Weg\n")
    job.write_text(SIZES.replace("sum(values)", "sum(größe)"))
    done = CliRunner().invoke(app, ["run", str(job), str(data), "--totem", "1000", "--json"])
    assert done.exit_code == 2
    assert [(item["code"], item["line"]) for item in json.loads(done.stdout)["refusals"]] == [("identifier", 9)]
