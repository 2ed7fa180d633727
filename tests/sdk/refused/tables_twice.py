from totem_sdk import TotemJob

NAMES = ["a", "b"]
NAMES = ["c"]  # refused: duplicate@1


def NAMES():  # refused: duplicate@1
    return 1


class Job(TotemJob):
    TABLE = {"a": 1}
    TABLE = 3  # refused: duplicate@5

    def TABLE(self):  # refused: duplicate@5
        return 1

    def mapper(self, _, row):
        yield row.name, 1
