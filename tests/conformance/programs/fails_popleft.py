# schema: {"s": "str"}
# fails: index@14
# data: [["a b c"], ["a"]]
from collections import deque

from totem_sdk import TotemJob


class FailsPopleft(TotemJob):
    def mapper(self, _, row):
        parts = deque(row.s.split())
        parts.pop()
        parts.rotate(5)
        yield parts.popleft(), 1
