from totem_sdk import TotemJob

MIXED = [1, "a"]  # refused: type-conflict@13
NUMBERS: list[str] = [1]  # refused: annotation@10
TOTAL = sum([1, 2])  # refused: constant@9
NAMES = ["a"]


class Job(TotemJob):
    def mapper(self, _, row):
        NUMBERS[0] = "a"
        yield row.name, MIXED[0] + NAMES.first  # refused: unknown-attribute@42
