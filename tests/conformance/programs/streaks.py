# schema: {"player": "str", "day": "str", "won": "bool"}
# data: [["a", "2024-01-01", true], ["a", "2024-01-02", true], ["a", "2024-01-03", false], ["a", "2024-01-04", true], ["b", "2024-01-01", false], ["a", "2024-01-05", true], ["a", "2024-01-07", true], ["b", "2024-02-29", true]]
from datetime import date, timedelta

from totem_sdk import TotemJob


class Streaks(TotemJob):
    """The longest run of days on which a player won, and when it began."""

    def mapper(self, _, row):
        yield row.player, (row.day, row.won)

    def reducer(self, player, games):
        best = run = 0
        began = best_began = last = None
        for text, won in sorted(games):
            day = date.fromisoformat(text)
            if not won:
                run = 0
            elif run and last is not None and day - last == timedelta(days=1):
                run += 1
            else:
                run, began = 1, day
            if run > best:
                best, best_began = run, began
            last = day
        since = f" since {best_began:%d %b}" if best_began is not None else ""
        yield player, f"{best}{since}"
