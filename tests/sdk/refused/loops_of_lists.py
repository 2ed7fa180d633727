from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        words = row.name.split()
        for a in enumerate(words):  # refused: loop-form@9
            yield a, 1
        for i, b in enumerate():  # refused: loop-form@9
            yield b, i
        for c in reversed(range(3)):  # refused: loop-form@18
            yield c, 1
        for d, e in zip(words):  # refused: type@13
            yield d, e
        f = enumerate(words)  # refused: loop-form@13
        g = [h for h in words if h < 1]  # refused: type@34
        i = [j for j in row.n]  # refused: loop-form@29
        k = [m for m in words] + m  # refused: unknown-name@34
        for n in range(3), 1:  # refused: loop-form@18
            yield n, 1
