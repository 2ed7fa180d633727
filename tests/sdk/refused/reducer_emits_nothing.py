from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n

    def reducer(self, key, values):  # refused: no-yield@5
        x = sum(values)
