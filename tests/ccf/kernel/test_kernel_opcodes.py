"""Every opcode on edge values: the kernel's rule does what the interpreter's handler does, also when it fails.

Operations on the same operand types with the same result type share a program, in which the column ``which`` chooses
the operation. Rows on which the operation fails are run one by one. It is one file because its one list of cases is
held against that of all opcodes.
"""

import datetime
import itertools
import math
import random
import sys
from dataclasses import dataclass

import pytest

from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.kernel.rules import RULES, deques, dicts, lists, packed
from totem_ccf.mapreduce.pairs import PairLayout
from totem_sdk.cost import price
from totem_sdk.interpreter import run_map_task
from totem_sdk.interpreter.unicode_texts import TEXT_TESTS
from totem_sdk.mathematics import FLOAT_FUNCTIONS, INT_FUNCTIONS, TESTS
from totem_sdk.opcodes import DATE_PARTS, OPCODES
from totem_sdk.program import Block, Function, If, Op, Program, Step
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow
from totem_sdk.type_texts import parse_type
from totem_sdk.types import (
    BOOL,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    NONE,
    NUM,
    STR,
    TIMEDELTA,
    List,
    Option,
    Tuple,
)

ENOUGH = 10**12
FEW, MANY = 40, 150
"""Rows of edge values for each operation in the fast tests, and in all."""
LINE = 77
MIN, MAX = -(2**63), 2**63 - 1
LIST = List(STR)
MIXED = Tuple((INT, FLOAT, STR))

INTS = (0, 1, -1, 2, -7, 60, 2**31, 2**53 + 1, -(2**53), MAX, MIN, MAX - 1)
FLOATS = (0.0, -0.0, 1.0, -1.5, 2.5, 0.1, 2.675, 1e22, -1e-300, 5e-324, 2.0**53, 2.0**63, -(2.0**63), 9.3e18, 1.7e308)
SPECIAL = (math.inf, -math.inf, math.nan)
TEXTS = ("", "a", "A", "ab", "abc", " 12 ", "-9223372036854775808", "9223372036854775808", "1_0", "0x1", "1e3", ".5")
TEXTS += ("nan", "-inf", "Größe", "ΑΣ ΑΣ\u0301", "straße ﬁ", "\x00", "😀,b,,", "\x1c 7\u2003", "a b  c\t")
DATES = tuple(datetime.date(*day) for day in ((1, 1, 1), (1969, 12, 31), (1970, 1, 1), (2000, 2, 29), (9999, 12, 31)))
TIMES = (
    datetime.datetime(1, 1, 1),
    datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
    datetime.datetime(1970, 1, 1),
    datetime.datetime(2026, 11, 22, 1, 2, 3, 40),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
)
SPANS = tuple(
    datetime.timedelta(microseconds=micros)
    for micros in (0, 1, -1, 10**6, -86_400 * 10**6, 86_400 * 10**6 + 7, 3 * 10**16, -(2**63), 2**63 - 1)
)
EDGES = {
    INT: INTS,
    FLOAT: FLOATS + SPECIAL,
    NUM: (*INTS[:9], MAX, MIN, *FLOATS[:5], 2.0**53, 2.0**63, 9.3e18, *SPECIAL),
    BOOL: (False, True),
    STR: TEXTS,
    DATE: DATES,
    DATETIME: TIMES,
    TIMEDELTA: SPANS,
    NONE: (None,),
    LIST: ("", "a", "a b c", " a\u3000b "),
    MIXED: ((1, 0.0, "a"), (1, -0.0, "a"), (1, math.nan, "a"), (0, 2.0, "b"), (1, 0.0, ""), (1, 0.0, "ab")),
}


def edges(type_):
    return (None, *EDGES[type_.item]) if isinstance(type_, Option) else EDGES[type_]


def parts_of_dates(number):
    """Yield parts of dates, most of them possible, and of spans."""
    chance = random.Random(number)  # noqa: S311  no secret: the same rows every time
    edge = ((1, 2000, 9999, 0, 10000, 2**31, -1), (1, 2, 12, 13, 0, 2**40), (1, 28, 29, 30, 31, 32, 0, MIN))
    times = ((0, 23, 24), (0, 59, 60, -1), (0, 59, 60), (0, 999_999, 10**6, MAX))
    for _ in range(150):
        yield tuple(chance.choice(part[: chance.choice((1, 2, 3, 9))]) for part in (edge + times)[:number])


