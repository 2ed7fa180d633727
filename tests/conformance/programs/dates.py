# schema: {"d": "date", "at": "datetime", "e": "date?"}
from totem_sdk import TotemJob


class Dates(TotemJob):
    def mapper(self, _, row):
        date = (row.d.year, row.d.month, row.d.day, row.d.weekday(), row.d.isoweekday(), row.d.isoformat())
        time = (row.at.year, row.at.month, row.at.day, row.at.hour, row.at.minute, row.at.second)
        rest = (row.at.microsecond, row.at.weekday(), row.at.isoweekday(), row.at.isoformat())
        day = row.at.date()
        later = day.isoformat()
        year = 0
        if row.e is not None:
            later = max(row.e, day).isoformat()
            year = row.e.year if row.e < row.d else day.year
        yield (date, time, rest), (day == row.d, row.e == row.d, row.e is None, later, year)
        if row.e and row.d:
            yield (date, time, rest), (True, False, row.e != day, row.e.isoformat(), -1)
