from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.seen = ()  # refused: container@21
        self.count = 0

    def mapper(self, _, row):
        a = ()  # refused: container@13
        a.append(row.n)
        b = mean(a)[0] + 1  # refused: unknown-function@13
        c = [d for d in row.name]
        e = f"{row.n}" + 1  # refused: type@26
        größe = 1  # refused: identifier@11
        for i, x in enumerate(c):
            b += x[i] + größe  # refused: identifier@27
        if row.on and (g := row.kwh) is not None:  # refused: walrus@24
            yield e, g + 1
        self.seen[row.n] = 1
        self.count += self.total(b) + row.nmae  # refused: unknown-column@43
        yield row.name, row.kwh

    def total(self, x):
        return x

    def reducer(self, key, values):
        yield key, sum(values) / len(values)  # refused: maybe-none@20 values-use@38

    def reducer_final(self):
        try:
            n = int("3")
        except ValueError:
            return
        import math  # refused: import@9

        yield n, math.pi
        while True:
            with n:  # refused: with@13
                break
