# schema: {"x": "float", "name": "str"}
from totem_sdk import TotemJob


class Percentile(TotemJob):
    """The median and the 90th percentile of each group, and of the medians of all groups."""

    def mapper(self, _, row):
        yield row.name[:1], row.x

    def at(self, items, share):
        place = share * (len(items) - 1)
        below = int(place)
        rest = place - below
        if below + 1 < len(items):
            return items[below] * (1 - rest) + items[below + 1] * rest
        return items[below]

    def reducer_init(self):
        self.medians = []

    def reducer(self, name, values):
        items = sorted(values)
        median = self.at(items, 0.5)
        self.medians.append(median)
        yield name, (median, self.at(items, 0.9))

    def reducer_final(self):
        self.medians.sort()
        yield "", (self.at(self.medians, 0.5), 1.0 * len(self.medians))
