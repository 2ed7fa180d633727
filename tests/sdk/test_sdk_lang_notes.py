"""What in a job has no effect here is accepted and told."""

from pathlib import Path

from totem_sdk.lang import notes_of

SURFACE = (Path(__file__).parents[1] / "conformance" / "programs" / "mrjob_surface.py").read_text()


def test_hints_for_engines_and_reports_are_noted_where_they_stand():
    found = notes_of(SURFACE)
    said = [(note.message.split()[0], SURFACE.splitlines()[note.at.line - 1]) for note in found]
    assert [word for word, _ in said] == [
        *("JOBCONF", "HADOOP_INPUT_FORMAT", "JSONValueProtocol"), *("increment_counter",) * 2, "set_status", "jobconf",
    ]  # fmt: skip
    assert all(word in line for word, line in said)


def test_a_job_without_them_has_no_notes():
    head = "from mrjob.job import MRJob\nclass Job(MRJob):\n"
    assert notes_of(f"{head}    def mapper(self, _, line):\n        yield 1, 1\n") == ()


def test_what_can_not_be_read_has_no_notes():
    assert notes_of("x = (") == ()
    assert notes_of("x = 1\n") == ()
