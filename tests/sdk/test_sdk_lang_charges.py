"""What each construct charges: docs/language.md, §6 to §10, construct by construct."""

import pytest

from totem_sdk.cost import price
from totem_sdk.interpreter.meter import Meter
from totem_sdk.interpreter.walker import Walker
from totem_sdk.lang import compile_job, compile_snippet
from totem_sdk.opcodes import OPCODES
from totem_sdk.program import Exit, If, Loop, Scope, blocks_of
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow

SCHEMA = Schema.of({"name": "str", "n": "int", "x": "float", "kwh": "float?", "on": "bool", "at": "datetime"})


def run(source):
    """Run a snippet; return the charged operations in order as code:type, and the final variables."""
    snippet = compile_snippet(source)
    priced = price(snippet.program, load("standard-1"))
    done = []
    walker = Walker(priced, {}, Meter(priced, Escrow(10**6)), done.append)
    frame = walker.call(walker.role(0), 0)
    charged = [f"{op.code}:{op.type}" for op in done if OPCODES[op.code].cls is not None]
    return charged, {name: frame.registers[register] for register, name in snippet.names.items()}


def charged(source):
    return " ".join(run(source)[0])


@pytest.mark.parametrize(
    ("source", "operations"),
    [
        # A constant or copy is an assignment, the result of an operation is stored for free.
        ("x = 1", "assign:int"),
        ("x = -1", "assign:int"),
        ("x = 1 + 2", "add:int"),
        ("x = -(1 + 2)", "add:int neg:int"),
        ("x = None", "assign:none"),
        ("x = (1, 'a')", "assign:(int,str)"),
        ("x = (1 + 2, 'a')", "add:int assign:(int,str)"),
        ("x = 1\ny = x", "assign:int assign:int"),
        ("x = (1, 2)\ny = x[0]", "assign:(int,int) assign:int"),
        ("x: int = 1\nx += 2", "assign:int add:int"),
        ("x: float | None = 1.0", "assign:float"),
        ("x = y = 1", "assign:int assign:int"),
        ("x = y = 1 + 2", "add:int assign:int"),
        ("a, b = 1, 2 + 3", "add:int assign:int"),
        ("t = (1, 2.0)\na, b = t", "assign:(int,float) assign:int assign:float"),
        ("a, b = 'x y'.split()", "split:str unpack:list[str] at:list[str] at:list[str]"),
        ("x = str('a')", "assign:str"),
        # A variable has one type everywhere; an int that is stored where a float may be is still an int.
        ("x = 1\nif x == 1:\n    x = 2.0\ny = x", "assign:int eq:num assign:float assign:num"),
        # Operands become what the operation works on, for free.
        ("x = 1 + 2.0", "add:float"),
        ("x = 1 / 2", "div:int"),
        ("x = 2 ** 3", "mul:int mul:int"),
        ("x = min(1, 2, 3.0)", "min:num min:num"),
        ("x = 1 < 2.0", "lt:num"),
        # Comparison chains go as far as they are true.
        ("x = 1 < 2 < 3", "lt:int lt:int"),
        ("x = 2 < 1 < 3", "lt:int"),
        # Logic charges itself, and its right side only where it decides.
        ("x = 1 < 2 and 3 < 4", "lt:int and:bool lt:int"),
        ("x = 2 < 1 and 3 < 4", "lt:int and:bool"),
        ("x = 1 < 2 or 3 < 4", "lt:int or:bool"),
        ("x = 2 < 1 or 3 < 4 or 5 < 6", "lt:int or:bool lt:int or:bool"),
        ("x = not 1 < 2", "lt:int not:bool"),
        ("x = None\ny = x is None", "assign:none is_none:none"),
        ("x = None\ny = x is not None", "assign:none is_none:none not:bool"),
        # The chosen arm of a conditional is stored, or is its operation.
        ("x = 1 if 1 < 2 else 2", "lt:int assign:int"),
        ("x = 1 if 2 < 1 else 2 + 3", "lt:int add:int"),
        ("x = 4 + (1 if 1 < 2 else 2)", "lt:int assign:int add:int"),
        # A condition that is no operation is tested.
        ("if True:\n    x = 1", "truth:bool assign:int"),
        ("x = 1 < 2\nif x:\n    y = 1", "lt:int truth:bool assign:int"),
        ("if 'a' and 1 < 2:\n    y = 1", "truth:str and:bool lt:int assign:int"),
        ("if not '':\n    y = 1", "truth:str not:bool assign:int"),
        ("if 'a'.startswith('b'):\n    y = 1", "startswith:str"),
        # Loops.
        ("for i in range(2):\n    pass", "range_start:int" + " range_test:int range_step:int" * 2 + " range_test:int"),
        ("for i in range(0):\n    pass", "range_start:int range_test:int"),
        ("for i in range(9):\n    if i < 5:\n        break", "range_start:int range_test:int lt:int"),
        (
            "for i in range(1):\n    if i < 5:\n        continue\n    j = 1",
            "range_start:int range_test:int lt:int range_step:int range_test:int",
        ),
        (
            "for part in 'a b'.split():\n    pass",
            "split:str len:list[str] range_start:int"
            + " range_test:int at:list[str] range_step:int" * 2
            + " range_test:int",
        ),
        ("x = 2\nwhile x > 1:\n    x -= 1", "assign:int gt:int sub:int gt:int"),
        ("x = 1\nwhile x:\n    x -= 1", "assign:int truth:int sub:int truth:int"),
        ("while True:\n    break", "truth:bool"),
        # Functions and methods.
        ("x = round(abs(-1.5), 1)", "abs:float round_to:float"),
        ("x = int('1') + len('ab') + round(1.5)", "to_int:str len:str add:int round:float add:int"),
        ("x = 'A'.lower().upper().strip() + str(1)", "lower:str upper:str strip:str to_str:int concat:str"),
        ("x = bool(1)", "truth:int"),
        # Texts: what makes one is told first how large it becomes.
        ("x = 'ab'.replace('a', 'b')", "find:str replace:str"),
        ("x = 'ab'.replace('a', 'b', 1)", "find:str min:int replace:str"),
        ("x = 'ab'.center(9)", "len:str pad:str"),
        ("x = 'ab'.zfill(9)", "len:str pad:str"),
        ("x = 'ab' * 3", "repeat:str"),
        ("x = 'ab'[0] + 'ab'[1:]", "char_at:str slice:str concat:str"),
        ("x = '-'.join('a b'.split())", "split:str join:str"),
        ("x = '-'.join('ab')", "cut:str join:str"),
        ("x = 'a b'.rsplit()", "split:str"),
        ("x = 'a b'.split(None, 1)", "cut:str"),
        ("x, y, z = 'a=b'.partition('=')", "partition:str assign:str assign:str assign:str"),
        ("x = 'a' in 'ab'", "contains:str"),
        ("x = 'a' not in 'ab'", "contains:str not:bool"),
        ("x = 2 in (1, 2, 3)", "eq:int or:bool eq:int or:bool"),
        ("x = 1.5 in (1, 2)", "eq:num or:bool eq:num"),
        ("x = 'a'.isdigit() or ord('a') == len(chr(97))", "text_is:str or:bool ord:str chr:int len:str eq:int"),
        ("x = str(1.5)", "to_str:float"),
        ("x = format(1.5, '.2f')", "format:float"),
        ("x = '%s-%05d' % ('a', 3)", "format:int build:(str,str,str)"),
        ("x = '{}'.format(3)", "to_str:int"),
        ("for c in 'ab':\n    break", "cut:str len:list[str] range_start:int range_test:int at:list[str]"),
    ],
)
def test_what_a_snippet_charges(source, operations):
    assert charged(source) == operations


