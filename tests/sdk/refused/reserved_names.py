from totem_sdk import Param, TotemJob


class Job(TotemJob):
    options = 3  # refused: reserved-name@5
    mapper_init = 3  # refused: reserved-name@5
    steps: int = Param(1)  # refused: reserved-name@5

    def run(self):  # refused: reserved-name@5
        return 1

    def parse_output(self, x):  # refused: reserved-name@5
        return x

    def mapper(self, _, row):
        yield row.name, row.n
