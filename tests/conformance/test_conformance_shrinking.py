"""What fuzzing shows of a program on which executors differ."""

from shrinking import shrunk

PROGRAM = """
class Job(TotemJob):
    def mapper(self, _, row):
        if row.n > 1:
            first = 1
            for number in range(3):
                wrong = number // row.n
                first += 1
        else:
            first = 2
        yield row.n, first
    def helper(self):
        return 1
"""


def test_a_program_is_made_as_small_as_still_shows_the_difference():
    small = shrunk(PROGRAM, lambda source: "wrong =" in source)
    assert small.split("\n") == [
        "class Job(TotemJob):",
        "",
        "    def mapper(self, _, row):",
        "        wrong = number // row.n",
    ]


def test_a_program_that_depends_on_how_it_is_written_stays_as_it_is():
    assert shrunk(PROGRAM, lambda source: source == PROGRAM) == PROGRAM
