from totem_sdk import Param, TotemJob


class Job(TotemJob):
    limit: int = Param(3)

    def more(self, n):
        return n < self.limit

    def mapper(self, _, row):
        n = row.n
        i = 0
        while n < 10:  # refused: endless-loop@9
            i += 1
        while row.kwh is not None:  # refused: endless-loop@9
            i -= 1
        while self.more(n) and self.limit:  # refused: endless-loop@9
            i -= 1
        while 1 < 0:  # refused: endless-loop@9
            i -= 1
        yield row.name, i
