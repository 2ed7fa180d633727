from totem_sdk import TotemJob


class Job(TotemJob):
    SORT_VALUES = True

    def mapper(self, _, row):
        yield row.name, row.x

    def combiner(self, name, values):
        yield name, sum(values)

    def reducer(self, name, values):
        yield name, max(values)  # refused: option@21
