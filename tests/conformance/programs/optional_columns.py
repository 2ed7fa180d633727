# schema: {"n": "int?", "x": "float?", "s": "str?", "on": "bool?", "at": "datetime?"}
from totem_sdk import TotemJob


class OptionalColumns(TotemJob):
    def mapper(self, _, row):
        if row.n is None and row.x is None:
            yield "none", 0.0
            return
        if row.n is not None and row.n > 0:
            yield "positive", row.n
        if row.s:
            yield "text", len(row.s)
        if row.s == "abc":
            yield "abc", len(row.s)
        if row.s != "abc":
            yield "not abc", 0
        else:
            yield "abc", -len(row.s)
        if row.x is None or row.x < 1.0:
            yield "little", 1
        if not row.on:
            yield "off or unknown", 1
        hour = row.at.hour if row.at is not None else None
        if hour is None:
            hour = -1
        yield "hour", hour + 1
        best = None
        if row.x is not None:
            best = row.x
        yield "best", best
        while best is None:
            best = 0.25
        yield "best", best + 1.0
