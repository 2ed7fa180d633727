# schema: {"meter": "str", "hour": "int", "x": "float?"}
from totem_sdk import TotemJob


class Interpolated(TotemJob):
    """Readings with gaps: what is missing between two of them lies on the line between."""

    def mapper(self, _, row):
        yield row.meter[:2], (row.hour % 24, row.x)

    def reducer(self, meter, readings):
        by_hour = {}
        for hour, x in readings:
            if x is not None:
                by_hour[hour] = x
        hours = sorted(by_hour.keys())
        filled = []
        for left, right in zip(hours, hours[1:]):
            for hour in range(left, right):
                share = (hour - left) / (right - left)
                filled.append(by_hour[left] + share * (by_hour[right] - by_hour[left]))
        if hours:
            filled.append(by_hour[hours[-1]])
        yield meter, (len(filled), round(sum(filled), 6))
