from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.name < row.n  # refused: type@13
        b = row.name == 3  # refused: type@13
        c = row.on == "1"  # refused: type@13
        d = row.at < row.day  # refused: type@13
        e = (1, 2) == (1, 2, 3)  # refused: type@13
        f = row.name.split() == [row.n]  # refused: type@13
        g = row.kwh == None < 3  # refused: maybe-none@13 type@13
        h = 1 < row.n < "a"  # refused: type@13
        i = row.name < None  # refused: maybe-none@13
        yield row.name, row.n
