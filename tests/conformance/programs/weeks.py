# schema: {"day": "date", "at": "datetime", "n": "int"}
import datetime

from totem_sdk import TotemJob


class Weeks(TotemJob):
    """ISO weeks, days of the year, quarters and ends of months."""

    def mapper(self, _, row):
        year, week, weekday = row.day.isocalendar()
        yield f"{year}-W{week:02d}", weekday
        end = (row.day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)
        yield f"{row.day:%Y} Q{(row.day.month - 1) // 3 + 1}", (end - row.day).days
        yield row.at.strftime("%A"), int(row.at.strftime("%j"))
        midnight = datetime.datetime(row.at.year, row.at.month, row.at.day)
        yield "minutes", (row.at - midnight).seconds // 60
        yield "week", row.at.isocalendar().week + row.at.isocalendar()[0]
        yield "noon", row.at.replace(hour=12, minute=0, second=0, microsecond=row.n % 1000).toordinal()

    def reducer(self, key, values):
        numbers = sorted(values)
        yield key, (len(numbers), numbers[0], numbers[-1])
