import math  # refused: import@8

from totem_sdk import Param, TotemJob

E = 1 + math.e  # refused: constant@14


for twice in (1, 2):  # refused: module-statement@1
    pass


class Job(TotemJob):
    PI = math.pi  # refused: constant@15
    rate = Param(0.5)  # refused: param@5
    limit: int = Param(0.5)  # refused: param@24
    SORT_VALUES = True  # refused: option@5

    def mapper(self, _, row):
        x = math.sqrt(row.x) + E * self.PI + Job.PI - self.rate * twice(self.limit)
        if self.SORT_VALUES:
            yield row.name, x
        yield row.name, 1.0 + row.kwh  # refused: maybe-none@35
