"""How much electricity 17 homes use in each hour of the day.

totem run examples/peak_hour.py .data/homes.parquet
"""

from totem_sdk import TotemJob


class PeakHour(TotemJob):
    """Sums kWh by hour of the day."""

    def mapper(self, _, reading):
        if reading.kwh > 0.0:
            yield reading.at.hour, reading.kwh

    def reducer(self, hour, kwh):
        yield hour, sum(kwh)


if __name__ == "__main__":
    PeakHour.run()
