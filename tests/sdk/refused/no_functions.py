from totem_sdk import TotemJob


class Job(TotemJob):  # refused: steps@1
    LIMIT = 3
