# schema: {"n": "int"}
# data: [[1], [2]]
# fails: overflow@13
from totem_sdk import TotemJob


class NegatedConstant(TotemJob):
    """The least int has no negative."""

    LEAST = -9223372036854775808

    def mapper(self, _, row):
        yield row.n, -self.LEAST
