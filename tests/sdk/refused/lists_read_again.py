from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, [row.n]

    def reducer(self, key, values):  # refused: type-conflict@5
        for numbers in values:
            numbers.append(0.5)
            yield key, numbers
