# schema: {"home": "int", "at": "datetime", "kwh": "float?"}
# rows: 120
from totem_sdk import TotemJob


class LoadProfile(TotemJob):
    """A day's profile in four parts for working days and weekends, kept in the mapper, and how even it is."""

    def mapper_init(self):
        self.sums = [[0.0] * 4, [0.0] * 4]
        self.counts = [[0] * 4, [0] * 4]
        self.missing = 0

    def mapper(self, _, row):
        if row.kwh is None:
            self.missing += 1
            return
        kind = 1 if row.at.weekday() >= 5 else 0
        part = row.at.hour // 6
        self.sums[kind][part] += abs(row.kwh) % 10.0
        self.counts[kind][part] += 1

    def mapper_final(self):
        for kind, name in enumerate(["working days", "weekends"]):
            for part in range(4):
                if self.counts[kind][part]:
                    yield name, (part, self.sums[kind][part], self.counts[kind][part])
        if self.missing:
            yield "missing", (0, 0.0, self.missing)

    def reducer(self, name, parts):
        sums, counts = [0.0] * 4, [0] * 4
        for part, total, count in parts:
            sums[part] += total
            counts[part] += count
        means = [total / count if count else 0.0 for total, count in zip(sums, counts)]
        peak = max(means)
        even = sum(means) / (4 * peak) if peak > 0 else 1.0
        yield name, [round(value, 6) for value in means + [even, float(sum(counts))]]
