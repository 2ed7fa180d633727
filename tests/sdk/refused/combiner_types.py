from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n

    def combiner(self, key, values):  # refused: combiner-type@5
        yield key, sum(values) / 2

    def reducer(self, key, values):
        yield key, sum(values)
