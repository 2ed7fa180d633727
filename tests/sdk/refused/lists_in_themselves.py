from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.kept = []

    def mapper(self, _, row):
        a = []
        a.append(a)  # refused: type-conflict@18
        b = [[[row.n]]]
        c = b[0][0]
        c.append(b)  # refused: type-conflict@18
        b[0] = b  # refused: type-conflict@9
        d = [[1], [2]]
        d.extend([d])  # refused: type-conflict@18
        self.kept.append(self.kept)  # refused: type-conflict@31
        yield row.name, row.n
