# schema: {"name": "str", "x": "float", "n": "int"}
from totem_sdk import TotemJob


class TopLists(TotemJob):
    """The largest values of each group as a list, merged by the combiner and the reducer."""

    def mapper(self, _, row):
        yield row.name[:1], [(row.x, row.n % 1000)]

    def merged(self, lists):
        best = []
        for entries in lists:
            best.extend([(x, n) for x, n in entries])
        best.sort(reverse=True)
        return best[:3]

    def combiner(self, key, values):
        yield key, self.merged(list(values))

    def reducer(self, key, values):
        yield key, self.merged(list(values))
