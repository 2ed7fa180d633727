"""The hour in which several communities together use most, in two steps: sums per hour, then the largest of them.

totem run examples/community_peak.py .data/homes.parquet

Over the datasets of several providers each adds up its own hours; only those sums leave it:

totem job submit examples/community_peak.py DATASET DATASET... --totem N
"""

from mrjob.step import MRStep

from totem_sdk import TotemJob


class CommunityPeak(TotemJob):
    """Sums kWh by hour of the day over everybody, and keeps the hour with the most."""

    def steps(self):
        return [
            MRStep(mapper=self.read, reducer=self.add_up),
            MRStep(mapper=self.gather, reducer=self.largest),
        ]

    def read(self, _, reading):
        if reading.kwh > 0.0:
            yield reading.at.hour, reading.kwh

    def add_up(self, hour, kwh):
        yield hour, sum(kwh)

    def gather(self, hour, kwh):
        yield "peak", (kwh, hour)

    def largest(self, _, totals):
        kwh, hour = max(totals)
        yield hour, kwh


if __name__ == "__main__":
    CommunityPeak.run()
