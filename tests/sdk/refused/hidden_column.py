# hidden: name salary
from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        if row.salary > 3:  # refused: hidden-column@16
            yield row.name, row.n  # refused: hidden-column@23
