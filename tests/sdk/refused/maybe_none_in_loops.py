from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.kwh

    def reducer(self, key, values):
        last = 0.0
        for value in values:
            last = last + 1  # refused: maybe-none@20
            last = value
        pair = (1, last)
        a, b = pair
        yield key, a + b  # refused: maybe-none@24
