from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        # Grüße: in comments and texts anything goes.
        yield “name” + "Grüße", row.n  # refused: identifier@15
