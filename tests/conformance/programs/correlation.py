# schema: {"x": "float", "y": "float?", "name": "str"}
import math

from totem_sdk import TotemJob


class Correlation(TotemJob):
    """Pearson's correlation of two columns for each group, from sums."""

    def mapper(self, _, row):
        if row.y is None:
            return
        yield row.name, (1, row.x, row.y, row.x * row.x, row.y * row.y, row.x * row.y)

    def combiner(self, name, sums):
        n, sx, sy, sxx, syy, sxy = 0, 0.0, 0.0, 0.0, 0.0, 0.0
        for m, x, y, xx, yy, xy in sums:
            n, sx, sy, sxx, syy, sxy = n + m, sx + x, sy + y, sxx + xx, syy + yy, sxy + xy
        yield name, (n, sx, sy, sxx, syy, sxy)

    def reducer(self, name, sums):
        n, sx, sy, sxx, syy, sxy = 0, 0.0, 0.0, 0.0, 0.0, 0.0
        for m, x, y, xx, yy, xy in sums:
            n, sx, sy, sxx, syy, sxy = n + m, sx + x, sy + y, sxx + xx, syy + yy, sxy + xy
        spread = (n * sxx - sx**2) * (n * syy - sy**2)
        r = (n * sxy - sx * sy) / math.sqrt(spread) if n > 1 and spread > 0 else None
        yield name, (n, r)
