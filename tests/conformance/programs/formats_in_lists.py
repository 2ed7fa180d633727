# schema: {"name": "str", "n": "int"}
# data: [["abcd", 5], ["", 7], ["é;", 1234567890], ["Zz", -3]]
"""Texts that formats make, kept in lists beside others."""

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        items = ["{:é^5.2}{};".format(row.name, row.n)]
        items.append("%s-%d" % (row.name, row.n))
        items.append(row.name)
        yield max(items + [""]), len(items[0])
        yield items[1], len(items)
