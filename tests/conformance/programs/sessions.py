# schema: {"when": "datetime", "name": "str"}
from datetime import timedelta

from totem_sdk import TotemJob


class Sessions(TotemJob):
    """Visits of each name, cut where nothing happened for a while."""

    def mapper_init(self):
        self.sessions = [[""]]
        self.starts = []

    def mapper(self, _, row):
        if not self.starts or row.when - self.starts[-1] > timedelta(days=3650) or row.when < self.starts[0]:
            self.starts.append(row.when)
            self.sessions.append([row.name])
        else:
            self.sessions[-1].append(row.name)
        if len(self.sessions) > 3:
            first = self.sessions.pop(0)
            self.starts.pop(0)
            yield first[0], len(first)

    def mapper_final(self):
        for session in self.sessions:
            yield " ".join(session), len(session)

    def reducer(self, name, lengths):
        yield name, sum(lengths)
