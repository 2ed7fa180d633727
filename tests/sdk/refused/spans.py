from datetime import date, datetime, timedelta

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        week = timedelta(weeks=1)
        a = row.day + 1  # refused: type@13
        b = row.day + row.day  # refused: type@13
        c = row.at - row.day  # refused: type@13
        d = week * 0.5  # refused: type@13
        e = week / 2  # refused: type@13
        f = week + row.when  # refused: maybe-none@13
        g = date(2020, 1)  # refused: argument@13
        h = date(2020, 1, 1, 1)  # refused: argument@13
        i = datetime(2020, 1, 1, tzinfo=None)  # refused: argument@34
        j = timedelta(days=1.5)  # refused: type@28
        k = timedelta(hours=1, days=2)
        l = timedelta(days=row.maybe)  # refused: maybe-none@32
        m = row.name.replace(year=2000)  # refused: keyword@30
        n = week.year  # refused: unknown-attribute@18
        o = week.total_seconds  # refused: unknown-attribute@18
        p = row.day < week  # refused: type@13
        q = date.today()  # refused: unknown-name@13
        yield row.name, week  # refused: emit-type@9
