# schema: {"kind": "str", "user": "int", "name": "str?", "amount": "float?"}
# data: [["user", 1, "Ada", null], ["order", 1, null, 9.5], ["order", 2, null, 3.0], ["order", 1, null, 0.25], ["user", 3, "Bob", null], ["order", 4, null, null], ["user", 4, null, null]]
from totem_sdk import TotemJob


class JoinOfTwoInputs(TotemJob):
    """Users and their orders, which stand in one table and tell by a column what they are; either may be missing."""

    def mapper(self, _, row):
        if row.kind == "user":
            yield row.user, ("a", row.name if row.name is not None else "(no name)", 0.0)
        else:
            yield row.user, ("b", "", row.amount if row.amount is not None else -1.0)

    def reducer(self, user, records):
        name = None
        amounts = []
        for kind, text, amount in sorted(records):
            if kind == "a":
                name = text
            elif amount >= 0:
                amounts.append(amount)
        if name is None:
            yield f"unknown user {user}", (len(amounts), sum(amounts))
        elif amounts:
            yield f"{name} ({user})", (len(amounts), round(sum(amounts) / len(amounts), 2))
        else:
            yield f"{name} ({user}) bought nothing", (0, 0.0)
