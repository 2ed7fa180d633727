from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n

    def combiner(self, key, values):
        if key == "a":
            total = sum(values)
        else:
            total = max(values)
        yield key, total

    def reducer(self, key, values):
        total = sum(values)
        for value in values:  # refused: values-twice@22
            total += value
        yield key, total
