from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.best = 1.0

    def mapper(self, _, row):
        n = row.kwh
        if n is None or self.best is None:
            return
        for i in range(row.n):
            n = n * 2.0  # refused: maybe-none@17
            if n > 3.0:  # refused: maybe-none@16
                n = row.kwh
        while n is not None and row.x > n:
            n = n * 2.0
            if n > 7.0:
                continue
            self.best = n + self.best  # refused: maybe-none@34
            self.lose(row.kwh)
        a = b = c = 1
        for i in range(3):
            x = a + 1  # refused: maybe-none@17
            a = b
            b = c
            c = row.maybe
        for i in range(row.n):
            last = 1 if row.maybe is None else row.maybe
            m = row.maybe
            if m is None:
                break
        d = m = row.maybe
        while True:
            if m is not None:
                break
            if row.on:
                m = 1
                break
            m = row.maybe
        pair = (1, (1.0, 2))
        for i in range(3):
            x = pair[0] + pair[1][1]
            y = pair[1][0] + 1  # refused: maybe-none@17
            pair = (i, (row.kwh, i))
        yield row.name, m + 1
        yield row.name, d + 1  # refused: maybe-none@25

    def lose(self, x):
        self.best = x
