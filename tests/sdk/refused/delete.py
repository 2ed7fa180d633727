from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        x = 3
        del x  # refused: delete@9
        yield row.name, row.n
