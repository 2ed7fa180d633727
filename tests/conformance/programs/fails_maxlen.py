# schema: {"n": "int"}
# fails: value@11
# data: [[3], [-1]]
from collections import deque

from totem_sdk import TotemJob


class FailsMaxlen(TotemJob):
    def mapper(self, _, row):
        last = deque(maxlen=row.n)
        last.append(row.n)
        yield len(last), 1
