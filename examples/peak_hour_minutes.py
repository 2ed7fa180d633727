"""The same question asked of one house's minutes, where some measurements are missing.

totem run examples/peak_hour_minutes.py .data/minutes.parquet
"""

from totem_sdk import TotemJob


class PeakHourMinutes(TotemJob):
    """Sums the power of every minute by hour of the day."""

    def mapper(self, _, reading):
        if reading.active_kw is None:
            return
        if reading.active_kw > 0.0:
            yield reading.at.hour, reading.active_kw

    def reducer(self, hour, kilowatts):
        yield hour, sum(kilowatts)


if __name__ == "__main__":
    PeakHourMinutes.run()
