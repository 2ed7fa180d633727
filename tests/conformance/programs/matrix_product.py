# data: [["A 0 0 1.5"], ["A 0 1 2"], ["A 1 1 -1"], ["B 0 0 4"], ["B 1 0 0.5"], ["B 1 1 3"]]
from mrjob.job import MRJob
from mrjob.step import MRStep


class MatrixProduct(MRJob):
    """The product of two sparse matrices, in two steps."""

    def cells(self, _, line):
        name, i, j, value = line.split()
        if name == "A":
            yield int(j), (0, int(i), float(value))
        else:
            yield int(i), (1, int(j), float(value))

    def multiply(self, _, cells):
        left = []
        right = []
        for side, place, value in cells:
            (right if side else left).append((place, value))
        for i, a in left:
            for k, b in right:
                yield (i, k), a * b

    def add(self, place, products):
        yield place, sum(products)

    def steps(self):
        return [MRStep(mapper=self.cells, reducer=self.multiply), MRStep(combiner=self.add, reducer=self.add)]
