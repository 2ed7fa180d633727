from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = (1, 2, 3, 4)
        b = (a, a, a, a)
        c = (b, b, b, b)
        d = (c, c)  # refused: too-large@13
        e = (1,)
        for i in range(3):
            e = (1, e)  # refused: type-conflict@13
        yield row.name, row.n
