"""What each customer owes: the worked example of paper I, section 4.4, which costs 198 totem.

totem run examples/paper1/total_bill.py examples/paper1/bills.csv --table paper-2019 --totem 198
"""

from totem_sdk import TotemJob


class TotalBill(TotemJob):
    """Sums the bills of a customer id."""

    def mapper(self, _, row):
        yield row.cid, row.bill

    def reducer(self, cid, bills):
        yield cid, sum(bills)


if __name__ == "__main__":
    TotalBill.run()
