from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = missing  # refused: unknown-name@13
        b = len  # refused: unknown-name@13
        yield row.name, nothing + 1  # refused: unknown-name@25
