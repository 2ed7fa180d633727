from totem_sdk import TotemJob


class Job(TotemJob):
    def many(self, *args, **kwargs):  # refused: star@21 star@29
        return 1

    def mapper(self, _, row):
        first, *rest = row.name.split()
        x = max(*rest)  # refused: star@17
        z = (*rest, 1)  # refused: star@14
        y = self.many(**rest)  # refused: star@23
        yield row.name, row.n
