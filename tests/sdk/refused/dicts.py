from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        never = {}
        counts = {row.name: 1}
        counts[row.n] = 2  # refused: type-conflict@20
        counts[row.kwh] = 2  # refused: maybe-none@20
        half = {0.5: 1}  # refused: type@17
        text = counts[1]  # refused: type@23
        found = 2 in counts  # refused: type@17
        empty = "a" in never
        part = counts["a":"b"]  # refused: slice@23
        kept = counts.items()  # refused: view@16
        more = {**counts}  # refused: star@19
        none = counts.get("a") + 1  # refused: maybe-none@16
        much = counts.popitem()  # refused: unknown-attribute@23
        same = counts == {"a": 1}  # refused: type@16
        pair = (counts, 1) == (counts, 1)  # refused: type@16
        counts.update([1])  # refused: type@23
        counts.get()  # refused: argument@9
        for a, b in zip(counts, counts):  # refused: loop-form@21
            pass
        own = {}
        own[1] = own  # refused: type-conflict@13
        first = {}
        second = {1: first}
        first[1] = [second]  # refused: type-conflict@15
        yield counts, 1  # refused: emit-type@9
        yield row.name, {1: "a"}  # refused: emit-type@9
