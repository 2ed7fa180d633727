from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):  # refused: state@5
        self.last = 0
        try:
            self.first = int("3")
        except ValueError:
            pass

    def mapper(self, _, row):
        try:
            n = int(row.name)
            m = n + 1
        except ValueError:
            n += 1  # refused: unassigned@13
        yield row.name, m  # refused: unassigned@25
        try:
            whole = row.n
            part = int(row.name)
        except ValueError:
            yield row.name, whole
            error = 1
        finally:
            yield row.name, part  # refused: unassigned@29
        try:
            part = int(row.name)
        except ValueError as error:
            part = 0
        yield row.name, error  # refused: unassigned@25
        raise  # refused: exception@9
