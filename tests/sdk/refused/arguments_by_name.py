from totem_sdk import TotemJob


def scaled(x, factor=2):
    return x * factor


class Job(TotemJob):
    def mapper(self, _, row):
        yield "a", scaled()  # refused: argument@20
        yield "b", scaled(1, 2, 3)  # refused: argument@20
        yield "c", scaled(1, x=3)  # refused: argument@20
        yield "d", scaled(1, by=3)  # refused: argument@20
        yield "e", scaled(factor=3)  # refused: argument@20
        yield "f", scaled(**row)  # refused: star@27
