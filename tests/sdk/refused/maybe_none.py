from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.kwh + 1  # refused: maybe-none@17
        b = row.kwh < 3  # refused: maybe-none@13
        c = row.city + "x"  # refused: maybe-none@17
        d = row.city.lower()  # refused: maybe-none@17
        e = len(row.city)  # refused: maybe-none@21
        f = min(row.kwh, 1.0)  # refused: maybe-none@13
        g = int(row.kwh)  # refused: maybe-none@21
        h = round(row.kwh, 2)  # refused: maybe-none@23
        i = row.name.startswith(row.city)  # refused: maybe-none@37
        for j in range(row.maybe):  # refused: maybe-none@28
            pass
        yield row.name, row.n
