from os.path import join  # refused: import@21
from totem_sdk import TotemJob, table  # refused: import@33
from .mine import Helper  # refused: import@19


class Job(TotemJob):
    def mapper(self, _, row):
        yield join(row.name), Helper()
