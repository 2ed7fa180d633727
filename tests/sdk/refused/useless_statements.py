from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        row.n + 1  # refused: statement@9
        row.n == 3  # refused: statement@9
        3  # refused: statement@9
        yield row.name, row.n
