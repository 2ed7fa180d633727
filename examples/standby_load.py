"""What the house draws while everybody sleeps: the lowest power of each night, averaged by month.

totem run examples/standby_load.py .data/minutes.parquet
"""

from mrjob.step import MRStep

from totem_sdk import Param, TotemJob


class StandbyLoad(TotemJob):
    """The minimum of each night's measured minutes; nights with too few of them don't count."""

    first_hour: int = Param(1, help="hour in which the night's sleep begins")
    last_hour: int = Param(4, help="last hour that counts")
    least_minutes: int = Param(60, help="measured minutes that a night needs")

    def steps(self):
        return [
            MRStep(mapper=self.read_power, reducer=self.night_minimum),
            MRStep(reducer=self.month_mean),
        ]

    def read_power(self, _, reading):
        if reading.active_kw is None:
            return
        if self.first_hour <= reading.at.hour <= self.last_hour:
            yield (reading.at.year, reading.at.month, reading.at.day), reading.active_kw

    def night_minimum(self, night, powers):
        count = 0
        lowest = 1000.0
        for power in powers:
            count += 1
            lowest = min(lowest, power)
        if count >= self.least_minutes:
            yield (night[0], night[1]), lowest

    def month_mean(self, month, lowest):
        nights = 0
        total = 0.0
        for power in lowest:
            nights += 1
            total += power
        yield month, (round(total / nights, 3), nights)


if __name__ == "__main__":
    StandbyLoad.run()
