# schema: {"n": "int", "m": "int"}
from totem_sdk import TotemJob


class RangeLoops(TotemJob):
    def mapper(self, _, row):
        total = 0
        for i in range(row.n % 50):
            total += i
        yield "sum", total
        for i in range(row.n % 7, row.m % 11):
            yield "up", i
        for i in range(10, 0, -3):
            yield "down", i
        count = 0
        for i in range(4):
            for j in range(i, 4):
                if j == 3:
                    continue
                if i == 2:
                    break
                count += i * j
        yield "nested", count * 10 + i
        stop = 3
        step = 1
        start = 0
        for i in range(start, stop, step):
            stop = 100
            step = 50
            start = 7
            i += 1000
        yield "changed", i + stop + step + start
        for i in range(3, 3):
            yield "never", i
