from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        try:  # refused: exception@9
            x = int(row.name)
        except ValueError:
            x = 0
        if row.n < 0:
            raise ValueError(row.n)  # refused: exception@13
        assert row.n > 0  # refused: exception@9
        yield row.name, row.n
