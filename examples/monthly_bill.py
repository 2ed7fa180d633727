"""What one house's electricity cost in every month, under a tariff with cheaper nights.

totem run examples/monthly_bill.py .data/minutes.parquet --param day_rate=0.31 --param night_from=22
"""

from totem_sdk import Param, TotemJob


class MonthlyBill(TotemJob):
    """Prices every minute's energy, adds the month's standing charge, rounds to cents."""

    day_rate: float = Param(0.27, help="price of a kWh by day")
    night_rate: float = Param(0.19, help="price of a kWh by night")
    night_from: int = Param(23, help="hour in which the night tariff begins")
    night_to: int = Param(7, help="hour in which it ends")
    standing: float = Param(9.5, help="what a month costs before the first kWh")

    MINUTES = 60.0

    def rate(self, hour):
        if hour >= self.night_from or hour < self.night_to:
            return self.night_rate
        return self.day_rate

    def mapper(self, _, reading):
        if reading.active_kw is not None:
            kwh = reading.active_kw / self.MINUTES
            yield (reading.at.year, reading.at.month), kwh * self.rate(reading.at.hour)

    def reducer(self, month, costs):
        yield month, round(self.standing + sum(costs), 2)


if __name__ == "__main__":
    MonthlyBill.run()
