from totem_sdk import Param, TotemJob


class Job(TotemJob):
    a = Param(1)  # refused: param@5
    b: float = Param(1)  # refused: param@22
    c: list = Param()  # refused: param@8
    d: int = Param(1, 2)  # refused: param@14
    e: int = Param(1, choices=3)  # refused: param@23
    f: str = Param(str(1))  # refused: param@20
    g: int = Param(True)  # refused: param@20
    h: int = Param(help="one", help="two")  # refused: param@14

    def mapper(self, _, row):
        yield row.name, row.n
