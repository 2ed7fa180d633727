from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n
        yield row.n, row.n  # refused: type-conflict@9
        yield row.name, row.name  # refused: type-conflict@9
