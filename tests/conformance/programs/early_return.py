# schema: {"n": "int"}
from totem_sdk import TotemJob


class EarlyReturn(TotemJob):
    def mapper(self, _, row):
        for i in range(5):
            if i == row.n:
                yield "met", i
                return
            j = 0
            while True:
                j += 1
                if j == 3:
                    break
                if row.n == 2:
                    return
        yield "end", row.n
        return
