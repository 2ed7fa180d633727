"""More counters than the kernel keeps in locals."""
# schema: {"n": "int"}
# rows: 60

from totem_sdk import TotemJob


class ManyBranches(TotemJob):
    def mapper(self, _, row):
        total = 0
        if row.n > -20:
            total += 1
        if row.n > -19:
            total += 2
        if row.n > -18:
            total += 3
        if row.n > -17:
            total += 4
        if row.n > -16:
            total += 5
        if row.n > -15:
            total += 6
        if row.n > -14:
            total += 7
        if row.n > -13:
            total += 8
        if row.n > -12:
            total += 9
        if row.n > -11:
            total += 10
        if row.n > -10:
            total += 11
        if row.n > -9:
            total += 12
        if row.n > -8:
            total += 13
        if row.n > -7:
            total += 14
        if row.n > -6:
            total += 15
        if row.n > -5:
            total += 16
        if row.n > -4:
            total += 17
        if row.n > -3:
            total += 18
        if row.n > -2:
            total += 19
        if row.n > -1:
            total += 20
        if row.n > 0:
            total += 21
        if row.n > 1:
            total += 22
        if row.n > 2:
            total += 23
        if row.n > 3:
            total += 24
        if row.n > 4:
            total += 25
        if row.n > 5:
            total += 26
        if row.n > 6:
            total += 27
        if row.n > 7:
            total += 28
        if row.n > 8:
            total += 29
        if row.n > 9:
            total += 30
        if row.n > 10:
            total += 31
        if row.n > 11:
            total += 32
        if row.n > 12:
            total += 33
        if row.n > 13:
            total += 34
        if row.n > 14:
            total += 35
        if row.n > 15:
            total += 36
        if row.n > 16:
            total += 37
        if row.n > 17:
            total += 38
        if row.n > 18:
            total += 39
        if row.n > 19:
            total += 40
        yield total % 7, total

    def reducer(self, key, totals):
        yield key, sum(totals)
