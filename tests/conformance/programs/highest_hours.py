# schema: {"house": "str", "hour": "int", "kwh": "float"}
# params: {"size": 3}
from collections import deque

from totem_sdk import Param, TotemJob


class HighestHours(TotemJob):
    """The highest mean of so many hours that follow each other, of each house."""

    size: int = Param(3)

    def mapper(self, _, row):
        yield row.house, (row.hour, row.kwh)

    def reducer(self, house, values):
        window = deque(maxlen=self.size)
        best, began = 0.0, -1
        for hour, kwh in sorted(values):
            window.append((hour, kwh))
            if len(window) == self.size:
                mean = sum(used for _, used in window) / self.size
                if mean > best:
                    best, began = mean, window[0][0]
        yield house, (began, best)
