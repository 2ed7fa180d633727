"""Files beside the data on the command line: a path is given, the text travels."""

import json

import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem.services.errors import BadInput
from totem.services.inputs import read_job, with_files
from totem_sdk.errors import InvalidDocument
from totem_sdk.lang import compile_job, files_of
from totem_sdk.parameters import MAX_TEXT_BYTES, bind
from totem_sdk.schema import LINES

JOB = """from mrjob.job import MRJob


class Stops(MRJob):
    FILES = ["stop.txt"]

    def configure_args(self):
        super().configure_args()
        self.add_file_arg("--stop")

    def mapper_init(self):
        with open(self.options.stop or "stop.txt") as f:
            self.stop = set(line.strip() for line in f)

    def mapper(self, _, line):
        for word in line.split():
            if word not in self.stop:
                yield word, 1

    def reducer(self, word, ones):
        yield word, sum(ones)
"""


@pytest.fixture
def job(tmp_path):
    path = tmp_path / "job.py"
    path.write_text(JOB)
    (tmp_path / "stop.txt").write_bytes(b"the\r\na\r\n")
    return read_job(path)


def test_the_default_is_beside_the_job_and_lines_end_alike(job, tmp_path):
    assert files_of(JOB) == {"stop": "stop.txt"}
    assert with_files(job, {}) == {"stop": "the\na\n"}
    (tmp_path / "other.txt").write_text("x")
    assert with_files(job, {"stop": str(tmp_path / "other.txt"), "n": "1"}) == {"stop": "x", "n": "1"}


@pytest.mark.parametrize(
    ("data", "code"), [(b"\xff", "not-utf8"), (b"a" * (MAX_TEXT_BYTES + 1), "too-large"), (None, "not-readable")]
)
def test_what_is_no_text_is_refused(job, tmp_path, data, code):
    path = tmp_path / "stop.txt"
    path.unlink() if data is None else path.write_bytes(data)
    with pytest.raises(BadInput) as caught:
        with_files(job, {})
    assert (caught.value.code, caught.value.hint) == (
        code,
        "make it smaller" if code == "too-large" else "name the file: --param stop=PATH",
    )


def test_a_text_that_is_too_long_is_no_parameter():
    program = compile_job(JOB, LINES)
    assert bind(program, {"stop": "ä" * (MAX_TEXT_BYTES // 2)})
    with pytest.raises(InvalidDocument, match=r"more than 1,048,576 bytes"):
        bind(program, {"stop": "ä" * (MAX_TEXT_BYTES // 2) + "a"})


@pytest.mark.slow
def test_a_run_leaves_out_what_the_file_names(job, tmp_path):
    data = tmp_path / "data.txt"
    data.write_text("the fox\na fox\n")
    words = ["run", job.filename, str(data), "--json", "--interpreter", "--totem", "1000000"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["result"] == [["fox", 2]]
    (tmp_path / "other.txt").write_text("fox\na\n")
    done = CliRunner().invoke(app, [*words, "--param", f"stop={tmp_path / 'other.txt'}"])
    assert json.loads(done.stdout)["result"] == [["the", 1]]
