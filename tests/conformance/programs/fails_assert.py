# schema: {"name": "str", "n": "int"}
# fails: assertion@10
"""An assert that fails, and a finally that is done before."""

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        assert row.n == row.n + 1, "never: " + row.name
        yield row.name, 1

    def mapper_final(self):
        yield "end", 1
