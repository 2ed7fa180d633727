# schema: {"name": "str", "n": "int"}
# fails: runtime@14
"""An error that a helper raises, beside try statements that don't catch it."""

from totem_sdk import TotemJob


class Job(TotemJob):
    def checked(self, n):
        try:
            if n > 0:
                return n
            if n != 0:
                raise RuntimeError("negative")
            return 1 // n
        except (ValueError, KeyError):
            return 0
        finally:
            n = 5

    def mapper(self, _, row):
        try:
            yield row.name, self.checked(-3)
        except ArithmeticError:
            yield row.name, 0
