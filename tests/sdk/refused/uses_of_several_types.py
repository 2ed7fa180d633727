from mrjob.step import MRStep

from totem_sdk import TotemJob


class Job(TotemJob):
    def read(self, _, row):
        yield row.name, (0, row.n)
        yield row.name, (1, row.name)
        yield row.name, (2, (row.n, row.n))

    def take(self, name, values):
        for kind, value in values:
            if kind == 0:
                a = len(value)  # refused: type@25
            elif kind == 1:
                b = f"{value}"  # refused: type@24
            elif kind == 2:
                c, d = value  # refused: type@24
            elif value:  # refused: type@18
                yield name, value + value  # refused: type@29
            elif value == name:
                yield name, value + "x"
            elif value == (1, 2):  # refused: type@18
                yield name, name * 2
            elif value is None:
                yield name, value % 3  # refused: type@29
            elif kind in {value: 1}:  # refused: type@27
                yield name, value * 2  # refused: type@29
            elif 1 < value < 3:  # refused: type@18
                e = [value, value]
                e.sort()  # refused: type@17
            yield name, [value]  # refused: emit-type@13
            yield value, 1  # refused: emit-type@13
            f = max(value, 1)  # refused: type@28
            g: int = value  # refused: annotation@16
            h = float(value)  # refused: type@23
            i = value[0]  # refused: type@17
            j = int(value)  # refused: type@21
            for k in value:  # refused: loop-form@22
                yield name, "1"
            yield name, value == True  # refused: type@25

    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.take)]
