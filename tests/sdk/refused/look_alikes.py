from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        nаme = row.name  # refused: identifier@10
        yield nаme, ｒow.n  # refused: identifier@16 identifier@21
