from totem_sdk import Param, TotemJob

HALF = "\ud800"  # refused: encoding@8


class Job(TotemJob):
    """A docstring may say \ud800: it is no text of the program."""

    PAIR = ("\udfff", 1)  # refused: encoding@13
    text: str = Param("\ud800")  # refused: param@23

    def mapper(self, _, row):
        yield row.name + "\ud83d\ude00", row.n  # refused: encoding@26
