from totem_sdk import TotemJob


class Job(TotemJob):
    def total(self, values):
        return sum(values)

    def mapper(self, _, row):
        yield row.name, row.n

    def combiner(self, key, values):
        yield key, self.total(values)  # refused: values-use@31

    def reducer(self, key, values):
        copy = values  # refused: values-use@16
        n = len(values)  # refused: values-use@17
        if values:  # refused: values-use@12
            values = 3  # refused: values-use@13
        yield key, 1
