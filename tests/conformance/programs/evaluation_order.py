# schema: {"n": "int", "x": "float"}
# rows: 9
from totem_sdk import TotemJob


class EvaluationOrder(TotemJob):
    """Operands are read from the left: a helper that changes a field changes only what is read after it."""

    def mapper_init(self):
        self.n = 1
        self.pair = (1, 2)
        self.text = "a"
        self.maybe = None
        self.last = 0

    def more(self):
        self.n += 1
        self.pair = (self.pair[1], self.n)
        self.text = "b"
        self.maybe = None if self.n % 3 == 0 else self.n
        return self.n

    def three(self, a, b, c):
        return a * 100 + b * 10 + c

    def mapper(self, _, row):
        self.n = 1
        self.pair = (3, 4)
        self.text = "a"
        yield "sum", self.n + self.more() * 10 + self.n
        yield "tuple", self.pair[0] + (self.pair[0], self.more(), self.pair[0])[2]
        yield "call", self.three(self.n, self.more(), self.n)
        yield "least", min(self.n, self.more(), self.n) + max(self.n, self.more(), self.n)
        yield "chain", 1 if self.n < self.more() < self.more() == self.n else 0
        yield "text", len(self.text + str(self.more()) + self.text)
        self.n += self.more()
        self.n, self.last = self.more(), self.n
        for i in range(self.n, self.more() + 2, self.n - self.n + 1):
            yield "range", i
        yield "arms", self.more() if self.more() % 2 == 0 else 0 - self.more()
        if self.maybe is not None and self.maybe + self.more() > 3 or self.maybe is None:
            yield "maybe", 0 if self.maybe is None else self.maybe
        while self.n < 60:
            if self.maybe is None:
                self.more()
                continue
            self.n += self.maybe * self.more()
        yield self.text, self.more()
