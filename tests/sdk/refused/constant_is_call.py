from totem_sdk import TotemJob


class Job(TotemJob):
    LIMIT = float("0.5")  # refused: constant@13
    NAMES = ("a", ["b"])  # refused: constant@19
    HALF = 1 / 0  # refused: constant@12
    TEXT = "a" * 1000  # refused: constant@12
    WRONG: int = 0.5  # refused: annotation@12

    def mapper(self, _, row):
        yield row.name, row.n
