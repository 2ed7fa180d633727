import cmath  # refused: import@8

from totem_sdk import Param, TotemJob

E = 1 + cmath.e  # refused: constant@15


for twice in (1, 2):  # refused: module-statement@1
    pass


class Job(TotemJob):
    PI = cmath.pi  # refused: constant@16
    rate = Param(0.5)  # refused: param@5
    limit: int = Param(0.5)  # refused: param@24
    SORT_VALUES = PI  # refused: option@5

    def mapper(self, _, row):
        x = cmath.sqrt(row.x) + E * self.PI + Job.PI - self.rate * twice(self.limit)
        if self.SORT_VALUES:
            yield row.name, x
        yield row.name, 1.0 + row.kwh  # refused: maybe-none@35
