import datetime

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = datetime.datetime.strptime(row.name, "%Y %z")  # refused: format@50
        b = datetime.datetime.strptime(row.name, row.name)  # refused: argument@54
        c = datetime.datetime.strptime(row.name, "%Y %y")  # refused: format@50
        d = datetime.datetime.strptime(row.n, "%Y")  # refused: type@44
        e = datetime.date.fromisoformat(row.city)  # refused: maybe-none@45
        f = row.at.strftime("%c")  # refused: format@29
        g = row.at.strftime(row.name)  # refused: argument@13
        h = f"{row.day:%Y %U}"  # refused: format@16
        i = row.day.replace(hour=1)  # refused: argument@29
        j = row.day.replace(month=1.5)  # refused: type@35
        k = row.at.isocalendar(1)  # refused: argument@13
        m = row.at.isocalendar().day  # refused: unknown-attribute@34
        n = datetime.datetime.strptime(row.name)  # refused: argument@13
        yield row.name, 1