def test_the_counter_of_a_range_is_hidden():
    _, names = run("i = 0\nn = 3\ns = 1\nfor i in range(0, n, s):\n    n = 9\n    s = 5\n    i += 100\n")
    assert names == {"n": 9, "s": 5, "i": 102}


def test_values_are_evaluated_before_any_is_stored():
    _, names = run("a = 1\nb = 2\na, b = b, a + b\na, b = b, a\n")
    assert names == {"a": 3, "b": 2}


def test_a_logic_operation_on_the_variable_that_it_is_stored_in():
    _, names = run("flag = True\nflag = 1 < 2 and flag\nflag = flag and not flag or flag\n")
    assert names == {"flag": True}


def test_variables_that_may_have_no_value_at_the_end_are_not_named():
    _, names = run("x = 1\nif x > 3:\n    y = 2\nfor i in range(x):\n    z = 3\nfor j in range(2):\n    w = 4\n")
    assert names == {"x": 1, "j": 1, "w": 4}


def job(body, *, more=""):
    lines = "".join(f"        {line}\n" for line in body.split("\n"))
    return compile_job(
        f"from totem_sdk import Param, TotemJob\nclass Job(TotemJob):\n{more}    def mapper(self, _, row):\n{lines}",
        SCHEMA,
    )


def codes(program, function=0):
    """Return the operations of a function as code:type."""
    return " ".join(f"{op.code}:{op.type}" for block in blocks_of(program.functions[function].body) for op in block.ops)


def test_columns_constants_and_parameters_are_free_to_use():
    program = job(
        "x = row.n + self.LIMIT\nyield x, self.rate * row.x",
        more="    LIMIT = 3\n    rate: float = Param(0.5)\n",
    )
    assert codes(program) == (
        "read_row:none column:int const:int add:int param:float column:float mul:float emit:(int,float)"
    )
    assert program.columns_read == (1, 2)


