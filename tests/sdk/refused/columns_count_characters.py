from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield "Grüße 😀" + row.nix, row.n  # refused: unknown-column@31
