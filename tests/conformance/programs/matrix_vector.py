# schema: {"n": "int", "x": "float"}
from totem_sdk import TotemJob


class MatrixVector(TotemJob):
    """A small matrix times a vector for each row, and a matrix that is made of what came before."""

    def mapper_init(self):
        self.matrix = [[1.0 if i == j else i - 0.5 * j for j in range(3)] for i in range(3)]
        self.turned = [[row[j] for row in self.matrix] for j in range(3)]

    def times(self, matrix, vector):
        return [sum(a * b for a, b in zip(line, vector)) for line in matrix]

    def mapper(self, _, row):
        vector = [1.0, row.x, 1.0 * (row.n % 10)]
        out = self.times(self.matrix, vector)
        back = self.times(self.turned, vector)
        self.matrix[row.n % 3][0] = row.x / 10
        self.turned[0] = [line[0] for line in self.matrix]
        for i in range(len(out)):
            yield i, out[i] - back[i]

    def reducer(self, i, values):
        yield i, sum(values)
