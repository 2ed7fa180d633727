from totem_sdk import TotemJob

NAMES = [LATER]  # refused: constant@10
LATER = 1


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, NAMES[0]
