# schema: {"name": "str", "n": "int"}
# data: [["a", 1], ["b", 2], ["a", 3], ["c", 4]]
# fails: type@20
"""A value that is a tuple where a number is needed."""

from totem_sdk import TotemJob


class FailsType(TotemJob):
    def mapper(self, _, row):
        if row.n < 3:
            yield row.name, row.n
        else:
            yield row.name, (row.name, row.n)

    def reducer(self, name, values):
        total = 0
        for value in values:
            yield name, total
            total = total + value
