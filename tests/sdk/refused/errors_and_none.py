from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        best = row.kwh
        if best is not None:
            try:
                best = None
                best = float(row.name)
            except ValueError:
                yield row.name, best + 1.0  # refused: maybe-none@33
            yield row.name, best * 2.0  # refused: maybe-none@29
        try:
            best = 1.0
        finally:
            best = row.kwh
        yield row.name, best + 1.0  # refused: maybe-none@25
        try:
            yield row.name, 1.0
        finally:
            if row.n > 3:
                raise  # refused: exception@17
