"""The only list of opcodes.

An opcode is one operation of the abstract machine. Each has a *class*, the word under which an estimator table prices
it (None: free, because it only names or moves what was paid for before), and is typed by the operands it works on.
What one execution charges:

* the **static** part, known when the program is compiled: ``weight(class) × bytes(leaf)`` for every priced leaf of
  the operation's type (``static_leaves``); it is part of the charge of the basic block;
* the **sized** part for operations whose work depends on sizes: ``weight(class) × bytes`` where bytes are the UTF-8
  bytes of the operands named by ``sizing`` (for folds: a closed formula in the number of values). It is a charge of
  its own, debited just before the operation.

Adding an opcode: a row here, a handler in ``totem_sdk.interpreter``, a rule in ``totem_ccf.kernel``, a row in
``docs/language.md``; a test proves that all four exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from totem_sdk.deque_opcodes import DEQUE_ROWS
from totem_sdk.dict_opcodes import DICT_ROWS
from totem_sdk.regex_opcodes import REGEX_ROWS
from totem_sdk.text_opcodes import TEXT_ROWS, TextSizing
from totem_sdk.types import NUM, STR, TIMEDELTA, Array, List, Scalar, Type, leaves

__all__ = [
    "DATE_PARTS",
    "OPCODES",
    "Opcode",
    "Sizing",
    "dtype",
    "has_text",
    "is_sized",
]

Sizing = Literal["", "first", "second", "third", "entry", "all", "min", "items", "row", "fold"] | TextSizing
"""What a sized charge counts: the UTF-8 bytes of the texts in

