from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        words = row.name.split()
        a = sorted(words, key=lambda x, y: x)  # refused: argument@31
        b = sorted(words, key=3)  # refused: argument@31
        c = sorted(words, words, key=len)  # refused: argument@38
        d = sorted([[1], [2]], key=lambda x: [x[0]])  # refused: type@13
        e = sorted([1, 2], key=lambda x: row.maybe)  # refused: maybe-none@13
        f = min(words, default=1, key=len)  # refused: type-conflict@13
        g = lambda x: x  # refused: lambda@13
        words.sort(key=3)  # refused: argument@24
        row.name.split().sort(key=len)  # refused: keyword@31 unknown-name@35
        h = map(len, words)  # refused: unknown-function@13 unknown-name@17
        i, j = map(lambda x: x, words)  # refused: unknown-function@16 lambda@20
        yield row.name, row.n
