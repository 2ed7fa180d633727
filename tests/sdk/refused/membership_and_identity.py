from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = "a" in row.name in row.name  # refused: membership@13
        b = row.n in row.n  # refused: membership@13
        c = row.name is "abc"  # refused: identity@13
        d = row.kwh is None is None  # refused: identity@13
        e = row.n not in (1, "a")  # refused: type@13
        f = row.n in row.name  # refused: type@17
        g = None in row.name  # refused: maybe-none@13
        h = row.n in row.name.split()  # refused: type-conflict@13
        yield row.name, row.n
