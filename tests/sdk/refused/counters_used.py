from collections import Counter, defaultdict

from totem_sdk import TotemJob


class Job(TotemJob):
    def add(self, counter, words):
        counter.update(words)  # refused: argument@9

    def mapper(self, _, row):
        seen = Counter()
        seen[row.name] += 1
        seen[row.name] = 0.5  # refused: type-conflict@18
        seen[row.n] = 1  # refused: type-conflict@18
        again = Counter([1.5, 2.5])  # refused: type@17
        a = seen.elements()  # refused: unknown-attribute@18
        b = seen + seen  # refused: type@13
        c = row.name.most_common()  # refused: unknown-attribute@13
        e = {"a": 1}.most_common(1)  # refused: unknown-attribute@13
        self.add(Counter(), ["a"])
        sums = defaultdict(int)
        sums[row.name] += "a"  # refused: type@9
        sums[row.maybe] = 1  # refused: maybe-none@18
        lists = defaultdict(list)
        lists[row.name].append(lists)  # refused: type-conflict@32
        other = defaultdict(list)
        if row.n > 1:
            other = defaultdict(lambda: 1)  # refused: type-conflict@13
        plain = {"a": 1}
        if row.n > 2:
            plain = seen  # refused: type-conflict@13
        yield row.name, row.n + len(other) + len(plain)
