from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n

    def combiner(self, key, values):
        total = 0
        for i in range(3):
            total += sum(values)  # refused: values-twice@26
        yield key, total

    def reducer(self, key, values):
        yield key, sum(values) / max(values)  # refused: values-twice@38
