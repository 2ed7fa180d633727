from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        if row.n:
	    yield row.name, row.n  # refused: syntax@1
