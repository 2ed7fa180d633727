# schema: {"n": "int", "x": "float"}
# params: {"rate": 0.21, "name": "tariff", "strict": true, "least": -5}
from totem_sdk import Param, TotemJob

MINUTES = 60
SECONDS = MINUTES * 60


class ConstantsAndParams(TotemJob):
    """Every place from which a constant can come."""

    rate: float = Param(0.5, help="price")
    name: str = Param("none")
    strict: bool = Param(False)
    least: int = Param()

    LIMIT = -3
    SCALE = 2.5
    NAME = "abc"
    YES = True
    NOTHING = None
    PAIR = (1, ("two", 3.0))
    DERIVED: float = SCALE * 4 - LIMIT

    def mapper(self, _, row):
        value = 0.0
        if row.n >= self.least and (self.strict or row.x > 0.0):
            value = row.x * self.rate + self.SCALE
        constants = (ConstantsAndParams.NAME, self.LIMIT, MINUTES, SECONDS, self.DERIVED, self.YES, self.NOTHING)
        yield (self.name, self.PAIR), (value, constants, self.PAIR[1][0])
