from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        try:
            n = row.n
        except nothing:  # refused: exception@16
            n = 1
        except (ValueError, OSError):  # refused: exception@16
            n = 1
        except row.error:  # refused: exception@20
            n = 1
        yield row.name, n
        yield row.nothing, 1  # refused: unknown-column@19
