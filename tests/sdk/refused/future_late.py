import math
from __future__ import annotations  # refused: syntax@1

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, math.pi
