from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        with open("x") as f:  # refused: with@9
            pass
        yield row.name, row.n
