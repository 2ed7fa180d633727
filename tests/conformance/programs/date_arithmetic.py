# schema: {"day": "date", "at": "datetime", "n": "int"}
from datetime import date, datetime, timedelta

from totem_sdk import TotemJob


def whole_days(span):
    return span.days + span.seconds // 86_400


class DateArithmetic(TotemJob):
    def mapper_init(self):
        self.longest = timedelta()
        self.last = datetime(1960, 1, 1)

    def mapper(self, _, row):
        n = row.n % 1000
        week = timedelta(days=7)
        step = timedelta(hours=n, minutes=-n, milliseconds=7) + timedelta(1, 2, 3)
        later, earlier = row.day + week * 2, row.day - step
        due = row.at + step - timedelta(weeks=1)
        gap = row.at - datetime(2000, 1, 1, 12, 30, second=15, microsecond=1)
        age = date(2026, 11, 23) - row.day
        self.longest = max(self.longest, abs(gap))
        half: timedelta = gap // 2
        self.last = max(self.last, due - half + half)
        first = (later.isoformat(), earlier.isoformat(), due.isoformat(), (step + row.day).isoformat())
        parts = (gap.days, gap.seconds, gap.microseconds, gap.total_seconds(), age.days, whole_days(-age))
        ratios = (gap // step, gap / week, (gap % step).total_seconds(), (gap // 3).microseconds, age // week)
        flags = (gap > step, age == week, bool(age - age), later >= row.day, n * week != step)
        spans = sorted([gap, step, week, -age])
        spans.append(min(spans))
        order = (spans[0].days, spans[-1].days, len(spans), (timedelta(7) in spans))
        gap -= step
        gap *= 2
        yield n, (first, parts, ratios, flags, gap.total_seconds(), row.day.toordinal(), order)

    def mapper_final(self):
        end = self.last + timedelta(microseconds=1)
        nothing = timedelta()
        first = (end.isoformat(), "", "", "")
        parts = (self.longest.days, 0, 0, self.longest.total_seconds(), 0, 0)
        flags = (not nothing, True, True, True, True)
        yield -1, (first, parts, (0, 0.5, 0.0, 0, 0), flags, 0.0, end.toordinal(), (0, 0, 0, True))
