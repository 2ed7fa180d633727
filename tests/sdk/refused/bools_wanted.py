from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.n or row.name  # refused: type-conflict@13
        b = row.name and row.on  # refused: type-conflict@13
        c = row.on and row.n or 0  # refused: type-conflict@13
        d = row.city or row.maybe  # refused: type-conflict@13
        e = (1, 2) or (3, 4)  # refused: type@13
        f = row.maybe or row.kwh or None
        g = f + 1  # refused: maybe-none@13
        h = (row.city and row.city.lower()).upper()  # refused: maybe-none@14
        yield row.name, row.n
