# schema: {"name": "str"}
# data: [["a b c"], ["a b"], ["a"]]
# fails: value@9
from totem_sdk import TotemJob


class FailsStar(TotemJob):
    def mapper(self, _, row):
        first, *_, last = row.name.split()
        yield first, last
