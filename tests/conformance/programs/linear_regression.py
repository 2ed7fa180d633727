# schema: {"group": "str", "x": "float", "y": "float"}
# data: [["a", 0.0, 1.0], ["a", 1.0, 3.0], ["a", 2.0, 5.5], ["b", 1.0, 1.0], ["b", 1.0, 2.0], ["c", 0.0, 0.0], ["c", 4.0, -2.0]]
from totem_sdk import TotemJob


class LinearRegression(TotemJob):
    """Slope and intercept of each group by sums, which the combiner adds."""

    def mapper(self, _, row):
        yield row.group, [1.0, row.x, row.y, row.x * row.x, row.x * row.y, row.y * row.y]

    def added(self, sums):
        total = [0.0] * 6
        for part in sums:
            total = [a + b for a, b in zip(total, part)]
        return total

    def combiner(self, group, sums):
        yield group, self.added(list(sums))

    def reducer(self, group, sums):
        n, x, y, xx, xy, yy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for part in sums:
            n += part[0]
            x += part[1]
            y += part[2]
            xx += part[3]
            xy += part[4]
            yy += part[5]
        width = n * xx - x * x
        try:
            slope = (n * xy - x * y) / width
            share = (n * xy - x * y) ** 2 / (width * (n * yy - y * y))
        except ZeroDivisionError:
            yield group, "no line"
            return
        yield group, f"y = {slope:.3f} x {(y - slope * x) / n:+.3f} (r2 {share:.3f})"
