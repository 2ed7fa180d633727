# schema: {"n": "int", "name": "str"}
from totem_sdk import TotemJob


class LoopsInElse(TotemJob):
    """A break in a loop that stands in the else of another one leaves only its own loop."""

    def mapper(self, _, row):
        left = row.n
        for _letter in row.name.split():
            if left > 100:
                break
        else:
            for number in range(5):
                if number > row.n % 3:
                    break
            left = left - number
        else_of_while = 0
        while else_of_while < 2:
            else_of_while += 1
        else:
            for number in [1, 2, 3]:
                if number == 2:
                    break
            else:
                left = -1
            while left < 1000:
                left += 997
                if left % 2:
                    break
            else:
                left = left + 1
            yield row.name, (left, else_of_while)
        yield row.name, (left, 0)
