from totem_sdk import TotemJob


class Job(TotemJob):
    a: int = Param(1)  # refused: unknown-name@14

    def mapper(self, _, row):
        yield row.name, row.n
