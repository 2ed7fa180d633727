from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = 9223372036854775808  # refused: int-range@13
        b = -9223372036854775808
        c = -9223372036854775809  # refused: int-range@14
        d = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFF  # refused: int-range@13
        yield row.name, row.n
