from totem_sdk import TotemJob


class Job(TotemJob):
    SORT_VALUES = True

    def mapper(self, _, row):
        yield row.name, [row.n]

    def reducer(self, name, values):
        for items in values:  # refused: option@22
            yield name, items
