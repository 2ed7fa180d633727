from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = "a" in row.name  # refused: membership@13
        b = row.n not in (1, 2)  # refused: membership@13
        c = row.name is "abc"  # refused: identity@13
        d = row.kwh is None is None  # refused: identity@13
        yield row.name, row.n
