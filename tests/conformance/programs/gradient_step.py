# schema: {"x": "float", "n": "int", "on": "bool"}
# params: {"rate": 0.01}
import math

from totem_sdk import Param, TotemJob


class GradientStep(TotemJob):
    """One step of logistic regression by batch gradient descent: the gradient is added up in the map."""

    rate: float = Param()

    def mapper_init(self):
        self.weights = [0.5, -0.25, 0.125]
        self.gradient = [0.0] * len(self.weights)
        self.rows = 0

    def mapper(self, _, row):
        features = [1.0, max(-9.0, min(9.0, row.x)), (row.n % 7) / 7]
        z = sum([w * f for w, f in zip(self.weights, features)])
        error = 1 / (1 + math.exp(-z)) - (1.0 if row.on else 0.0)
        for i, feature in enumerate(features):
            self.gradient[i] += error * feature
        self.rows += 1

    def mapper_final(self):
        for i, value in enumerate(self.gradient):
            yield i, (value, self.rows)

    def reducer_init(self):
        self.weights = [0.5, -0.25, 0.125]

    def reducer(self, i, parts):
        gradient, rows = 0.0, 0
        for value, number in parts:
            gradient += value
            rows += number
        self.weights[i] -= self.rate * gradient / rows

    def reducer_final(self):
        for i, weight in enumerate(self.weights):
            yield i, weight
