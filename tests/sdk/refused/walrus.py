from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        if row.on and (n := row.n) > 3:  # refused: walrus@24
            yield row.name, 1
        a = (b := row.n) if row.on else 2  # refused: walrus@14
        c = [d for e in [1, 2] if (d := e) > 1]  # refused: walrus@36
        f = 1
        g = f + (f := row.n)  # refused: walrus@18
        h = 1 < row.n < (i := row.n)  # refused: walrus@26
        f += (j := 3)  # refused: walrus@15
        yield row.name, f + g + (k := 1) + k
