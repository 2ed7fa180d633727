from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield  # refused: yield-form@9
        x = yield row.n, 1  # refused: yield-form@13
        yield from row.name.split()  # refused: yield-form@9
        yield row.name, row.n
