from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield (row.name, row.n), (row.n, row.x)

    def reducer(self, key, values):
        for value in values:
            if value == (1, 2.0):  # refused: listed-tuple@16
                yield key, 1
        if key < ("a", 1):  # refused: listed-tuple@12
            yield key, 2
        best = max(key, ("b", 2))  # refused: listed-tuple@25
