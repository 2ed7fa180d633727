from totem_sdk import Param, TotemJob


class Job(TotemJob):
    on: bool = Param(True)

    def mapper_init(self):  # refused: state@5
        if self.on:
            self.total = 0
        self.rows = self.total  # refused: unassigned@26

    def mapper(self, _, row):
        yield row.name, self.rows
