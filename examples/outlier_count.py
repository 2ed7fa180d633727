"""In how many minutes of each year and hour the house drew unusually much.

totem run examples/outlier_count.py .data/minutes.parquet --param limit_kw=6.5
"""

from totem_sdk import Param, TotemJob


class OutlierCount(TotemJob):
    """Counts minutes over a limit; the combiner sends one count a task instead of one a minute."""

    limit_kw: float = Param(5.0, help="power over which a minute counts, in kW")

    def mapper(self, _, reading):
        if reading.active_kw is not None and reading.active_kw > self.limit_kw:
            yield (reading.at.year, reading.at.hour), 1

    def combiner(self, key, counts):
        yield key, sum(counts)

    def reducer(self, key, counts):
        yield key, sum(counts)


if __name__ == "__main__":
    OutlierCount.run()
