# schema: {"n": "int"}
from totem_sdk import TotemJob


class DeadCode(TotemJob):
    def mapper(self, _, row):
        if row.n > 0:
            yield "positive", row.n
            return
            yield "never", "text"
        else:
            yield "other", 0
        pass
        while True:
            return
        yield "never", 1

    def unused(self, anything):
        return anything
