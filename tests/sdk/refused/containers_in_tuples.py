from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.pair = (1, 2)
        self.other = 1, [2]  # refused: type@14

    def mapper(self, _, row):
        pair = (row.name, [row.n])
        a = pair < (row.name, [1])  # refused: type@13
        b = max(pair, pair)  # refused: type@23
        c = [pair, pair].index(pair)  # refused: type@13
        d = pair if row.n > 1 else None  # refused: type-conflict@13
        e = {pair: 1}  # refused: type@14
        yield pair, 1  # refused: emit-type@9
        yield row.name, {1, 2}  # refused: emit-type@9
        yield row.name, (1, {"a": {2: 3}})  # refused: emit-type@9
        yield {"a": 1}, 2  # refused: emit-type@9
