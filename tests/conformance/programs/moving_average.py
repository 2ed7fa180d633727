# schema: {"x": "float", "name": "str"}
from totem_sdk import TotemJob


class MovingAverage(TotemJob):
    """The average of the last four rows, kept in a list from row to row."""

    def mapper_init(self):
        self.window = []
        self.names = [""]

    def mapper(self, _, row):
        self.window.append(row.x)
        if len(self.window) > 4:
            del self.window[0]
        self.names[0] = max(self.names[0], row.name)
        average = sum(self.window) / len(self.window)
        if average > 1:
            yield row.name, average

    def mapper_final(self):
        yield self.names[0] + "!", 1.0 * len(self.window)

    def reducer(self, name, averages):
        yield name, max(averages)
