# schema: {"name": "str", "n": "int", "x": "float", "m": "int?"}
from totem_sdk import TotemJob


class Lists(TotemJob):
    """Lists that are made, changed, shared, passed and compared."""

    def smallest(self, numbers):
        best = numbers[0]
        for number in numbers:
            if number < best:
                best = number
        return best

    def add_to(self, numbers, number):
        numbers.append(number)
        return numbers

    def rounds(self, numbers):
        text = ""
        for number in numbers:
            if number > 3 and len(numbers) < 12:
                numbers.append(number - 2)
            text += str(number) + ","
        return text

    def mapper(self, _, row):
        numbers = [row.n % 7, 3, 5]
        same = numbers
        same.append(9)
        numbers[0] = 4
        numbers[-1] += 1
        yield "last", numbers[-1] + len(same) + self.smallest(numbers)
        grown = self.add_to(numbers, 1)
        yield "pop", grown.pop() + grown.pop(0) + len(numbers)
        yield "in", int(row.n % 7 in numbers) + 2 * int(100 not in numbers)
        mixed = []
        mixed.append(row.n)
        mixed.append(row.x)
        yield "sum", sum(mixed)
        yield "mixed", min(mixed)
        yield "mixed", max(mixed)
        yield "mixed", mixed[0]
        words = row.name.split()
        words.append("end")
        words.sort()
        yield words[0] + words[-1], len(words)
        words.reverse()
        for word in sorted(words, reverse=True):
            yield word, len(words)
        yield self.rounds([row.n % 9, 5]), 0
        pairs = [(row.name, row.n), ("b", 1)]
        for name, number in sorted(pairs):
            yield name, number
        yield min(pairs)[0], pairs.index(("b", 1)) + pairs.count(("b", 1)) + int((row.name, 1) in pairs)
        some = [row.m, None]
        yield "none", int(None in some) + some.count(None) + int(some == [None, None])
        table = []
        for i in range(3):
            table.append([i] * i)
        table[1].extend([7, 8])
        table[0] += table[1] + [row.n]
        yield "table", len(table[0]) + table[0][1]
        yield "equal", int(table[-1] == [2, 2]) + 2 * int(table[0] != table[1])
        cut = table[0][1:] + table[0][::-1] + table[0][-2:1:-1] + table[0][:-1]
        cut.insert(1, 77)
        cut.insert(-100, 76)
        cut.insert(100, 75)
        yield "cut", sum(cut) + cut[0] - cut[2] + cut[-1] + len(cut.copy()) + cut[2:7:2][1]
        del cut[1]
        if not [] and cut:
            cut.clear()
        a, b = list(cut), [row.x, 1.5]
        yield "empty", sum(a)
        yield "floats", sum(b)
        yield "nothing", sum([x for x in b if x > 1e300])
        copies = [row.n % 3, 1, 2, 1]
        copies.remove(1)
        copies.remove(2 if row.n % 2 else copies[0])
        yield "removed", copies[0] + 10 * copies[-1]
        first, second = b
        yield "both", first + second
