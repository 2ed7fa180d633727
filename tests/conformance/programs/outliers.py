# schema: {"sensor": "str", "value": "float"}
# data: [["a", 1.0], ["a", 1.1], ["a", 0.9], ["a", 1.05], ["a", 9.0], ["b", 2.0], ["b", 2.0], ["c", -1.0], ["a", 1.0]]
import math

from totem_sdk import TotemJob


class Outliers(TotemJob):
    """Readings that are far from their sensor's mean, by its standard deviation."""

    def mapper(self, _, row):
        yield row.sensor, row.value

    def reducer(self, sensor, values):
        readings = list(values)
        mean = sum(readings) / len(readings)
        if len(readings) < 2:
            yield sensor, "one reading"
            return
        spread = math.sqrt(sum((x - mean) ** 2 for x in readings) / (len(readings) - 1))
        if spread == 0:
            yield sensor, "always the same"
            return
        far = [f"{x:.2f}" for x in readings if abs(x - mean) > 1.8 * spread]
        yield sensor, f"mean {mean:.3f}, deviation {spread:.3f}, far: {', '.join(far) if far else 'none'}"
