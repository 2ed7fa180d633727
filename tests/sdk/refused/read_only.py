from totem_sdk import Param, TotemJob


class Job(TotemJob):
    rate: float = Param(0.5)
    LIMIT = 3

    def mapper_init(self):
        self.rate = 0.1  # refused: read-only@14
        self.LIMIT += 1  # refused: read-only@14

    def mapper(self, _, row):
        yield row.name, row.n
