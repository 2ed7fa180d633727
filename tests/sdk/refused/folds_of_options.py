from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.kwh

    def combiner(self, key, values):
        yield key, max(values)  # refused: maybe-none@20

    def reducer(self, key, values):
        yield key, sum(values)  # refused: maybe-none@20
