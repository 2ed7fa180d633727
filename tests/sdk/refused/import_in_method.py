from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        import math  # refused: import@9
        from os import system  # refused: import@9

        yield row.name, row.n
