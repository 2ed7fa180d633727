# schema: {"n": "int", "x": "float"}
from totem_sdk import TotemJob


class WhileLoops(TotemJob):
    def mapper(self, _, row):
        n = abs(row.n)
        steps = 0
        while n > 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        yield "collatz", steps
        left = 10
        while left:
            left -= 3
            if left < 0:
                break
            if left % 2 == 0:
                continue
            yield "left", left
        limit = 1.0
        while True:
            limit *= 2.0
            if limit > row.x or limit > 1000.0:
                break
        yield "limit", limit
        going = row.n > 0
        count = 0
        while going and count < 5:
            count += 1
            going = count != row.n
        yield "count", count
