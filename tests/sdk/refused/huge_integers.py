from totem_sdk import TotemJob

BIG = 9223372036854775808  # refused: int-range@7


class Job(TotemJob):
    MORE = 9223372036854775807 + 1  # refused: int-range@12
    LEAST = -9223372036854775808

    def mapper(self, _, row):
        yield row.name, row.n
