# schema: {"x": "float", "name": "str", "n": "int"}
from totem_sdk import TotemJob


class TopByValue(TotemJob):
    """The three largest values with their names: a bounded list in every task, then one in the reducer."""

    def keep(self, entries, entry):
        if len(entries) < 3:
            entries.append(entry)
            return
        smallest = min(entries)
        if entry > smallest:
            entries[entries.index(smallest)] = entry

    def mapper_init(self):
        self.best = [(0.0, "", 0)]
        self.best.clear()

    def mapper(self, _, row):
        self.keep(self.best, (row.x, row.name.strip(), row.n))

    def mapper_final(self):
        for x, name, n in self.best:
            yield None, (x, name, n)

    def reducer_init(self):
        self.best = []

    def reducer(self, _, entries):
        for x, name, n in entries:
            self.keep(self.best, (x, name, n))

    def reducer_final(self):
        self.best.sort(reverse=True)
        for rank in range(len(self.best)):
            x, name, n = self.best[rank]
            yield rank, (name, x, n)
