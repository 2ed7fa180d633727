from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a, b = (1, 2, 3)  # refused: type@9
        c, d = row.n  # refused: type@20
        pair = (1, 2)
        e, f, g = pair  # refused: type@19
        h, i = 1, [row.n, row.name]  # refused: type-conflict@31
        maybe = None
        if row.on:
            maybe = (1, 2)
        j, k = maybe  # refused: maybe-none@16
        yield row.name, row.n
