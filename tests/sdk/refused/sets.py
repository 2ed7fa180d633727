from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.seen = {0}

    def mapper(self, _, row):
        a = {row.n}
        b = [row.n]
        d = {row.n: None}
        x = a[0]  # refused: type@13
        a[0] = 1  # refused: target@9
        a.add("b")  # refused: type-conflict@15
        a.add(0.5)  # refused: type@15
        a.add(None)  # refused: maybe-none@15
        a.append(1)  # refused: unknown-attribute@11
        a.pop()  # refused: unknown-attribute@11
        a.update(b)  # refused: type@18
        a.update(d)  # refused: type@18
        e = a & b  # refused: unknown-attribute@17
        f = b.union(a)  # refused: unknown-attribute@13
        g = a == {1}  # refused: type@13
        h = a if row.n else d  # refused: type-conflict@13
        i = (a, 1) in [(a, 1)]  # refused: type@13
        for y in a.items():  # refused: unknown-attribute@20
            pass
        j = dict(a)  # refused: argument@13
        k = sorted(a, key=a.get)  # refused: type@27
        yield row.name, a  # refused: emit-type@9
