from totem_sdk import TotemJob


class Job(TotemJob):
    def half(self, x: float) -> float:
        return x / 2

    def odd(self, x) -> str:
        return x % 2  # refused: annotation@9

    def other(self, x: bytes):  # refused: annotation@24
        return x

    def unused(self, x: print) -> open("x"):  # refused: annotation@25 annotation@35
        return x

    def mapper(self, _, row) -> exec("1"):  # refused: annotation@33
        a: float = 3  # refused: annotation@12
        b: Decimal = 3  # refused: annotation@12
        d = self.half(row.n)  # refused: annotation@27
        e = self.odd(row.n)
        f = self.other(row.n)
        yield row.name, row.n
