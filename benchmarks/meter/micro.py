"""Microbenchmarks of the meter: jobs in which one kind of operation does nearly all the work.

A job is a loop over a body, in a mapper; what the loop itself does is in its bill too. Bodies go on from what the round
before has computed, or a compiler would take them out of the loop. ``t`` and ``u`` are texts that differ in their last
character, of each of ``SIZES``; ``items`` are lists of ``LENGTHS``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from totem_sdk.schema import Schema

__all__ = ["LENGTHS", "SIZES", "Micro", "micros"]

SIZES = (8, 64, 4096)
LENGTHS = (16, 4096)
ROUNDS = 2000
TEXT_WORK = 200_000
"""Bytes that the rounds of a row go by, about: a row's texts stay far below the memory's bound."""

COLUMNS = {
    "one": "int", "a": "int", "b": "int", "x": "float", "y": "float", "flag": "bool", "day": "date", "at": "datetime",
    "maybe": "int?", "t": "str", "u": "str",
}  # fmt: skip

HEAD = """import math
import re
from collections import deque
from datetime import date, datetime, timedelta
from totem_sdk import TotemJob
WORD = re.compile(r"[a-m]+x")
def twice(n):
    return n
class Job(TotemJob):
    def mapper(self, _, row):
        k, f, s = 0, 0.0, ""
