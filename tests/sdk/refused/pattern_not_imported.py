from totem_sdk import TotemJob

WORD = re.compile("a")  # refused: unknown-name@11


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, 1
