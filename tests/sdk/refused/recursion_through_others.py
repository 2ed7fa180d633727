from totem_sdk import TotemJob


class Job(TotemJob):
    def even(self, n):
        return n == 0 or self.odd(n - 1)

    def odd(self, n):
        return n != 0 and self.third(n)

    def third(self, n):
        return self.even(n - 1)  # refused: recursion@21

    def mapper(self, _, row):
        yield row.name, self.even(row.n)
