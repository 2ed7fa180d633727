from totem_sdk import TotemJob


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)  # refused: recursion@23


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, even(row.n)
