"""The lowest and the highest voltage of every month, and the days on which they left the band that the grid promises.

totem run examples/voltage_extremes.py .data/minutes.parquet --param tolerance=0.02
"""

from mrjob.step import MRStep

from totem_sdk import Param, TotemJob


class VoltageExtremes(TotemJob):
    """First a day's extremes, then a month's: two steps, with tuples as values."""

    tolerance: float = Param(0.03, help="share of 240 V by which the voltage may differ")

    NOMINAL = 240.0

    def steps(self):
        return [
            MRStep(mapper=self.read_voltage, reducer=self.day_extremes),
            MRStep(mapper=self.by_month, reducer=self.month_extremes),
        ]

    def read_voltage(self, _, reading):
        if reading.voltage is not None:
            yield (reading.at.year, reading.at.month, reading.at.day), reading.voltage

    def day_extremes(self, day, volts):
        low = 1000.0
        high = 0.0
        for volt in volts:
            low = min(low, volt)
            high = max(high, volt)
        yield day, (low, high)

    def by_month(self, day, extremes):
        yield (day[0], day[1]), extremes

    def month_extremes(self, month, days):
        low = 1000.0
        high = 0.0
        outside = 0
        for extremes in days:
            low = min(low, extremes[0])
            high = max(high, extremes[1])
            if abs(extremes[0] - self.NOMINAL) > self.tolerance * self.NOMINAL or (
                abs(extremes[1] - self.NOMINAL) > self.tolerance * self.NOMINAL
            ):
                outside += 1
        yield month, (low, high, outside)


if __name__ == "__main__":
    VoltageExtremes.run()
