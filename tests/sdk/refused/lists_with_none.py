from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        numbers = [row.n, 1]
        b = numbers[row.maybe]  # refused: maybe-none@25
        c = numbers[row.maybe :]  # refused: maybe-none@25
        o = sorted([row.maybe, 1])  # refused: maybe-none@13
        p = min([row.maybe, 1])  # refused: maybe-none@13
        r = sum([row.maybe])  # refused: maybe-none@13
        s = [row.maybe][0] + 1  # refused: maybe-none@13
        numbers += 1  # refused: type@9
        others = [1]
        others -= [1]  # refused: type@9
        more = [2]
        more += ["a"]  # refused: type-conflict@9
        yield row.name, 1
