from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        if row.n > 3:
            break  # refused: syntax@13
        continue  # refused: syntax@9
