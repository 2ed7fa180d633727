# schema: {"shop": "str", "day": "date", "sales": "float"}
from datetime import date, timedelta

from totem_sdk import TotemJob


class PercentChangeByMonth(TotemJob):
    """Sales by shop and month, and how much they changed from the month before, if that has some."""

    def mapper(self, _, row):
        first = row.day.replace(year=2024, day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        yield (row.shop[:1], first.isoformat()), (row.sales, 0.0)
        yield (row.shop[:1], following.isoformat()), (0.0, row.sales)

    def reducer(self, key, sales):
        shop, month = key[0], date.fromisoformat(key[1])
        now = before = 0.0
        for this, last in sales:
            now += this
            before += last
        change = "new" if math_zero(before) else f"{(now - before) / before:+.1%}"
        yield f"{shop} {month:%b %Y}", f"{now:>8,.2f} {change:>8}"


def math_zero(x):
    return abs(x) < 1e-9
