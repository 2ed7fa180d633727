"""Dicts: the kernel does what the interpreter does, also where keys go, tables grow, and memory ends."""

import datetime

import pytest

from tests.ccf.kernel.test_kernel_lists import job, pairs_of

INTS = (0, 1, -1, 7, 2**63 - 1, -(2**63))
TEXTS = ("", "a", "ab", "b", "Größe", "😀", "a\x00", "abcdefgh", "abcdefgi", "z" * 100)
DAYS = tuple(datetime.date(*day) for day in ((1, 1, 1), (1970, 1, 1), (9999, 12, 31)))

COUNTS = job(
    "counts = {}",
    "for word in row.text.split():",
    "    counts[word] = counts.get(word, 0) + 1",
    "first = {}",
    "for position, word in enumerate(row.text.split()):",
    "    if word not in first:",
    "        first[word] = position",
    "    first.setdefault(word, 7)",
    "for word, count in counts.items():",
    "    yield word, (count, first[word])",
    "squares = {n: n * n for n in range(5) if n != 2}",
    "del squares[0]",
    "for key in squares:",
    "    yield str(key), (squares[key], len(squares))",
    "yield 'all', (sum(squares.values()), max(counts.values()))",
    "yield 'best ' + max(counts, key=counts.get), (squares.pop(3), squares.pop(33, -1))",
    "for pair in sorted(counts.items(), key=lambda item: item[1]):",
    "    yield pair[0], (pair[1], 0)",
    "index = {}",
    "for word in row.text.split():",
    "    index.setdefault(word[0], []).append(word)",
    "for letter in sorted(index):",
    "    yield letter, (len(index[letter]), 1)",
)


def test_words_are_counted_placed_and_indexed(both):
    run = both(COUNTS, {"text": "str"}, [("the quick the lazy dog the dog",), ("a",), ("b a b",)])
    assert run.state == "completed"


@pytest.mark.parametrize(("type_", "values"), [("int", INTS), ("str", TEXTS), ("date", DAYS), ("bool", (False, True))])
def test_keys_of_each_type_are_found(both, type_, values):
    source = job(
        "d = {row.a: 1}",
        "d[row.b] = d.get(row.b, 5) * 2",
        "both = {(row.a, 1, row.b): row.a}",
        "both[(row.b, 1, row.a)] = row.b",
        "yield len(d), (d[row.a], int(row.b in d), len(both), int((row.a, 2, row.a) in both))",
        "same = int(both[(row.a, 1, row.b)] == row.a)",
        "value = d.pop(row.a)",
        "yield value + same, (len(d), int(row.a in d), d.get(row.b, -1), 0)",
        "more = d.copy()",
        "more.update({row.a: 8, row.b: 9})",
        "yield len(more), (sum(more.values()), more[row.a], len(d), int(bool(d)))",
        "more.clear()",
        "yield len(more), (0, 0, 0, 0)",
    )
    assert both(source, {"a": type_, "b": type_}, pairs_of(values)).state == "completed"


@pytest.mark.parametrize("number", [0, 1, 7, 8, 100, 5000])
def test_tables_grow_and_shrink(both, number):
    source = job(
        "d = {}",
        "for n in range(row.n):",
        "    d[str(n * 7919 % 10007)] = n",
        "total = 0",
        "for key, value in d.items():",
        "    total = total * 31 % 1000003 + int(key) + value",
        "yield total, len(d)",
        "for n in range(row.n):",
        "    if n % 3 == 0:",
        "        d.pop(str(n * 7919 % 10007), 0)",
        "    elif n % 50 == 1:",
        "        d[str(n)] = n",
        "total = 0",
        "for value in d.values():",
        "    total = total * 31 % 1000003 + value",
        "yield total, len(d)",
        "for key in list(d):",
        "    if d[key] % 2:",
        "        d[key] += 1",
        "yield sum(d.values()), len(list(d.items()))",
    )
    assert both(source, {"n": "int"}, [(number,)]).state == "completed"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("x = d[row.n + 1]", "key"),
        ("x = d.pop(row.n + 1)", "key"),
        ("del d[row.n + 1]", "key"),
        ("for key in d: d[key + 1] = 1", "runtime"),
        ("for key in d: del d[key]", "runtime"),
        ("for key, value in d.items(): d.clear()", "runtime"),
    ],
)
def test_what_fails_names_its_line(both, line, kind):
    run = both(job("d = {row.n: 1}", line, "yield 1, len(d)"), {"n": "int"}, [(3,)])
    assert (run.state, run.error.kind, run.error.line) == ("failed", kind, 5)


def test_errors_of_dicts_are_caught(both):
    source = job(
        "d = {'a': 1}",
        "try:",
        "    found = d[row.key]",
        "except KeyError:",
        "    found = -1",
        "yield row.key, found",
    )
    assert both(source, {"key": "str"}, [("a",), ("b",)]).state == "completed"


KEPT = """from totem_sdk import TotemJob
class Job(TotemJob):
    def mapper_init(self):
        self.counts = {}
        self.seen = {}
        self.index = {}
    def mapper(self, _, row):
        for word in row.text.split():
            self.counts[word] = self.counts.get(word, 0) + 1
            self.index.setdefault(len(word), []).append(word)
        if row.n % 10 == 0:
            self.seen[(row.n, row.text)] = row.text
            self.seen.pop((row.n - 100, row.text), "")
        if row.n % 100 == 0:
            yield row.text[:5], (len(self.counts), len(self.seen))
            big = [row.text * 10 for n in range(300)]
            yield "made", (len(big), 0)
    def mapper_final(self):
        for word, count in sorted(self.counts.items()):
            yield word, (count, 0)
        for length in self.index:
            yield "length", (length, len(self.index[length]))
        for pair, text in self.seen.items():
            yield text, (pair[0], len(pair[1]))
"""


def test_dicts_on_self_live_from_row_to_row(both):
    rows = [(n, " ".join(("abc"[n % 3] * (n % 17), f"word{n % 50}", "x"))) for n in range(1, 2500)]
    run = both(KEPT, {"n": "int", "text": "str"}, rows)
    assert run.state == "completed"


@pytest.mark.slow
@pytest.mark.parametrize(("value", "key"), [("n", "n"), ("None", "n"), ("(n, n, n)", "str(n)"), ("str(n)", "n % 3")])
def test_memory_ends_alike(both, value, key):
    source = job("d = {}", "for n in range(100_000_000):", f"    d[{key}] = {value}", "yield 1, len(d)")
    run = both(source, {"n": "int"}, [(1,)])
    assert (run.state, run.error.kind) == ("failed", "memory")
