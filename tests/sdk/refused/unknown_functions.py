from totem_sdk import TotemJob


class Job(TotemJob):
    def twice(self, x):
        return x * 2

    def mapper(self, _, row):
        a = mean(row.n)  # refused: unknown-function@13
        b = twice(row.n)  # refused: unknown-function@13
        d = self.thrice(row.n)  # refused: unknown-function@18
        e = "a"("b")  # refused: unknown-function@13
        yield row.name, row.n
