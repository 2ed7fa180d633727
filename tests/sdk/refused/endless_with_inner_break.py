from totem_sdk import TotemJob


class Job(TotemJob):
    LIMIT = 3

    def mapper(self, _, row):
        while self.LIMIT > 2:  # refused: endless-loop@9
            for i in range(3):
                break
            continue
            break
        yield row.name, row.n
