from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.name + 1  # refused: type@24
        b = 1 + row.name  # refused: type@13
        c = row.name * 3.5  # refused: type@24
        d = row.on + row.name  # refused: type@17
        e = row.at + row.at  # refused: type@13
        f = -row.name  # refused: type@18
        g = row.name % row.n  # refused: type@17
        h = (1, 2) - (3, 4)  # refused: type@13 type@22
        i = +row.name  # refused: type@18
        j = row.n + "x" * 3  # refused: type@17
        yield row.name, row.n
