"""What each customer spent and sent back; lines without a customer don't count.

totem run examples/customer_spend.py .data/retail.parquet --param at_least=5000
"""

from totem_sdk import Param, TotemJob


class CustomerSpend(TotemJob):
    """Money by customer, returns apart: an invoice whose number starts with C is a cancellation."""

    at_least: float = Param(1000.0, help="spending below which a customer isn't listed")

    def mapper(self, _, line):
        if line.customer is None:
            return
        amount = line.quantity * line.price
        if line.invoice.startswith("C"):
            yield line.customer, (0.0, -amount)
        else:
            yield line.customer, (amount, 0.0)

    def reducer(self, customer, amounts):
        spent = 0.0
        returned = 0.0
        for amount in amounts:
            spent += amount[0]
            returned += amount[1]
        if spent >= self.at_least:
            yield customer, (round(spent, 2), round(returned, 2))


if __name__ == "__main__":
    CustomerSpend.run()
