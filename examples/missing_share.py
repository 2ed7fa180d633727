"""How complete the measurements are: rows and missing rows, counted on the way through.

totem run examples/missing_share.py .data/minutes.parquet
"""

from totem_sdk import TotemJob


class MissingShare(TotemJob):
    """Keeps its counts on self and emits twice a task, so that almost nothing is shuffled."""

    def mapper_init(self):
        self.rows = 0
        self.missing = 0

    def mapper(self, _, reading):
        self.rows += 1
        if reading.active_kw is None:
            self.missing += 1

    def mapper_final(self):
        yield "rows", self.rows
        yield "missing", self.missing

    def reducer(self, what, counts):
        yield what, sum(counts)


if __name__ == "__main__":
    MissingShare.run()
