from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        n = 0
        try:
            n = 1 // row.n
        except OSError:  # refused: exception@16
            n = 2
        try:
            n = int(row.name)
        except (ValueError, KeyError):  # refused: exception@16
            n = row.salaries  # refused: unknown-column@21
        for KeyError in range(3):
            n = n + 1
        yield row.name, n
