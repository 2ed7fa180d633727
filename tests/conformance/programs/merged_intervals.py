# schema: {"room": "str", "start": "str", "minutes": "int"}
# data: [["a", "2024-03-01T09:00:00", 60], ["a", "2024-03-01T09:30:00", 90], ["b", "2024-03-01T23:30:00", 45], ["a", "2024-03-01T13:00:00", 30], ["a", "2024-03-01T13:30:00", 30], ["b", "2024-03-02T00:15:00", 5]]
from datetime import datetime, timedelta

from totem_sdk import TotemJob


class MergedIntervals(TotemJob):
    """When rooms are taken: bookings that touch are one, and how long each is."""

    def mapper(self, _, row):
        yield row.room, (row.start, row.minutes)

    def reducer(self, room, bookings):
        since = until = None
        for text, minutes in sorted(bookings):
            start = datetime.fromisoformat(text)
            end = start + timedelta(minutes=minutes)
            if since is None or until is None:
                since, until = start, end
            elif start <= until:
                until = max(until, end)
            else:
                yield room, f"{since:%d.%m. %H:%M} to {until:%H:%M}, {(until - since).total_seconds() / 60:.0f} min"
                since, until = start, end
        if since is not None and until is not None:
            yield room, f"{since:%d.%m. %H:%M} to {until:%H:%M}, {(until - since).total_seconds() / 60:.0f} min"
