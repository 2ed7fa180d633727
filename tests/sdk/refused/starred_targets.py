from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a, b, *c = (row.n,)  # refused: type@9
        d, *e = row.n  # refused: type@9
        f, *g = (row.n, 2, row.name)  # refused: type-conflict@9
        h, *i = row.maybe  # refused: maybe-none@9
        *j, *k = row.name.split()  # refused: star@9 star@13
        yield row.name, row.n
