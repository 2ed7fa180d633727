# schema: {"date": "date", "cid": "int", "bill": "float"}
# rows: 12
from totem_sdk import TotemJob


class TotalBill(TotemJob):
    def mapper(self, _, row):
        yield row.cid, row.bill

    def reducer(self, cid, bills):
        yield cid, sum(bills)
