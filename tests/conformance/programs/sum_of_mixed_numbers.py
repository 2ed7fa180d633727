# schema: {"k": "int", "a": "int", "x": "float"}
from totem_sdk import TotemJob


class SumOfMixedNumbers(TotemJob):
    def mapper(self, _, row):
        yield row.k % 3, row.a if row.a > 2 else row.x

    def combiner(self, key, values):
        yield key, sum(values)

    def reducer(self, key, values):
        total = 0
        for value in values:
            total += value
        yield key, round(total, 6)
