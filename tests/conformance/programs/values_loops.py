# schema: {"k": "str", "n": "int", "x": "float"}
from totem_sdk import TotemJob


class ValuesLoops(TotemJob):
    def mapper(self, _, row):
        yield row.k, (row.n, row.x)

    def reducer(self, key, values):
        count = 0
        largest = None
        for n, x in values:
            count += 1
            if largest is None or x > largest:
                largest = x
            if count == 3:
                break
            last = n
        yield (key, "most"), (count, largest)
        yield (key, "last"), (n, x)
