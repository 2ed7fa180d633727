# schema: {"article": "str", "amount": "int", "price": "float"}
import collections
from collections import defaultdict, deque

from totem_sdk import TotemJob


class Deques(TotemJob):
    """What deques do: both ends, a bound, what reads them as lists are read, and what they keep from row to row."""

    def mapper_init(self):
        self.last: deque[str] = deque(maxlen=3)
        self.of_length = defaultdict(lambda: deque(maxlen=2))
        self.waiting = defaultdict(deque)
        self.front = deque()
        self.never = collections.deque([], 0)

    def size_of(self, text):
        return len(text) * self.last.count(text) + len([kept for kept in self.last if kept > text])

    def mapper(self, _, row):
        self.last.append(row.article)
        self.of_length[len(row.article)].append(row.article)
        self.waiting[row.amount % 3].appendleft((row.amount, row.article))
        self.front.appendleft(row.price)
        if len(self.front) > 5:
            self.front.pop()
        self.never.append(row.article)
        self.never.appendleft(row.article)
        self.never.extend([row.article, "?"])
        yield "last", " ".join(self.last)
        yield "size", str(sum(self.size_of(text) for text in self.last))

        queue = deque(row.article, maxlen=4)
        queue.rotate(2)
        queue.extendleft(["a", "bb"])
        queue.extend(list(row.article[:2]))
        taken = []
        while queue:
            taken.append(queue.popleft())
            if len(queue) > 2:
                taken.append(queue.pop())
        yield "taken", "-".join(taken)

        numbers = deque(i * i for i in range(row.amount % 7))
        numbers.append(row.amount)
        numbers.rotate(-1)
        numbers.rotate()
        numbers.rotate(row.amount)
        numbers[0] = -row.amount
        numbers += [4, 5]
        del numbers[1]
        numbers.reverse()
        for number in reversed(numbers):
            yield "back", str(number)
        total = 0
        for i, number in enumerate(numbers):
            for other in list(numbers):
                if other == number:
                    numbers[i] = other + 1
            total += number * i
        more = [x for x in numbers if x > 2]
        less = sum(x for x in numbers if x < 2)
        yield "numbers", f"{total} {sum(numbers)} {max(numbers)} {min(numbers)} {less} {len(more)} {4 in numbers}"
        yield "asked", f"{numbers.count(5)} {numbers.index(6)} {numbers[-1]} {sorted(numbers)[0]} {len(numbers)}"
        numbers.remove(6)
        numbers.clear()
        yield "empty", "some" if numbers or self.never else "none"

    def mapper_final(self):
        for length, texts in self.of_length.items():
            yield f"of {length}", ",".join(texts)
        for rest, pairs in self.waiting.items():
            first, *others = pairs
            yield f"rest {rest}", f"{first[1]} {first[0]} {len(others)} {len(set(amount for amount, _ in pairs))}"
        yield "front", " ".join(str(price) for price in self.front)

    def reducer(self, name, values):
        kept = deque(values, maxlen=6)
        for a, b in zip(kept, list(kept)[1:]):
            yield name, f"{a}|{b}"
        yield name, " ".join(kept)
