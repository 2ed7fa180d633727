from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.n << 3  # refused: operator@13
        b = row.n & 1  # refused: operator@13
        c = ~row.n  # refused: operator@13
        d = row.n @ row.n  # refused: operator@13
        a |= 3  # refused: operator@9
        yield row.name, row.n
