from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        d = row.n @ row.n  # refused: operator@13
        d @= 3  # refused: operator@9
        yield row.name, row.n