def rounds(start, stop, step):
    return max(0, -((start - stop) // step))


@dataclass(frozen=True)
class Case:
    """One operation; ``rows`` narrows the operands down where not every product of edge values makes sense."""

    code: str
    operands: tuple
    result: object
    type: object = None
    imm: tuple = ()

    @property
    def name(self):
        return " ".join([self.code, *map(str, self.imm), "of", *map(str, self.operands)])

    def rows(self):
        if self.code == "range_at":
            return [(0, 1, 2), (5, -3, 2), (MIN, 1, 2), (MAX, -3, 0), (MAX, -3, 2), (MIN, MAX, 2)]
        if self.code in ("range_test", "range_step"):
            return list(itertools.product(*[(0, 1, 5, 2**40)] * len(self.operands)))
        if self.code.startswith("make_"):
            return list(parts_of_dates(len(self.operands)))
        rows = list(itertools.product(*(edges(operand) for operand in self.operands)))
        if self.code == "range_start":
            # More rounds than an int can hold can be counted, but not be emitted.
            return [row for row in rows if row[2] == 0 or rounds(*row) <= MAX]
        return rows


def same(codes, operands, result=None, **more):
    return [Case(code, operands, operands[0] if result is None else result, **more) for code in codes.split()]


def numbers():
    for type_ in (INT, FLOAT, NUM):
        yield from same("add sub mul floordiv mod", (type_, type_))
        yield from same("div", (type_, type_), FLOAT)
        yield from same("neg abs", (type_,))
        yield from same("round", (type_,), INT)
        yield from same("divmod", (type_, type_), Tuple((type_, type_)))
        yield from same("pow", (type_, type_), NUM if type_ == INT else type_)
        yield from same("floor ceil", (type_,), INT)
        for what in sorted(TESTS.values()):
            yield from same("float_is", (type_,), BOOL, imm=(what,))
        for digits in (0, 2, 22, -1, -3, -18, -19, -22):
            yield from same("round_to", (type_,), imm=(digits,))
    for type_ in (INT, FLOAT, NUM, BOOL, STR):
        yield from same("to_int", (type_,), INT)
        yield from same("to_float", (type_,), FLOAT)
    for name, (least, most) in FLOAT_FUNCTIONS.items():
        for number in range(least, most + 1):
            yield from same("math", (FLOAT,) * number, imm=(name,))
    for name, number in INT_FUNCTIONS.items():
        yield from same("math_int", (INT,) * number, imm=(name,))
    for times in (0, 1, 2, 3, 31, 63, 64):
        yield from same("pow_by", (INT,), imm=(times,))
    yield from same("bit_and bit_or bit_xor shl shr", (INT, INT))
    yield from same("bit_and bit_or bit_xor", (BOOL, BOOL))
    yield from same("bit_not bit_length", (INT,))
    yield from same("is_integer", (FLOAT,), BOOL)
    yield from same("range_start", (INT, INT, INT))
    yield from same("range_at", (INT, INT, INT))
    yield from same("range_test", (INT, INT), BOOL)
    yield from same("range_step", (INT,))


def comparisons():
    for type_ in (INT, FLOAT, NUM, STR, DATE, DATETIME, MIXED):
        yield from same("eq ne lt le gt ge", (type_, type_), BOOL)
        yield from same("min max", (type_, type_))
    for type_ in (BOOL, Option(FLOAT), Option(STR)):
        yield from same("eq ne", (type_, type_), BOOL)
    for type_ in (INT, FLOAT, NUM, BOOL, STR, DATE, LIST, Option(INT), Option(STR), Option(BOOL)):
        yield from same("truth", (type_,), BOOL)
    for type_ in (INT, Option(INT), Option(STR), NONE):
        yield from same("is_none", (type_,), BOOL)
    yield from same("not and or", (BOOL,))


def texts():
    for type_ in (INT, FLOAT, NUM, BOOL, DATE, DATETIME):
        yield from same("to_str", (type_,), STR)
    yield from same("concat", (STR, STR))
    yield from same("startswith endswith", (STR, STR), BOOL)
    yield from same("lower upper", (STR,))
    yield from same("len", (STR,), INT)
    yield from same("len", (LIST,), INT)
    for side in ("strip", "lstrip", "rstrip"):
        yield from same("strip", (STR,), imm=(side,))
    yield Case("at", (LIST, INT), STR)
    yield Case("unpack", (LIST,), None, imm=(3,))


def moves():
    for name, number in (("date", 3), ("datetime", 7), ("span", 7)):
        result = {"date": DATE, "datetime": DATETIME, "span": TIMEDELTA}[name]
        yield Case(f"make_{name}", (INT,) * number, result)
    for type_ in (DATE, DATETIME):
        yield from same("add sub", (type_, TIMEDELTA))
        yield from same("add", (TIMEDELTA, type_), type_, type=type_)
        yield from same("sub", (type_, type_), TIMEDELTA)
    yield from same("add sub mod", (TIMEDELTA, TIMEDELTA))
    yield from same("mul floordiv", (TIMEDELTA, INT))
    yield from same("mul", (INT, TIMEDELTA), TIMEDELTA, type=TIMEDELTA)
    yield from same("floordiv", (TIMEDELTA, TIMEDELTA), INT)
    yield from same("div", (TIMEDELTA, TIMEDELTA), FLOAT)
    yield from same("neg abs", (TIMEDELTA,))
    for part in DATE_PARTS["timedelta"]:
        yield Case("date_part", (TIMEDELTA,), FLOAT if part == "total_seconds" else INT, imm=(part,))
    for type_ in (DATE, DATETIME):
        for part in DATE_PARTS[str(type_)]:
            yield Case("date_part", (type_,), DATE if part == "date" else INT, imm=(part,))
    for narrow, wide in ((INT, FLOAT), (INT, NUM), (FLOAT, NUM), (INT, Option(INT)), (STR, Option(STR))):
        yield Case("widen", (narrow,), wide)
    yield Case("widen", (Option(INT),), Option(FLOAT))
    yield Case("widen", (MIXED,), Tuple((FLOAT, NUM, Option(STR))))
    for type_ in (INT, STR, NUM, Option(STR), MIXED):
        yield from same("assign move", (type_,))
    yield from same("tuple", (INT, STR), Tuple((INT, STR)))
    for index, type_ in enumerate(MIXED.items):
        yield Case("item", (MIXED,), type_, imm=(index,))


def made_texts():
    yield from same("contains", (STR, STR), BOOL)
    for how in ("find", "rfind", "index", "rindex", "count"):
        yield from same("find", (STR, STR), INT, imm=(how,))
    for test in TEXT_TESTS:
        yield from same("text_is", (STR,), BOOL, imm=(test,))
    yield from same("char_at", (STR, INT), STR)
    for step in (1, 2, -1, -3, MIN, MAX):
        yield from same("slice", (STR, INT, INT), imm=(step,))
    for how in ("removeprefix", "removesuffix"):
        yield from same("remove", (STR, STR), imm=(how,))
    for how in ("title", "capitalize", "swapcase"):
        yield from same("recase", (STR,), imm=(how,))
    yield from same("json_text", (STR,))
    yield from same("repeat", (STR, INT))
    for how in ("partition", "rpartition"):
        yield from same("partition", (STR, STR), Tuple((STR, STR, STR)), imm=(how,))
    yield from same("join", (STR, LIST), STR)
    yield from same("strip", (STR,), imm=("strip", "aé \x00"))
    yield from same("ord", (STR,), INT)
    yield from same("chr", (INT,), STR)


def patterns():
    groups = Tuple((STR, Option(STR)))
    place = Tuple((INT, INT))
    for how in ("search", "match", "fullmatch"):
        yield from same("re_match", (STR,), Option(Tuple((STR, place))), imm=(r"(?:\w|é)+", 0, how))
        yield from same("re_match", (STR,), Option(Tuple((STR, groups, place, place, place))), imm=("(.)(a)?", 16, how))


CASES = [*numbers(), *comparisons(), *texts(), *made_texts(), *patterns(), *moves()]

TESTED_BY_PROGRAMS = {
    # What reads, emits, keeps and calls needs a whole task: see test_kernel_corpus.
    *("read_row", "read_pair", "read_key", "read_value", "more_values", "column", "pair_key", "pair_value", "emit"),
    *("fold_sum", "fold_min", "fold_max", "load", "store", "param", "call", "const", "split", "unwrap"),
    *("caught", "raise"),
    # Operations before them say how large they become: see test_kernel_made_texts.
    *("replace", "pad", "cut", "build", "format"),
    # What works on lists and dicts needs them made before: see test_kernel_lists, test_kernel_dicts.
    *lists.RULES,
    *packed.RULES,
    *deques.RULES,
    *dicts.RULES,
    # They make lists: see test_kernel_regex.
    *("re_findall", "re_split"),
}


def test_every_opcode_has_a_rule_and_a_test():
    assert set(RULES) == set(OPCODES)
    assert {case.code for case in CASES} | TESTED_BY_PROGRAMS == set(OPCODES)


GROUPS = {}
for each in CASES:
    GROUPS.setdefault((each.operands, each.result), []).append(each)


class Chooser:
    """Builds the program of a group: columns to operands, then the operation that ``which`` chooses, then the emit."""

    def __init__(self, operands, result, group):
        self.schema = {"which": "int"}
        self.registers = [INT]
        self.nodes = []
        self.ops = [Op("read_row", NONE)]
        self.sources = [self.operand(type_, i) for i, type_ in enumerate(operands)]
        if result == TIMEDELTA:
            one = self.register(INT)
            self.ops.append(Op("const", INT, one, (), (1,)))
            self.unit = self.span(one)
        self.ops.append(Op("column", INT, 0, (), (0,)))
        self.end_block()
        read = Op("read_row", NONE, None, (), tuple(range(len(self.schema))))
        self.nodes[0] = Block(0, (read, *self.nodes[0].ops[1:]))
        for number, case in enumerate(group):
            self.nodes.append(self.arm(number, case, result))
        result = INT if result == TIMEDELTA else result
        function = Function("mapper", 1, tuple(self.registers), (), None, tuple(self.nodes))
        step = Step(0, None, None, None, None, None, None, None, None, None, (INT, result or INT))
        program = Program("Chooser", Schema.of(self.schema), False, (), (_numbered(function),), (step,))
        self.priced = price(program, load("standard-1"))
        self.executor = KernelExecutor(compile_kernel(self.priced), {})
        self.layout = PairLayout(INT, result or INT)

    def register(self, type_):
        self.registers.append(type_)
        return len(self.registers) - 1

    def column(self, name, type_):
        self.schema[name] = str(type_)
        register = self.register(type_)
        self.ops.append(Op("column", type_, register, (), (len(self.schema) - 1,)))
        return register

    def end_block(self):
        self.nodes.append(Block(0, tuple(self.ops)))
        self.ops = []

    def operand(self, type_, i):
        if type_ == NUM:
            whole, real = self.column(f"n{i}", Option(INT)), self.column(f"x{i}", FLOAT)
            is_none, bare, number = self.register(BOOL), self.register(INT), self.register(NUM)
            self.ops.append(Op("is_none", Option(INT), is_none, (whole,)))
            self.end_block()
            as_float = Block(0, (Op("widen", NUM, number, (real,)),))
            as_int = Block(0, (Op("unwrap", Option(INT), bare, (whole,)), Op("widen", NUM, number, (bare,))))
            self.nodes.append(If(is_none, (as_float,), (as_int,)))
            return number
        if type_ == TIMEDELTA:
            return self.span(self.column(f"u{i}", INT))
        if type_ == LIST:
            text, pieces = self.column(f"s{i}", STR), self.register(LIST)
            self.ops.append(Op("split", STR, pieces, (text,)))
            return pieces
        if isinstance(type_, Tuple):
            parts = tuple(self.column(f"t{i}_{j}", item) for j, item in enumerate(type_.items))
            whole = self.register(type_)
            self.ops.append(Op("tuple", type_, whole, parts))
            return whole
        if type_ == NONE:
            nothing = self.register(NONE)
            self.ops.append(Op("const", NONE, nothing, (), (None,)))
            return nothing
        return self.column(f"c{i}", type_)

    def span(self, micros):
        """Make a timedelta of a register with microseconds: there are no columns of them."""
        zero, made = self.register(INT), self.register(TIMEDELTA)
        self.ops.append(Op("const", INT, zero, (), (0,)))
        self.ops.append(Op("make_span", TIMEDELTA, made, (zero, zero, micros, zero, zero, zero, zero)))
        return made

    def arm(self, number, case, result):
        chosen, wanted = self.register(BOOL), self.register(INT)
        self.ops += [Op("const", INT, wanted, (), (number,)), Op("eq", INT, chosen, (0, wanted))]
        self.end_block()
        outcome = None if result is None else self.register(result)
        type_ = case.type or (case.result if case.code in ("widen", "tuple", "divmod") else case.operands[0])
        operation = Op(case.code, type_, outcome, tuple(self.sources), case.imm, LINE)
        emitted = 0 if outcome is None else outcome
        if result == TIMEDELTA:
            # A timedelta can't be emitted, its microseconds can.
            emitted, result = self.register(INT), INT
            counted = Op("floordiv", TIMEDELTA, emitted, (outcome, self.unit), (), LINE + 1)
            emit = Op("emit", Tuple((INT, INT)), None, (0, emitted), (), LINE + 1)
            return If(chosen, (Block(0, (operation, counted, emit)),), ())
        emit = Op("emit", Tuple((INT, result or INT)), None, (0, emitted), (), LINE + 1)
        return If(chosen, (Block(0, (operation, emit)),), ())

    def row(self, number, operands, types):
        cells = [number]
        for value, type_ in zip(operands, types, strict=True):
            if type_ == NUM:
                cells += [value, 0.0] if isinstance(value, int) else [None, value]
            elif isinstance(type_, Tuple):
                cells += value
            elif type_ == TIMEDELTA:
                cells.append(value // datetime.timedelta(microseconds=1))
            elif type_ != NONE:
                cells.append(value)
        return tuple(cells)

    def interpreter(self, rows):
        return run_map_task(self.priced, 0, rows, {}, Escrow(ENOUGH))

    def kernel(self, row_batch, rows):
        out = []
        batch = row_batch(self.priced.program.schema, self.priced.columns_charged, rows)
        result = self.executor.run_map(0, iter([batch]), Escrow(ENOUGH), out.append)
        return [pair for each in out for pair in self.layout.to_python(each)], result


def _numbered(function):
    """Give the blocks of a function their ids."""
    counter = itertools.count()

    def walk(body):
        return tuple(
            Block(next(counter), node.ops)
            if isinstance(node, Block)
            else If(node.condition, walk(node.then), ())
            if not node.orelse
            else If(node.condition, walk(node.then), walk(node.orelse))
            for node in body
        )

    return Function(function.name, 1, function.registers, (), None, walk(function.body))


def facts(pairs, result):
    error = None if result.error is None else (result.error.kind, result.error.line)
    return [repr(pair) for pair in pairs], result.end, result.used, result.counts.to_json(), error


@pytest.mark.parametrize("most", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("operands", "result"), GROUPS, ids=lambda part: str(part) if part else "nothing")
def test_operations(operands, result, most, row_batch):
    group = GROUPS[operands, result]
    program = Chooser(operands, result, group)
    chance = random.Random(1)  # noqa: S311  no secret: the same rows every time
    passing = []
    for number, case in enumerate(group):
        rows = [program.row(number, values, operands) for values in case.rows()]
        if len(rows) > most:
            rows = chance.sample(rows, most)
        ends = [program.interpreter([row])[1].end for row in rows]
        passing += [row for row, end in zip(rows, ends, strict=True) if end == "done"]
        failing = [row for row, end in zip(rows, ends, strict=True) if end != "done"]
        assert bool(failing) <= bool(OPCODES[case.code].fails), case.name
        for row in chance.sample(failing, min(len(failing), 3)):
            assert facts(*program.kernel(row_batch, [row])) == facts(*program.interpreter([row])), (case.name, row)
    assert facts(*program.kernel(row_batch, passing)) == facts(*program.interpreter(passing))


def test_lists_of_texts_are_cut_alike(row_batch):
    """Pieces can't be emitted as a list: they are looked at one by one."""
    schema = Schema.of({"s": "str", "i": "int"})
    for separator in ((), (",",), ("ab",)):
        ops = (
            Op("read_row", NONE, None, (), (0, 1)),
            Op("column", STR, 0, (), (0,)),
            Op("column", INT, 1, (), (1,)),
            Op("split", STR, 2, (0,), separator),
            Op("at", LIST, 3, (2, 1), (), LINE),
            Op("len", LIST, 4, (2,)),
            Op("emit", Tuple((STR, INT)), None, (3, 4)),
        )
        function = Function("mapper", 1, (STR, INT, LIST, STR, INT), (), None, (Block(0, ops),))
        step = Step(0, None, None, None, None, None, None, None, None, None, (STR, INT))
        priced = price(Program("Cut", schema, False, (), (function,), (step,)), load("standard-1"))
        executor = KernelExecutor(compile_kernel(priced), {})
        for text in (*TEXTS[:4], *TEXTS[-4:], "ab,ab ab", ",", "abab"):
            for index in (-2, -1, 0, 1):
                out = []
                batch = row_batch(schema, (0, 1), [(text, index)])
                result = executor.run_map(0, iter([batch]), Escrow(ENOUGH), out.append)
                pairs = [pair for each in out for pair in PairLayout(STR, INT).to_python(each)]
                expected = run_map_task(priced, 0, [(text, index)], {}, Escrow(ENOUGH))
                assert facts(pairs, result) == facts(*expected), (text, index)


def test_no_type_is_left_out():
    """The edge values cover every scalar type that the language has."""
    assert {str(type_) for type_ in EDGES} >= {"int", "float", "bool", "str", "date", "datetime", "none", "num"}
    assert parse_type("(int,float,str)") == MIXED
    assert sys.float_info.max > max(FLOATS)
