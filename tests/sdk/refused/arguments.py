from totem_sdk import TotemJob


class Job(TotemJob):
    def twice(self, x):
        return x * 2

    def mapper(self, _, row):
        a = self.twice()  # refused: argument@13
        b = self.twice(1, 2)  # refused: argument@13
        c = len()  # refused: argument@13
        d = min(row.n)  # refused: argument@13
        e = round(row.x, row.n)  # refused: argument@30
        f = round(row.x, -23)  # refused: argument@26
        g = round(row.x, 23)  # refused: argument@26
        h = sum((1, 2), 3)  # refused: argument@13
        i = row.name.split("")  # refused: argument@28
        j = row.name.split(row.name)  # refused: argument@32
        k = row.name.split(",", 1, 2)  # refused: argument@13
        l = row.name.strip("x", "y")  # refused: argument@13
        m = row.name.lower(1)  # refused: argument@13
        n = int("12", 16)  # refused: argument@13
        o = row.name.startswith("a", 1, 2, 3)  # refused: argument@13
        yield row.name, row.n
