from totem_sdk import TotemJob

total = 3


class Job(TotemJob):
    def mapper(self, _, row):
        sum = row.n
        a = sum(row.n)  # refused: type@13
        range = 3
        for i in range(3):  # refused: type@18
            pass
        yield row.name, sum
