from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = self.thrice(row.n)  # refused: unknown-function@18
        b = row.name.translate("a")  # refused: unknown-attribute@22
        c = row.n.to_bytes()  # refused: unknown-attribute@19
        d = row.at.timestamp()  # refused: unknown-attribute@20
        e = row.day.hour  # refused: unknown-attribute@21
        f = row.at.weekday  # refused: unknown-attribute@20
        g = row.at.year()  # refused: unknown-attribute@20
        h = row.name.lower  # refused: unknown-attribute@22
        i = Job.OTHER  # refused: unknown-attribute@17
        yield row.name, row.n
