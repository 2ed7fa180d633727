from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.n  # refused: yield-form@9
        yield row.n, 1, 2  # refused: yield-form@9
        yield row.name, row.n
