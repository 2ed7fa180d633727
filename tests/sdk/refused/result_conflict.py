from totem_sdk import TotemJob


class Job(TotemJob):
    def pick(self, n):
        if n > 3:
            return "many"
        return n  # refused: type-conflict@9

    def mapper(self, _, row):
        yield row.name, self.pick(row.n)