def test_a_value_known_not_to_be_none_is_unwrapped_for_free():
    program = job("if row.kwh is not None:\n    yield row.n, row.kwh + 1.0")
    assert codes(program) == (
        "read_row:none column:float? is_none:float? not:bool column:int column:float? unwrap:float? const:float "
        "add:float emit:(int,float)"
    )


def test_fields_are_loaded_for_free_and_stored_by_their_texts():
    program = job(
        "self.n += row.n\nself.last = row.name\nyield self.last, self.n",
        more='    def mapper_init(self):\n        self.n = 0\n        self.last = ""\n',
    )
    assert codes(program, 0) == ("const:int assign:int store:int const:str assign:str store:str")
    assert codes(program, 1) == (
        "read_row:none load:int column:int add:int store:int column:str assign:str store:str load:str load:int "
        "emit:(str,int)"
    )
    assert [str(type_) for type_ in program.steps[0].map_state] == ["int", "str"]


def test_helpers_are_compiled_once_for_each_combination_of_types():
    program = job(
        "yield self.twice(row.n), self.twice(row.x)\nyield self.twice(1), self.twice(1.0)",
        more="    def twice(self, x):\n        return x + x\n",
    )
    assert [(f.name, str(f.returns)) for f in program.functions] == [
        ("mapper", "None"),
        ("twice", "int"),
        ("twice", "float"),
    ]
    assert codes(program).count("call:int") == 2


def test_the_columns_that_a_helper_uses_are_passed_to_it():
    program = job(
        "yield self.key(row), 1",
        more="    def key(self, row):\n        return row.name + str(self.hour(row))\n"
        "    def hour(self, row):\n        return row.at.hour\n",
    )
    assert program.columns_read == (0, 5)
    key, hour = program.functions[1:]
    assert [str(key.registers[register]) for register in key.params] == ["str", "datetime"]
    assert [str(hour.registers[register]) for register in hour.params] == ["datetime"]
    assert "column" not in codes(program, 1) + codes(program, 2)


def test_what_can_not_be_reached_has_no_blocks():
    program = job("yield row.n, 1\nreturn\nyield row.n, 2")
    assert len(program.blocks) == 1
    # The loop's own block, and its two arms.
    assert len(job("yield row.n, 1\nwhile True:\n    return\nx = 1").blocks) == 4


def test_only_loops_with_a_continue_have_a_scope():
    (loop,) = [node for node in job("for i in range(3):\n    yield i, 1").functions[0].body if isinstance(node, Loop)]
    assert loop.kind == "range"
    test, branch = loop.body
    assert [op.code for op in test.ops] == ["range_test"]
    assert isinstance(branch, If)
    assert branch.orelse[-1] == Exit(0)
    assert not any(isinstance(node, Scope) for node in branch.then)
    program = job("for i in range(3):\n    if i == 1:\n        continue\n    yield i, 1")
    (loop,) = [node for node in program.functions[0].body if isinstance(node, Loop)]
    assert [type(node).__name__ for node in loop.body[1].then] == ["Block", "Scope", "Block"]


def test_every_arm_and_every_loop_begins_with_a_block():
    def check(body):
        for node in body:
            if isinstance(node, If):
                for arm in (node.then, node.orelse):
                    assert type(arm[0]).__name__ == "Block"
                    check(arm)
            elif isinstance(node, Loop | Scope):
                assert type(node.body[0]).__name__ == "Block"
                check(node.body)

    program = job(
        "for i in range(row.n):\n    if row.on and row.x > 1.0 or row.kwh:\n        continue\n    while i < 3:\n"
        "        i += 1 if row.on else 2\n        if i == 2:\n            break\n    yield 0 < i < 3, 1"
    )
    for function in program.functions:
        check(function.body)
    assert [block.id for block in program.blocks] == list(range(len(program.blocks)))


def test_deep_nesting_within_the_limit_compiles_and_encodes():
    lines = [
        "x = row.n",
        *("    " * depth + f"{'while' if depth < 20 else 'if'} x > {depth}:" for depth in range(50)),
        "    " * 50 + "x -= 1",
        "yield x, 1",
    ]
    program = job("\n".join(lines))
    assert type(program).decode(program.encode()) == program


def test_emits_of_a_role_have_one_type():
    program = job("yield row.name, 1\nyield row.name, row.x\nyield None, 2")
    assert codes(program).count("emit:(str?,num)") == 3
    assert [str(type_) for type_ in program.steps[0].emits] == ["str?", "num"]


def test_tuples_are_emitted_as_lists():
    program = job("yield (row.n, row.name), ((1, 2), 3)")
    assert [str(type_) for type_ in program.steps[0].emits] == ["[int,str]", "[[int,int],int]"]
