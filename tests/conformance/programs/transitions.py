# schema: {"user": "str", "page": "str?", "at": "datetime"}
from totem_sdk import TotemJob


class Transitions(TotemJob):
    """From which page to which other users go, with keys that are tuples, dates and bools."""

    def mapper_init(self):
        self.last = {}
        self.moves = {}
        self.days = {}
        self.late = {True: 0, False: 0}

    def mapper(self, _, row):
        page = row.page if row.page is not None else "?"
        if row.user in self.last:
            move = (self.last[row.user], page)
            self.moves[move] = self.moves.get(move, 0) + 1
        self.last[row.user] = page
        self.late[row.at.hour >= 18] += 1
        day = row.at.date()
        self.days.setdefault(day, {})[row.user] = True
        if page == "logout":
            del self.last[row.user]
        if len(self.last) > 50:
            self.last.clear()

    def mapper_final(self):
        for move, times in self.moves.items():
            yield move[0] + " to " + move[1], times
        for day, users in self.days.items():
            yield day.isoformat(), len(users)
        yield "late", self.late[True]
        yield "open", len(self.last)
        left = self.last.copy()
        left.update({"nobody": "?"})
        yield "left " + ",".join(sorted(left.values())), left.pop("nobody", "").count('?') + len(left)

    def reducer(self, what, times):
        yield what, sum(times)
