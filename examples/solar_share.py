"""How much of its electricity each home could make on its own roof.

totem run examples/solar_share.py .data/homes.parquet
"""

from totem_sdk import TotemJob


class SolarShare(TotemJob):
    """Adds up what was used, what was generated and what of that was used in the same hour."""

    def mapper(self, _, reading):
        yield reading.home, (reading.kwh, reading.solar_kwh)

    def reducer(self, home, hours):
        used = 0.0
        generated = 0.0
        direct = 0.0
        for hour in hours:
            used += hour[0]
            generated += hour[1]
            direct += min(hour[0], hour[1])
        if used > 0.0:
            yield home, (round(used, 1), round(generated, 1), round(direct / used, 3))


if __name__ == "__main__":
    SolarShare.run()
