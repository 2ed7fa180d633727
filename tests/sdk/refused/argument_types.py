from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = abs(row.name)  # refused: type@21
        b = len(row.n)  # refused: type@21
        c = str(row.at - row.at)  # refused: type@13
        d = str(row.at - row.at)  # refused: type@13
        e = int(row.at)  # refused: type@13
        f = max(row.n, row.name)  # refused: type@28
        g = row.name.startswith(1)  # refused: type@33
        h = float((1, 2))  # refused: type@13
        i = bool((1, 2))  # refused: type@13
        j = row.name.split() if (1, 2) else row.name.split(",")  # refused: type@33
        k = {(row.name.split(), 1): 2}  # refused: type@14
        l = row.name.split() is None  # refused: type@13
        yield row.name, row.n
