# schema: {"n": "int", "s": "str"}
# rows: 16
from totem_sdk import TotemJob


class ContinueEverywhere(TotemJob):
    def mapper(self, _, row):
        found = 0
        i = 0
        while i < 6:
            i += 1
            if i == row.n:
                continue
            for j in range(5):
                if j == i:
                    continue
                for part in row.s.split():
                    if part == "abc":
                        continue
                    if j == 3:
                        break
                    found += 1
                if found > 40:
                    break
            if found > 60:
                continue
            found += 1
        yield "found", found

    def reducer(self, key, values):
        total = 0
        for value in values:
            if value % 2 == 0:
                continue
            if value > 1000:
                return
            total += value
        yield key, total