"""

SCALARS = """
range int: k = i
add int: k += row.a
sub int: k -= row.a
mul int: k = (k + 1) * row.one
floordiv int: k = k // row.a + i
mod int: k = k % row.a + i
div int: f = (i + int(f)) / row.a
neg int: k = -k
abs int: k = abs(k - i)
divmod int: k = divmod(k + i, row.a)[0]
compare int: k += 1 if i < row.a else 2
min int: k = min(k + 1, i)
logic int: k = (k & i | row.a) ^ row.b
shift int: k = (k << 1 >> 1) ^ i
bit_length int: k += (k ^ i).bit_length()
power of a constant: k += (i & 3) ** 20
power int: k += int((i & 7) ** row.b)
gcd: k += math.gcd(i * 1048576 + 7919, row.a)
lcm: k ^= math.lcm(i, row.a)
isqrt: k += math.isqrt(i * 99991)
factorial: k ^= math.factorial(20 - (i & 1))
comb: k ^= math.comb(66, 32 + (i & 1))
perm: k ^= math.perm(20, 19 + (i & 1))
assign int: k = i; k = row.a; k = i
conditional: k = i if row.flag else row.a
truth: k += 1 if row.a else 2
logic bool: k += 1 if row.flag and i > 5 or not row.flag else 2
none: k += 1 if row.maybe is None else row.maybe
add float: f += row.x
sub float: f -= row.x
mul float: f = f * row.x
div float: f = (f + 1.5) / row.y
mod float: f = (f + row.x) % row.y
mod float far: f += (row.x * 1e300) % row.y
mod float of far exponents: f += 1e308 % (row.y * 3e-308)
floordiv float: f = (f + row.x) // row.y
neg float: f = -f
abs float: f = abs(f - row.x)
compare float: k += 1 if f < row.x else 2
round float: k = round(row.x + i)
round_to float: f = round(f + row.x, 2)
round_to float far: f = round(f * 1.000001 + 1e-9, 22)
round_to float tens: f = round(f + row.x, -3)
floor float: k += math.floor(row.x + i)
isnan: k += 1 if math.isnan(row.x + i) else 2
is_integer: k += 1 if (row.x + i).is_integer() else 2
int of float: k += int(row.x + i)
float of int: f += float(i)
sqrt: f = math.sqrt(f + row.x)
cbrt: f = math.cbrt(f + row.x)
exp: f = math.exp(f / 1000.0)
log: f = math.log(f * f + row.x)
log10: f = math.log10(f * f + row.x)
log to a base: f = math.log(f * f + row.x, row.y)
sin: f = math.sin(f + row.x)
sin far: f = math.sin((f + row.x) * 1e300)
cos: f = math.cos(f + row.x)
tan: f = math.tan(f + row.x)
atan: f = math.atan(f + row.x)
atan2: f = math.atan2(f, row.x)
asin: f = math.asin(f / 2.0)
sinh: f = math.sinh(f / 2.0 + 0.1)
tanh: f = math.tanh(f + row.x)
asinh: f = math.asinh(f + row.x)
erf: f = math.erf(f + row.x)
gamma: f = math.gamma(1.5 + f / 10.0)
lgamma: f = math.lgamma(f * f + row.x)
hypot: f = math.hypot(f, row.x)
pow: f = math.pow(f * f + 1.1, row.y / 1000.0)
power float: f = (f * f + 1.1) ** 0.37
fmod: f = math.fmod(f + row.x, row.y)
copysign: f = math.copysign(f, row.x)
add num: n = (n if i > 3 else 1) + row.x
compare num: k += 1 if (i if row.flag else row.x) < i + k else 2
date part: k += row.day.year + row.day.month
datetime part: k += row.at.hour + row.at.day
weekday: k += row.at.weekday()
date add: k += (row.day + timedelta(days=i)).day
datetime sub: k += (row.at - datetime(2020, 1, 1, 0, i % 60)).days
make date: k += date(2000 + i % 20, 1 + i % 12, 3).day
compare date: k += 1 if date(2020, 1, 1 + i % 20) < row.day else 2
compare datetime: k += 1 if row.at + timedelta(hours=i) < row.at else 2
call: k += twice(i)
caught: k += self.tried(i)
text of int: k += len(str(i * 1000003))
text of bool: k += len(str(row.flag))
text of float: k += len(str(row.x * (i + 1)))
text of a far float: k += len(str(row.x * 1e-300 * i))
text of date: k += len(row.day.isoformat())
text of datetime: k += len(row.at.isoformat())
format int: k += len(format(i, ",d"))
format float: k += len(format(row.x * i, ".2f"))
format float long: k += len(format(row.x * 1e300 * i, ".100f"))
format float small: k += len(format(row.x * 1e-300 * i, ".100e"))
ceil float: k += math.ceil(row.x + i)
not bits: k = ~k ^ i
max float: f = max(f, row.x + i)
chr: k += len(chr(97 + i % 26))
ord: k += ord("x" if row.flag else "y")
unpack: a, b = "p;q".split(";"); k += len(b)
int of text: k ^= int("9007199254740993")
float of text: f += float("12345.6789")
float of a hard text: f += float("2.2250738585072011360574097967091319759348195463516456480234261097248e-308")
yield: yield i, k
yield text: yield "key", row.x
"""

TEXTS = """
compare text: k += 1 if row.t == row.u else 2
order text: k += 1 if row.t < row.u else 2
concat: s = row.t + row.u; k += 1
len text: k += len(row.t)
lower: k += len(row.t.lower())
upper: k += len(row.t.upper())
title: k += len(row.t.title())
strip: k += len(row.t.strip())
strip of letters: k += len(row.t.strip("abcdefgh "))
startswith: k += 1 if row.t.startswith(row.u) else 2
endswith: k += 1 if row.t.endswith(row.u) else 2
split: k += len(row.t.split())
split at: k += len(row.t.split("c"))
splitlines: k += len(row.t.splitlines())
find: k += row.t.find(row.u)
find letter: k += row.t.find("z")
count: k += row.t.count("a")
in: k += 1 if "xyz" in row.t else 2
replace: k += len(row.t.replace("a", "bc"))
join: k += len("-".join(row.t.split()))
index: k += len(row.t[-1])
slice: k += len(row.t[1:-1])
slice back: k += len(row.t[::-1])
removeprefix: k += len(row.t.removeprefix(row.u))
build: s = "{}:{}".format(row.t, row.u); k += 1
keep: self.kept = row.t
isalpha: k += 1 if row.t.isalpha() else 2
islower: k += 1 if row.t.islower() else 2
partition: k += len(row.t.partition("z")[0])
characters: k += len(list(row.t))
repeat: k += len(row.t * 2)
pad: k += len(row.t.ljust(len(row.t) + 8))
format text: k += len(format(row.t, ">20"))
search: k += 1 if WORD.search(row.t) else 2
findall: k += len(WORD.findall(row.t))
re split: k += len(WORD.split(row.t))
int of a long text: k += 1 if "12" in row.u else int("7" + " " * (1 + len(row.t)))
yield a text: yield row.t, row.u
"""

LISTS = """
append: w.append(i)
append text: v.append(row.t)
at: k += items[i & 15]
put: items[i & 15] = i
at far: k += items[(i * 7919 + k & 1) & 4095 & len(items) - 1]
pop: w.append(i); k += w.pop()
pop at: w = items[:]; k += w.pop(0)
insert: items.insert(0, i); k += items.pop()
extend: w = []; w.extend(items)
copy: w = items[:]
add lists: w = items + items
times: w = items * 2
in list: k += 1 if -1 in items else 2
find in list: k += items.index(-7)
count in list: k += items.count(3)
reverse: items.reverse()
clear: w.clear()
sort sorted: items.sort()
sort: w = sorted(items, reverse=True)
sorted texts: v = sorted(words)
sum of list: k ^= sum(items)
sum of floats: f = sum(numbers)
sum of one float: f = sum(numbers[:1])
sum of a kept float: f = sum(single)
min of list: k += min(items)
max of list: k += max(items)
equal lists: k += 1 if items == others else 2
loop over list: k += sum(x for x in items)
list in list: deep = [items]; k += len(deep[0])
deque append and popleft: d.append(i); k += d.popleft()
deque appendleft and pop: d.appendleft(i); k += d.pop()
deque append to a full one: b.append(i)
deque appendleft to a full one: b.appendleft(i)
deque append a text to a full one: q.append(row.t)
deque of list: d = deque(items)
deque of the last: d = deque(items, 3)
deque extend a full one: b.extend(items)
deque rotate: d.rotate(7)
"""

DICTS = """
dict get: k += table[i & 15]
dict get far: k += table[(i * 7919 + k & 1) & 4095 & len(table) - 1]
dict get default: k += table.get(-i, 1)
in dict: k += 1 if -i in table else 2
dict put: table[i & 15] = i
dict put and pop: table[-1] = i; k += table.pop(-1)
dict of texts get: k += named[row.t]
dict of texts put: named[row.t] = i
dict of a pair: pairs[(i & 15, k & 1)] = i
dict setdefault: k += table.setdefault(i & 15, 1)
new dict: w = {i: k}; k += len(w)
new list: v = [i]; k += len(v)
dict copy: table.update(table.copy())
dict keys: k += len(list(table))
loop over dict: k += sum(x for x in table)
set of list: k += len(set(items))
"""

MADE = {
    "numbers": "numbers = [x + 0.5 for x in items]",
    "words": "words = [str(x) for x in items]",
    "table": "table = {x: x + 1 for x in range(len(items))}",
    "named": "named = {row.t: 1}",
    "pairs": "pairs = {(0, 0): 1}",
    "single": "single = [0.5 * len(items)]",
    "d": "d = deque(items)",
    "b": "b = deque(items, 15)",
    "q": "q = deque(['', ''], 2)",
    "w": "w = [0]",
    "v": 'v = [""]',
}
"""What the bodies about lists and dicts find, unless they make it themselves."""


@dataclass(frozen=True)
class Micro:
    """One microbenchmark: a job, and the rows that are repeated to run it."""

    name: str
    source: str
    schema: Schema
    rows: list[tuple[Any, ...]]


def micros() -> Iterator[Micro]:
    """Yield every microbenchmark."""
    for name, body in _bodies(SCALARS):
        yield _looped(name, body, 8, ROUNDS)
    for size in SIZES:
        for name, body in _bodies(TEXTS):
            yield _looped(f"{name}, {size} bytes", body, size, max(4, TEXT_WORK // (size + 40)))
    for length in LENGTHS:
        for name, body in _bodies(LISTS):
            yield _looped(f"{name}, {length} items", body, 8, max(4, TEXT_WORK // (length * 4 + 400)), length)
        for name, body in _bodies(DICTS):
            yield _looped(f"{name}, {length} keys", body, 8, max(4, TEXT_WORK // (length * 8 + 400)), length)
    yield from _phases()


def _bodies(text: str) -> Iterator[tuple[str, str]]:
    for line in text.strip().splitlines():
        name, _, body = line.partition(": ")
        yield name, body


def _looped(name: str, body: str, size: int, rounds: int, length: int = 0) -> Micro:
    lines = []
    if " n = " in f" {body}":
        lines.append("n = 1 if row.flag else row.x")
    if length:
        lines += [
            f"items = [(j * 7919) % {length} for j in range({length - 1})]",
            "items.append(-7)",
            "others = items[:]",
        ]
        names = set(re.findall(r"\w+", body)) - set(re.findall(r"^(\w) = [\[{]", body))
        lines += [line for name, line in MADE.items() if name in names]
    lines += [f"for i in range({rounds}):", *("    " + part for part in body.split("; "))]
    if "yield" not in body:
        lines.append("yield k, f")
    source = HEAD + "".join(f"        {line}\n" for line in lines)
    if "kept" in body:
        source += "    def mapper_init(self):\n        self.kept = ''\n"
    if "tried" in body:
        source += "    def tried(self, i):\n        try:\n            return 10 // (i & 1)\n"
        source += "        except ZeroDivisionError:\n            return 2\n"
    return Micro(name, source, Schema.of(COLUMNS), [_row(size)])


def _row(size: int) -> tuple[Any, ...]:
    text = ("abcdefg " * (size // 8 + 1))[: size - 1]
    day = datetime.date(2021, 5, 17)
    at = datetime.datetime(2021, 5, 17, 13, 59, 1, 250)
    return (1, 97, 3, 1.7, 0.3, True, day, at, None, text + "y", text + "z")


READS = {
    "int": "k += row.c",
    "float": "f += row.c",
    "bool": "k += 1 if row.c else 2",
    "date": "k += 1 if row.c == date(2020, 1, 1) else 2",
    "datetime": "k += 1 if row.c == datetime(2020, 1, 1) else 2",
    "str": "k += len(row.c)",
    "float?": "f += row.c if row.c is not None else 0.0",
}
CELLS: dict[str, Any] = {
    "int": 5,
    "float": 1.25,
    "bool": True,
    "date": datetime.date(2021, 1, 1),
    "datetime": datetime.datetime(2021, 1, 1),
    "float?": None,
}
PASSED = {"int": "row.n", "float": "row.n / 7", "str": "row.t", "(int,str)": "(row.n, row.t)"}


def _phases() -> Iterator[Micro]:
    """Yield what is not in a loop: reading rows, the shuffle, values, folds, and the steps behind."""
    for type_, body in READS.items():
        for size in SIZES if type_ == "str" else SIZES[:1]:
            cell = CELLS.get(type_, "a" * size)
            source = HEAD + f"        {body}\n        if k > 1 << 40:\n            yield k, f\n"
            yield Micro(f"read {type_}, {size} bytes", source, Schema.of({"c": type_}), [(cell,)] * 1000)
    rows = [(n, f"{n % 50:0>8}") for n in range(1000)]
    schema = Schema.of({"n": "int", "t": "str"})
    few = "    def mapper(self, _, row):\n        yield row.n % 50, {}\n"
    many = "    def mapper(self, _, row):\n        yield {}, row.n\n"
    for type_, passed in PASSED.items():
        for name, reducer in (
            ("values", "n = 0\n        for v in values:\n            n += 1\n        yield key, n"),
            ("list of values", "yield key, len(list(values))"),
            *([("fold_max", "yield key, max(values)")] if type_ != "(int,str)" else []),
            *([("fold_min", "yield key, min(values)")] if type_ == "float" else []),
            *([("fold_sum", "yield key, sum(values)")] if type_ in ("int", "float") else []),
        ):
            head = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n"
            reduce = f"    def reducer(self, key, values):\n        {reducer}\n"
            yield Micro(f"{name} {type_}", head + few.format(passed) + reduce, schema, rows)
            if name == "fold_max":
                yield Micro(f"groups {type_}", head + many.format(passed) + reduce, schema, rows)
    steps = "    def again(self, key, value):\n        yield key, value\n    def steps(self):\n        return ["
    steps += "MRStep(mapper=self.mapper), MRStep(mapper=self.again)]\n"
    head = "from mrjob.step import MRStep\nfrom totem_sdk import TotemJob\nclass Job(TotemJob):\n"
    for type_, passed in PASSED.items():
        yield Micro(f"pairs {type_}", head + few.format(passed) + steps, schema, rows)
