from totem_sdk import TotemJob


class Job(TotemJob):
    def pairs(self, row):
        for i in range(3):
            if i == row.n:
                return
            yield row.name, i

    def tried(self, row):
        try:
            yield row.name, int(row.name)
        except ValueError:
            pass

    def good(self, row):
        yield row.name, row.n

    def again(self, row):
        yield from self.again(row)  # refused: recursion@9

    def maper(self, row):
        yield row.name, 1  # refused: yield-in-helper@9

    def mapper(self, _, row):
        yield from self.pairs(row)  # refused: yield-in-helper@9
        for name, n in self.tried(row):  # refused: yield-in-helper@9
            yield name, n
        for name, n in self.good(row):  # refused: yield-in-helper@9
            if n == 3:
                break
        yield from self.good(row, 3)  # refused: argument@9
        yield from self.again(row)
        yield from row.name.split()  # refused: yield-form@9
