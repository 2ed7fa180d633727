# schema: {"x": "float", "n": "int"}
from totem_sdk import TotemJob


class KMeansStep(TotemJob):
    """One step of k-means: rows are added up at their nearest centre in the map, and the centres move."""

    def mapper_init(self):
        self.centres = [[0.0, 0.0], [5.0, 1.0], [-2.0, 60.0]]
        self.sums = [[0.0, 0.0] for centre in self.centres]
        self.counts = [0] * len(self.centres)

    def nearest(self, point):
        best, least = 0, -1.0
        for i, centre in enumerate(self.centres):
            far = sum((a - b) ** 2 for a, b in zip(point, centre))
            if least < 0 or far < least:
                best, least = i, far
        return best

    def mapper(self, _, row):
        point = [row.x, 1.0 * (row.n % 100)]
        i = self.nearest(point)
        self.counts[i] += 1
        for d in range(len(point)):
            self.sums[i][d] += point[d]

    def mapper_final(self):
        for i, number in enumerate(self.counts):
            if number:
                yield i, (number, self.sums[i][0], self.sums[i][1])

    def reducer(self, i, partial):
        number, x, y = 0, 0.0, 0.0
        for n, a, b in partial:
            number += n
            x += a
            y += b
        yield i, (x / number, y / number)
