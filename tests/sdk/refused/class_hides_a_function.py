from totem_sdk import TotemJob


class sum(TotemJob):  # refused: reserved-name@1
    def mapper(self, _, row):
        yield row.name, row.n

    def reducer(self, key, values):
        yield key, sum(values)
