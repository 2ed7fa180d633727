from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.n or 3  # refused: type@17 type@22
        b = row.name and row.on  # refused: type@17
        c = row.kwh or 0.0  # refused: type@17 type@24
        yield row.name, row.n
