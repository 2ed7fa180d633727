from totem_sdk import TotemJob

LONG = "ééééééééééééééééééééééééééééééééé"


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.name.split("----------------------------------------------------------------")
        b = row.name.split("-----------------------------------------------------------------")  # refused: too-large@28
        c = row.name.split(LONG)  # refused: too-large@28
        d = row.name.split("éééééééééééééééééééééééééééééééé")
        e = row.name.split("éééééééééééééééééééééééééééééééé-")  # refused: too-large@28
        yield row.name, len(a) + len(d)