``first`` the first operand; ``second`` the second; ``third`` the third; ``entry`` second and third; ``all`` all
operands; ``min`` for each pair of leaves of the two operands, the shorter one; ``row`` the columns read (see
``read_row``); ``fold`` all values drawn;
others (``text_opcodes.TextSizing``) the text that is made.
``items``, and ``min`` of two lists, count items too, each at the price of the list's item type: how many, and how many
bytes, is a formula of each opcode (``totem_sdk.interpreter.lists.COUNTED``).
For ``read_pair``, ``read_key`` and ``read_value`` the operands are what is read.
"""


@dataclass(frozen=True, slots=True)
class Opcode:
    """One opcode: its name, the class that prices it (None: free), what its sized charge counts, what it does.

    ``price`` says which leaves the static part charges: ``leaves`` of the operation's type, ``text`` only its str
    leaves, ``once`` one item of dtype none, ``made`` and ``summed`` also what is made
    (``totem_sdk.classes``), ``row`` the columns read, ``fold`` nothing (the closed formula has all).
    ``fails`` lists the kinds of ProgramError it can end in.
    """

    name: str
    cls: str | None
    sizing: Sizing
    price: Literal["leaves", "text", "once", "made", "summed", "row", "fold"]
    fails: tuple[str, ...]
    effect: str


_RAISED = "overflow zero_division index value key assertion type runtime exception"

_ROWS: tuple[
    tuple[str, str | None, Sizing, Literal["leaves", "text", "once", "made", "summed", "row", "fold"], str, str], ...
] = (
    # name          class        sizing    price     fails              effect
    ("read_row", "read", "row", "row", "", "take the next row; imm = positions of the columns the program uses"),
    ("read_pair", "read", "all", "leaves", "", "take the next key and value of the step before; type = (key,value)"),
    ("read_key", "read", "all", "leaves", "", "begin the next group: dst = its key"),
    ("read_value", "read", "all", "leaves", "", "dst = the next value of the group"),
    ("fold_sum", "add", "fold", "fold", "overflow", "dst = sum of all values (float: correctly rounded)"),
    ("fold_min", "compare", "fold", "fold", "", "dst = smallest value, the first of equal ones"),
    ("fold_max", "compare", "fold", "fold", "", "dst = largest value, the first of equal ones"),
    ("emit", "emit", "all", "leaves", "", "emit args[0] as key and args[1] as value; type = (key,value)"),
    ("assign", "assign", "", "leaves", "", "dst = args[0]: storing a constant or a copy in a variable"),
    ("store", "copy", "first", "text", "", "state[imm[0]] = args[0]"),
    ("const", None, "", "leaves", "", "dst = imm[0]"),
    ("move", None, "", "leaves", "", "dst = args[0], as part of the operation that made it"),
    ("widen", None, "", "leaves", "", "dst = args[0] as the wider type: int→float, int/float→num, T/none→T?, by item"),
    ("column", None, "", "leaves", "", "dst = column imm[0] of the current row"),
    ("pair_key", None, "", "leaves", "", "dst = the current pair's key"),
    ("pair_value", None, "", "leaves", "", "dst = the current pair's value"),
    ("more_values", None, "", "leaves", "", "dst = whether the group has another value"),
    ("load", None, "", "leaves", "", "dst = state[imm[0]]"),
    ("param", None, "", "leaves", "", "dst = job parameter imm[0]"),
    ("tuple", None, "", "leaves", "", "dst = the tuple of args"),
    ("item", None, "", "leaves", "", "dst = item imm[0] of the tuple args[0]"),
    ("unwrap", None, "", "leaves", "", "dst = args[0], which is known not to be None"),
    ("range_at", None, "", "leaves", "", "dst = args[0] + args[1] × args[2]: start, step, counter"),
    ("caught", None, "", "leaves", "", "dst = whether args[0] is an error code (AM §5) of a kind in the set imm[0]"),
    ("raise", None, "", "leaves", _RAISED, "end in the error whose code is args[0]; no dst"),
    ("add", "add", "", "leaves", "overflow", "dst = args[0] + args[1]"),
    ("sub", "sub", "", "leaves", "overflow", "dst = args[0] - args[1]"),
    ("mul", "mul", "", "leaves", "overflow", "dst = args[0] * args[1]"),
    ("div", "div", "", "leaves", "zero_division", "dst = args[0] / args[1] as float, correctly rounded"),
    ("floordiv", "div", "", "leaves", "zero_division overflow", "dst = args[0] // args[1]"),
    ("mod", "div", "", "leaves", "zero_division", "dst = args[0] % args[1]"),
    ("neg", "sub", "", "leaves", "overflow", "dst = -args[0]"),
    ("abs", "abs", "", "leaves", "overflow", "dst = abs(args[0])"),
    ("round", "round", "", "leaves", "overflow value", "dst = round(args[0]) as int, halves to even"),
    (
        "round_to",
        "round",
        "",
        "leaves",
        "overflow",
        "dst = round(args[0], imm[0]) by its exact decimal value; an int is itself",
    ),
    (
        "divmod",
        "div",
        "",
        "leaves",
        "zero_division overflow",
        "dst = (args[0] // args[1], args[0] % args[1]); type = that of this tuple",
    ),
    (
        "pow",
        "math",
        "",
        "leaves",
        "overflow value zero_division",
        "dst = args[0] ** args[1]; of ints an int, a float where args[1] is negative",
    ),
    ("pow_by", "math", "", "leaves", "overflow", "dst = args[0] ** imm[0] of an int; imm[0] is not negative"),
    (
        "math",
        "math",
        "",
        "leaves",
        "overflow value zero_division",
        "dst = math's function imm[0] of floats; of two for log type is a tuple",
    ),
    ("math_int", "integer", "", "leaves", "overflow value", "dst = math's function imm[0] of ints"),
    ("floor", "round", "", "leaves", "overflow value", "dst = math.floor(args[0]) as int"),
    ("ceil", "round", "", "leaves", "overflow value", "dst = math.ceil(args[0]) as int"),
    ("float_is", "compare", "", "leaves", "", "dst = whether args[0] is imm[0]: nan, inf or finite"),
    ("bit_and", "logic", "", "leaves", "", "dst = args[0] & args[1] of ints or bools"),
    ("bit_or", "logic", "", "leaves", "", "dst = args[0] | args[1] of ints or bools"),
    ("bit_xor", "logic", "", "leaves", "", "dst = args[0] ^ args[1] of ints or bools"),
    ("bit_not", "logic", "", "leaves", "", "dst = ~args[0]"),
    ("shl", "logic", "", "leaves", "overflow value", "dst = args[0] << args[1]"),
    ("shr", "logic", "", "leaves", "value", "dst = args[0] >> args[1]"),
    ("bit_length", "logic", "", "leaves", "", "dst = args[0].bit_length()"),
    ("is_integer", "compare", "", "leaves", "", "dst = args[0].is_integer()"),
    ("eq", "compare", "min", "leaves", "", "dst = args[0] == args[1]"),
    ("ne", "compare", "min", "leaves", "", "dst = args[0] != args[1]"),
    ("lt", "compare", "min", "leaves", "", "dst = args[0] < args[1]"),
    ("le", "compare", "min", "leaves", "", "dst = args[0] <= args[1]"),
    ("gt", "compare", "min", "leaves", "", "dst = args[0] > args[1]"),
    ("ge", "compare", "min", "leaves", "", "dst = args[0] >= args[1]"),
    ("min", "compare", "min", "leaves", "", "dst = args[1] if args[1] < args[0] else args[0]"),
    ("max", "compare", "min", "leaves", "", "dst = args[1] if args[1] > args[0] else args[0]"),
    ("is_none", "compare", "", "once", "", "dst = args[0] is None"),
    ("truth", "compare", "", "leaves", "", "dst = bool(args[0])"),
    ("not", "logic", "", "leaves", "", "dst = not args[0]"),
    ("and", "logic", "", "leaves", "", "dst = args[0]; the right side is evaluated in an If that follows"),
    ("or", "logic", "", "leaves", "", "dst = args[0]; the right side is evaluated in an If that follows"),
    ("to_int", "convert", "first", "leaves", "overflow value", "dst = int(args[0])"),
    ("to_float", "convert", "first", "leaves", "value", "dst = float(args[0])"),
    ("to_str", "convert", "", "leaves", "memory", "dst = str(args[0]) of an int or bool, isoformat() of a date(time)"),
    ("concat", "concat", "all", "leaves", "memory", "dst = args[0] + args[1] of texts"),
    ("len", "len", "first", "leaves", "", "dst = number of characters (of items for a list)"),
    ("lower", "case", "first", "leaves", "memory", "dst = args[0].lower()"),
    ("upper", "case", "first", "leaves", "memory", "dst = args[0].upper()"),
    ("strip", "strip", "first", "leaves", "", "dst = args[0].strip(); imm[0] is strip, lstrip or rstrip"),
    ("startswith", "match", "second", "leaves", "", "dst = args[0].startswith(args[1])"),
    ("endswith", "match", "second", "leaves", "", "dst = args[0].endswith(args[1])"),
    ("split", "split", "first", "leaves", "memory", "dst = args[0].split() or, with imm[0] a text, .split(imm[0])"),
    ("at", "index", "", "leaves", "index", "dst = args[0][args[1]] of a list"),
    ("unpack", "len", "", "leaves", "value", "fail unless the list args[0] has exactly imm[0] items; no dst"),
    ("date_part", "date_part", "", "leaves", "", "dst = the part imm[0] of a date, datetime or timedelta (DATE_PARTS)"),
    ("make_date", "date_part", "", "leaves", "overflow value", "dst = date(year, month, day)"),
    (
        "make_datetime",
        "date_part",
        "",
        "leaves",
        "overflow value",
        "dst = datetime(year, month, day, hour, minute, second, microsecond)",
    ),
    (
        "make_span",
        "date_part",
        "",
        "leaves",
        "overflow",
        "dst = timedelta(days, seconds, microseconds, milliseconds, minutes, hours, weeks)",
    ),
    ("range_start", "assign", "", "leaves", "value", "dst = number of rounds of range(args[0], args[1], args[2])"),
    ("range_test", "compare", "", "leaves", "", "dst = args[0] < args[1]: counter, rounds"),
    ("range_step", "add", "", "leaves", "", "dst = args[0] + 1, the hidden counter"),
    ("call", "call", "", "once", "", "dst = function imm[0] called with args"),
    *TEXT_ROWS,
    ("list_view", None, "", "leaves", "", "dst = the items of args[0] as pieces, to be read before it changes"),
    ("list_new", "make", "", "once", "memory", "dst = a new list without items"),
    ("list_of", "copy", "items", "made", "memory", "dst = a new list of the pieces args[0]"),
    ("append", "copy", "second", "leaves", "memory", "args[0].append(args[1])"),
    ("put", "index", "third", "leaves", "index memory", "args[0][args[1]] = args[2]"),
    ("pop", "index", "", "leaves", "index", "dst = args[0].pop()"),
    ("pop_at", "copy", "items", "leaves", "index", "dst = args[0].pop(args[1])"),
    ("insert", "copy", "items", "leaves", "memory", "args[0].insert(args[1], args[2])"),
    ("clear", "assign", "", "once", "", "args[0].clear()"),
    ("extend", "copy", "items", "once", "memory", "args[0].extend(args[1])"),
    ("list_add", "copy", "items", "made", "memory", "dst = args[0] + args[1]"),
    ("list_times", "copy", "items", "made", "memory", "dst = args[0] * args[1]"),
    (
        "list_slice",
        "copy",
        "items",
        "made",
        "value memory",
        "dst = args[0][args[1]:args[2]:args[3]]; imm[0] says which are given",
    ),
    ("list_contains", "compare", "items", "once", "", "dst = args[1] in args[0]"),
    ("list_find", "compare", "items", "once", "value", "dst = args[0].index(args[1])"),
    ("occurrences", "compare", "items", "once", "", "dst = args[0].count(args[1])"),
    ("sort", "sort", "items", "once", "", "args[0].sort(reverse=imm[0]), stable, NaN last"),
    ("sorted", "sort", "items", "made", "memory", "dst = sorted(args[0], reverse=imm[0]), stable, NaN last"),
    ("sort_lines", "sort", "items", "once", "", "args[0].sort(key=json.dumps): the order of mrjob's SORT_VALUES"),
    ("reverse", "copy", "items", "once", "", "args[0].reverse()"),
    ("list_sum", "add", "items", "summed", "overflow", "dst = sum(args[0]) of numbers (float: correctly rounded)"),
    ("list_min", "compare", "items", "once", "value", "dst = smallest item, the first of equal ones"),
    ("list_max", "compare", "items", "once", "value", "dst = largest item, the first of equal ones"),
    ("pack", "convert", "items", "once", "memory", "dst = the text as which the list args[0] travels between phases"),
    ("unpack_list", "convert", "first", "leaves", "memory", "dst = a new list, of the text as which it has travelled"),
    (
        "collect",
        None,
        "",
        "leaves",
        "memory",
        "give up what the fields imm[0], … don't refer to, if much was made since the last time; type = their types",
    ),
    ("list_test", "compare", "", "once", "", "dst = args[0] < len(args[1]): counter, list"),
    *DEQUE_ROWS,
    *DICT_ROWS,
    *REGEX_ROWS,
)

OPCODES: dict[str, Opcode] = {
    name: Opcode(name, cls, sizing, price, tuple(fails.split()), effect)
    for name, cls, sizing, price, fails, effect in _ROWS
}

DATE_PARTS: dict[str, tuple[str, ...]] = {
    "date": ("year", "month", "day", "weekday", "isoweekday", "toordinal"),
    "datetime": (
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "microsecond",
        "weekday",
        "isoweekday",
        "toordinal",
        "date",
    ),
    "timedelta": ("days", "seconds", "microseconds", "total_seconds"),
}
"""What ``date_part`` can take out of a date, a datetime or a timedelta.

``date`` gives a date, ``total_seconds`` a float, everything else an int.
"""


def dtype(leaf: Scalar) -> str:
    """Return the name under which a table prices a scalar type (num counts as a float, a timedelta as a datetime)."""
    return {NUM: "float", TIMEDELTA: "datetime"}.get(leaf, leaf.name)


def has_text(type_: Type) -> bool:
    """Return whether values of this type have a varying size."""
    return any(leaf == STR for leaf in leaves(type_))


def is_sized(code: str, type_: Type) -> bool:
    """Return whether the operation has a sized charge (a *site*): folds always, others when texts are involved.

    ``read_row`` is decided in ``totem_sdk.cost`` by the columns that the table charges.
    """
    sizing = OPCODES[code].sizing
    if sizing in ("fold", "items", "wanted") or (sizing == "min" and isinstance(type_, Array)):
        return True
    if sizing in ("", "row"):
        return False
    if code in ("len", "store") and isinstance(type_, List):
        return False
    return has_text(type_)
