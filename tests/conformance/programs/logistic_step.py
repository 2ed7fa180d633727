# schema: {"x": "float", "y": "float", "label": "bool"}
# data: [[0.5, 1.0, true], [-1.0, 0.25, false], [2.0, -3.0, true], [0.0, 0.0, false], [900.0, 900.0, true], [-900.0, -900.0, true], [1.5, 1.5, false]]
import math

from totem_sdk import TotemJob



class LogisticStep(TotemJob):
    """One step of logistic regression: the mean gradient and loss, and the weights after it."""

    def weights(self):
        return [0.1, -0.2, 0.3]

    def sigmoid(self, z):
        if z >= 0:
            return 1.0 / (1.0 + math.exp(-z))
        grown = math.exp(z)
        return grown / (1.0 + grown)

    def mapper(self, _, row):
        features = [1.0, row.x, row.y]
        z = sum(weight * x for weight, x in zip(self.weights(), features))
        p = self.sigmoid(z)
        error = p - (1.0 if row.label else 0.0)
        loss = -math.log(max(p if row.label else 1.0 - p, 1e-12))
        yield None, (error, error * row.x, error * row.y, loss)

    def reducer(self, _, parts):
        gradient = [0.0, 0.0, 0.0]
        loss, rows = 0.0, 0
        for constant, of_x, of_y, lost in parts:
            for i, e in enumerate([constant, of_x, of_y]):
                gradient[i] += e
            loss += lost
            rows += 1
        yield "loss", round(loss / rows, 6)
        for i, g in enumerate(gradient):
            yield f"w{i}", round(self.weights()[i] - 0.5 * g / rows, 6)
