from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = "x"
        b = "y"
        n = row.n
        while n > 0:
            a, b = b, a + "z"  # refused: unbounded-growth@23
            n -= 1
        for i in range(row.n):
            a = a.upper() + "!"  # refused: unbounded-growth@17
        yield a, b
