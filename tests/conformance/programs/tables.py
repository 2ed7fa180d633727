# schema: {"name": "str", "n": "int", "day": "date"}
# params: {"rate": 2.0}
from totem_sdk import Param, TotemJob

LIMIT = 3
STAGES = ["low", "middle", "high"]
NUMBERS = {name: i for i, name in enumerate(STAGES)}
PRICES: dict[str, float] = {"low": 0.18, "middle": 0.31, "high": -1 * 0.44}
GRID = [[1, 2], [3, LIMIT]]
LETTERS = "a b c".split()
SEEN = {}


def stage_of(n):
    return STAGES[min(abs(n) // 5, len(STAGES) - 1)]


class Tables(TotemJob):
    """Lists and dicts of the module and of the class; those that a task changes are its own."""

    rate: float = Param(1.0)
    OFFSET = 10
    WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    COUNTS = [OFFSET] * 7

    def mapper_init(self):
        self.WEEKDAYS[0] = "mon"
        self.rows = 0

    def mapper(self, _, row):
        self.rows += 1
        weekday = row.day.weekday()
        self.COUNTS[weekday] += 1
        SEEN[row.name] = SEEN.get(row.name, 0) + 1
        stage = stage_of(row.n)
        yield stage, (self.WEEKDAYS[weekday], PRICES[stage] * self.rate, GRID[row.n % 2][1], row.name[:1] in LETTERS)

    def mapper_final(self):
        for name in sorted(SEEN):
            yield name, ("", 0.0, SEEN[name], False)
        yield "rows", ("", 0.0, self.rows + sum(Tables.COUNTS), True)

    def reducer(self, stage, parts):
        SEEN[stage] = len(SEEN)
        days = []
        total, numbers, known = 0.0, 0, 0
        for day, price, number, letter in parts:
            days.append(day)
            total += price
            numbers += number
            known += 1 if letter else 0
        yield stage, (NUMBERS.get(stage, -1), min(days), self.WEEKDAYS[0], total, numbers, known, SEEN[stage])
