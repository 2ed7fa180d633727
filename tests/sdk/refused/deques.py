from collections import deque

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.last = deque(maxlen=2)

    def note(self, name):
        self.last.append(name)

    def mapper(self, _, row):
        d = deque([1, 2])
        e = deque([3])
        for x in d:  # refused: loop-form@18
            d.append(x)
        for x in d:
            e.append(x)
        self.note(row.name)
        for name in self.last:  # refused: loop-form@26
            self.note(name)
        for x, y in zip(d, e):  # refused: loop-form@25, loop-form@28
            d.pop()
        for x in reversed(d):  # refused: loop-form@27
            d.rotate()
        a = d[1:]  # refused: slice@15
        b = d + e  # refused: type@13
        c = d * 2  # refused: type@13
        if d == e:  # refused: type@12
            d.sort()  # refused: unknown-attribute@15
        d.insert(0, 1)  # refused: unknown-attribute@11
        d.popleft(1)  # refused: argument@9
        d.append("x")  # refused: type-conflict@18
        f = deque([1], 2, 3)  # refused: argument@13
        g = deque([1], size=3)  # refused: argument@13
        h = deque(maxlen="3")  # refused: type@26
        i = deque(row.n)  # refused: argument@23
        d.extend(["x"])  # refused: type@18
        j = [1]
        if row.n > 1:
            j = e  # refused: type-conflict@13
        yield row.name, len(j)
        yield row.name, d  # refused: emit-type@9
