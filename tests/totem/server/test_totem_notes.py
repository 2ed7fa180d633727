"""What in an accepted job has no effect is told by the commands, with its line."""

import json

import pytest
from typer.testing import CliRunner

from totem.cli.main import app

JOB = """from mrjob.job import MRJob


class MRWords(MRJob):
    JOBCONF = {"mapreduce.job.maps": "3"}

    def mapper(self, _, line):
        self.increment_counter("lines", "read")
        yield len(line), 1

    def reducer(self, key, values):
        yield key, sum(values)
"""


def totem(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def files(tmp_path):
    (tmp_path / "job.py").write_text(JOB)
    (tmp_path / "data.txt").write_text("a\nbb\nc\n")
    return tmp_path / "job.py", tmp_path / "data.txt"


@pytest.mark.parametrize("command", ["check", "estimate", "run"])
def test_the_commands_say_what_is_ignored(files, command):
    done = totem(command, *files)
    assert done.exit_code == 0, done.output
    assert "job.py:5:5: JOBCONF tells an engine" in done.stderr
    assert "job.py:8:14: increment_counter is not reported" in done.stderr


def test_check_has_the_notes_for_programs(files):
    notes = json.loads(totem("check", *files, "--json").stdout)["notes"]
    assert [(note["line"], note["column"]) for note in notes] == [(5, 5), (8, 14)]
