from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        while True:  # refused: endless-loop@9
            x = 1
        yield row.name, row.n
