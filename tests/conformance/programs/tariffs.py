# schema: {"when": "datetime", "kwh": "float"}
from totem_sdk import TotemJob

TARIFFS = {"night": 0.18, "day": 0.31, "peak": 0.44}


class Tariffs(TotemJob):
    """What electricity costs under a tariff that changes with the hour, by month."""

    def tariff(self, when):
        if when.weekday() >= 5 or when.hour < 6 or when.hour >= 22:
            return "night"
        return "peak" if 17 <= when.hour < 20 else "day"

    def mapper(self, _, row):
        kind = self.tariff(row.when)
        yield (row.when.strftime("%Y-%m")[:3], kind), (abs(row.kwh), abs(row.kwh) * TARIFFS[kind])

    def reducer(self, key, parts):
        used = paid = 0.0
        for kwh, price in parts:
            used += kwh
            paid += price
        decade, kind = key
        yield f"{decade}x {kind}", "{:.2f} kWh {:,.2f} EUR".format(used, paid)
