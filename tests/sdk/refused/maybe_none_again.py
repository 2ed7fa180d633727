from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        x = row.kwh
        if x is not None or row.n > 3:
            yield row.name, x + 1  # refused: maybe-none@29
        if x is None and row.n > 3:
            yield row.name, x + 1  # refused: maybe-none@29
        if x is not None:
            x = row.kwh
            yield row.name, x + 1  # refused: maybe-none@29
        if row.kwh is not None:
            for i in range(3):
                x = row.kwh + 1
            yield row.name, row.kwh
        y = 1.0 if row.kwh is None else row.kwh
        when = row.when.hour  # refused: maybe-none@20
        yield row.name, y
