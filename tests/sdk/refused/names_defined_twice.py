from totem_sdk import Param, TotemJob

LIMIT = 1
LIMIT = 2  # refused: duplicate@1
Param = 3  # refused: duplicate@1


class Job(TotemJob):
    rate: float = Param(0.5)
    rate = 3  # refused: duplicate@5
    SIZE = 1
    SIZE = 2  # refused: duplicate@5
    helper = 3

    def helper(self, x):  # refused: duplicate@5
        return x

    def mapper(self, _, row):
        yield row.name, row.n

    def mapper(self, _, row):  # refused: duplicate@5
        yield row.name, 1
