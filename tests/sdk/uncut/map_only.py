from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        if row.on:
            yield row.name, row.n  # uncut: rows-would-move@13
