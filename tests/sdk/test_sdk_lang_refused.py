"""Programs that are refused: the corpus under ``refused/``, what only a generator can write, and arbitrary text.

In the corpus the expected codes stand beside the line: ``# refused: code@column …``; ``# hidden: column …`` hides
columns. One file of over 400 lines, because all of it feeds one check: nothing but ``Refused``, in place.
"""

import ast
import contextlib
import json
import re
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from totem_sdk.cost import price
from totem_sdk.errors import InvalidDocument, Refused
from totem_sdk.lang import CODES, compile_job, compile_snippet
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.sizes import MAX_BLOCKS, MAX_CALL_SLOTS, SLOTS
from totem_sdk.lang.source import parse
from totem_sdk.program import Program
from totem_sdk.schema import Schema
from totem_sdk.table import load

CORPUS = sorted((Path(__file__).parent / "refused").glob("*.py"))
ACCEPTED = sorted((Path(__file__).parents[1] / "conformance" / "programs").glob("*.py"))
SCHEMA = Schema.of(
    {"name": "str", "n": "int", "x": "float", "on": "bool", "at": "datetime", "day": "date", "salary": "int"}
    | {"kwh": "float?", "city": "str?", "maybe": "int?", "when": "datetime?"}
)
JOB = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n        "


def refusals(source, hidden=frozenset()):
    with pytest.raises(Refused) as caught:
        compile_job(source, SCHEMA, hidden=hidden)
    return caught.value.refusals


def codes(source):
    return {refusal.code for refusal in refusals(source)}


def found_in(path):
    source = path.read_text()
    hidden = re.search(r"^# hidden: (.*)$", source, flags=re.MULTILINE)
    return source, refusals(source, frozenset(hidden[1].split()) if hidden else frozenset())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus_is_refused_where_and_why_it_says(path):
    source, found = found_in(path)
    expected = [
        (number, int(column), code)
        for number, line in enumerate(source.split("\n"), start=1)
        for code, column in re.findall(r"([a-z-]+)@([0-9]+)", (line.partition("# refused: ")[2]))
    ]
    assert [(refusal.line, refusal.column, refusal.code) for refusal in found] == sorted(expected)
    assert all(refusal.message and refusal.hint for refusal in found)


def test_there_are_enough_programs_and_they_cover_every_code_that_a_file_can_show():
    assert len(CORPUS) >= 120
    seen = {refusal.code for path in CORPUS for refusal in found_in(path)[1]}
    assert set(CODES) - seen == {"null-byte"}  # shown below


def test_a_refusal_tells_its_hint():
    (only,) = refusals(JOB + "yield row.nmae, 1\n")
    assert only.hint == "did you mean name?"
    assert only.to_json() == {
        "line": 4,
        "column": 19,
        "code": "unknown-column",
        "message": "there is no column nmae",
        "hint": "did you mean name?",
    }


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 10_000 + ")" * 10_000,
        "[" * 10_000 + "]" * 10_000,
        "{" * 10_000,
        "f(" * 10_000,
        "(" * 100 + ")" * 100,
        "not " * 10_000 + "row.on",
        "-" * 10_000 + "1",
        "1" + " + 1" * 10_000,
        "row" + ".x" * 10_000,
        "row" + "[0]" * 10_000,
        "1 if row.on else " * 5_000 + "1",
        " or ".join(["row.on"] * 1_000),
        " < ".join(["row.n"] * 1_000),
        "lambda: " * 5_000 + "1",
    ],
    ids=lambda text: f"{text[:12]}…{len(text)}",
)
def test_what_is_nested_too_deeply_is_refused(expression):
    assert codes(f"{JOB}yield row.name, {expression}\n") <= {"too-deep", "too-large"}


@pytest.mark.slow
def test_blocks_nested_too_deeply():
    def ifs(number):
        return JOB + "".join("if row.on:\n" + " " * (9 + level) for level in range(number)) + "yield 1, 1\n"

    assert codes(ifs(99)) == {"too-deep"}
    assert codes(ifs(10_000)) == {"too-large"}
    chain = JOB + "if row.n == 0:\n            yield 1, 1\n"
    chain += "".join(f"        elif row.n == {number}:\n            yield 1, {number}\n" for number in range(300))
    assert codes(chain) == {"too-deep"}


def test_helpers_that_call_each_other_too_deeply():
    source = JOB + "yield 1, self.f0(row.n)\n"
    source += "".join(f"    def f{n}(self, x):\n        return self.f{n + 1}(x)\n" for n in range(400))
    source += "    def f400(self, x):\n        return x\n"
    assert codes(source) == {"too-deep"}


def nested_helpers(helpers, levels):
    source = JOB + "yield 1, self.f0(row.n)\n"
    for n in range(helpers):
        source += f"    def f{n}(self, x):\n"
        for level in range(levels):
            source += " " * (8 + level) + f"for i{level} in range(x):\n"
        source += " " * (8 + levels) + (f"x = self.f{n + 1}(x)\n" if n + 1 < helpers else "x += 1\n")
        source += "        return x\n"
    return source


def test_nested_loops_that_call_each_other_are_within_the_stack_or_refused():
    assert codes(nested_helpers(33, 0)) == {"too-deep"}
    assert codes(nested_helpers(9, 16)) == {"too-deep"}
    assert codes(nested_helpers(1, 21)) == {"too-deep"}
    for deepest in (nested_helpers(32, 0), nested_helpers(13, 6), nested_helpers(1, 20)):
        program = compile_job(deepest, SCHEMA)
        assert Program.decode(program.encode()) == program


def test_a_caller_that_has_used_up_the_stack_gets_a_refusal():
    def descend(source):
        try:
            return descend(source)
        except RecursionError:
            return refusals(source)

    with contextlib.suppress(RecursionError):  # of the test's own machinery, on its way up
        assert descend(nested_helpers(1, 20))[0].code == "too-deep"


def test_helpers_that_multiply_are_refused_or_linear():
    # Every level calls the next with two types of arguments: 2^20 instances if nobody counted.
    source = JOB + "yield 1, self.f0((row.n,))[0]\n"
    for level in range(20):
        source += f"    def f{level}(self, x):\n        a = self.f{level + 1}((x, 1))\n"
        source += f"        b = self.f{level + 1}((x, 1.0))\n        return x\n"
    source += "    def f20(self, x):\n        return x\n"
    assert codes(source) <= {"too-large", "too-deep"}


@pytest.mark.parametrize(
    ("source", "code", "line", "column"),
    [
        ("x = 1\0", "null-byte", 1, 6),
        ("# \ud800", "encoding", 1, 3),
        ("x = 1\n" * 5_001, "too-large", 5_001, 1),
        ("# " + "x" * (256 * 1024), "too-large", 1, 1),
        ("# " + "ä" * (128 * 1024), "too-large", 1, 1),
        ("# " + "x" * (256 * 1024 - 6) + "\r\n" * 3, "too-large", 1, 1),  # counted as the ledger counts it
        ("x = '" + "a" * 1000, "syntax", 1, 5),
        ("'''" + "a\n" * 1000, "syntax", 1, 1),
        ("x = 1\n\ufeffy = 2", "identifier", 2, 1),
        ("", "no-job", 1, 1),
        ("\n" * 4_999, "no-job", 1, 1),
        ("x = " + "9" * 5_000, "syntax", 1, 1),
        ("\u00a0x = 1", "identifier", 1, 1),
        ("if 1:\n  x\n y", "syntax", 3, 3),
    ],
)
def test_sources_as_text(source, code, line, column):
    first = refusals(source)[0]
    assert (first.code, first.line) == (code, line)
    if code != "syntax":
        assert first.column == column


@pytest.mark.parametrize(
    "value",
    [
        'f"{row.n}"',
        "row.name + F'{row.n}' + \"x\" + rf'{row.n}\\d'",
        "'''ä\n''', fR'''{row.n}\n''', row.n",
        "('a' # why\n  # and\n  'b'  \\\n f'{row.n}' f'{row.x}', f'c')",
        "f'', f''",
        "'a' \\\n  u'b' f''",
        r"f'{row.n=}{ row.n = !s:>{3}}{{}}\n\N{DIGIT ONE}\x41\101\U0001F600' 'é\u00e9'",
        "f'{row.n!r:>5}{row.n if row.n != 3 else 4}{(row.n, 1)[0]}'",
    ],
)
def test_f_strings_are_what_python_makes_of_them(value):
    source = f"{JOB}x = {value}; y = f'd'\n        'a'\n        # '\n        yield 1, f'e'\n"
    findings = Findings()
    read = parse(source, "job.py", findings).tree
    findings.check()
    expected = ast.parse(source)
    assert re.sub(r", kind='u'", "", ast.dump(read)) == re.sub(r", kind='u'", "", ast.dump(expected))
    assert _places(read) == _places(expected)


def _places(tree):
    """The places of f-strings; those of formats in them differ between versions of Python."""
    formats = {part.format_spec for part in ast.walk(tree) if isinstance(part, ast.FormattedValue)}
    found = [part for part in ast.walk(tree) if isinstance(part, ast.JoinedStr) and part not in formats]
    return sorted((part.lineno, part.col_offset) for part in found)


def test_the_parts_of_an_f_string_have_their_places():
    source = f"{JOB}x = f'é{{row.n}}' rf'''\n{{ row.nmae}}'''\n        yield 1, 1\n"
    assert [(found.code, found.line, found.column) for found in refusals(source)] == [("unknown-column", 5, 7)]


@pytest.mark.parametrize("text", ["'f' 'r'", "r'{row.n}'", "u'f\"'", "'f' # f'\n"])
def test_texts_that_are_no_f_strings(text):
    compile_job(f"{JOB}yield ({text}), 1\n", SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "f'" + "{1}" * 40_000 + "'",
        "f'" + "{1}" * 5_900 + "'",
        "'a', " + "f#\n" * 4_000,
        "'a' #\n" * 4_000,
        "f'é'" * 20_000,
        "f'{'" * 20_000,
        "f'{" + "[1," * 3_000 + "}'",
        "f'{" + "-" * 20_000 + "1}'",
        "f'" + r"\N{" * 30_000 + "'",
        "f'{1:" + "{1}" * 5_000 + "}'",
    ],
    ids=lambda text: f"{text[:8]}…{len(text)}",
)
def test_no_run_of_texts_takes_long(text):
    start = time.process_time()
    assert codes(f"{JOB}x = ({text} f'{{')\n") & {"f-string", "too-large"}
    assert time.process_time() - start < 1


def heavy_helper(statements, calls):
    kinds = ("row.n", "row.x", "row.name", "row.maybe", "row.on", "row.city", "row.kwh")
    arguments = [f"{a}, {b}, {c}" for a in kinds for b in kinds for c in kinds][:calls]
    body = "a = 0\n" + "".join(f"        a += self.h({given})\n" for given in arguments) + "        yield 1, a\n"
    return f"{JOB}{body}    def h(self, a, b, c):\n{statements}        return 1\n"


def repeated_step(statements):
    steps = ", ".join(["MRStep(mapper=self.m, reducer=self.r)"] * 16)
    head = "from mrjob.job import MRJob\nfrom mrjob.step import MRStep\nclass Job(MRJob):\n    def steps(self):\n"
    body = f"    def m(self, k, v):\n{statements}        yield 1, 1\n"
    return f"{head}        return [{steps}]\n{body}    def r(self, k, vs):\n        yield 1, sum(vs)\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        heavy_helper("        q = 1\n" * 3_800, 250),
        heavy_helper("        pass\n" * 3_800, 250),
        repeated_step("        q = 1\n" * 4_700),
        repeated_step("        q = 1\n" * 400),
        f"{JOB}t = ({', '.join(['row.n'] * 64)})\n" + "".join(f"        v{n} = t\n" for n in range(4_000)),
    ],
    ids=["helper for many types", "helper of nothing", "long steps", "many steps", "wide tuples"],
)
def test_all_roles_and_helpers_of_a_job_share_one_budget(source):
    assert codes(source) == {"too-large"}


def test_a_helper_whose_types_do_not_settle_is_refused_like_the_function_of_a_step():
    names = [f"a{n}" for n in range(30)]
    body = f"        {' = '.join(names)} = 1\n        for i in range(40):\n"
    body += "".join(f"            {a} = {b}\n" for a, b in zip(names, [*names[1:], "x"], strict=True))
    assert codes(f"{JOB}x = row.maybe\n{body}        yield 1, a0\n") == {"too-large"}
    helper = f"    def h(self, x):\n{body}        return a0 + 1\n"
    assert codes(f"{JOB}yield 1, self.h(row.maybe)\n{helper}") == {"too-large"}


WIDE = f"t = ({', '.join(['row.n'] * 64)})\n"


def wide_call(scalars):
    arguments = ["t"] * (scalars // 64) + ["row.n"] * (scalars % 64)
    parameters = ", ".join(f"p{n}" for n in range(len(arguments)))
    helper = f"    def h(self, {parameters}):\n        return {len(arguments)}\n"
    return f"{JOB}{WIDE}        yield self.h({', '.join(arguments)}), 1\n{helper}"


def wide_variables(number):
    return f"{JOB}{WIDE}" + "".join(f"        v{n} = t\n" for n in range(number)) + "        yield v0[0], 1\n"


def branches(number):
    return JOB + "x = 0\n" + "        if row.on:\n            x += 1\n" * number + "        yield x, 1\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "most", "what", "line"),
    [
        (wide_call, (MAX_CALL_SLOTS - SLOTS) // SLOTS, "parameters and result of h take 903 slots", 6),
        (wide_variables, 205, "the values in mapper take", 3),
        (branches, (MAX_BLOCKS - 1) // 3, "mapper has 1,003 basic blocks", 3),
    ],
)
def test_a_function_that_could_not_be_compiled_further_is_refused(write, most, what, line):
    compile_job(write(most), SCHEMA)
    (only,) = refusals(write(most + 1))
    assert (only.code, only.line, only.column) == ("too-large", line, 5)
    assert what in only.message


def test_a_snippet_has_the_same_limits():
    with pytest.raises(Refused, match=r"snippet has 1,002 basic blocks, 1,000 is the most \[too-large\]"):
        compile_snippet("x = 0\n" + "if x == 0:\n    x = 1\n" * (MAX_BLOCKS // 3 + 1))


def test_a_tuple_that_may_be_none_takes_a_slot_more():
    def call(number):
        given = ", ".join(["self.one(row.maybe)"] * number)
        parameters = ", ".join(f"p{n}" for n in range(number))
        helpers = "    def one(self, a):\n        if a is None:\n            return None\n        return (a,)\n"
        return f"{JOB}yield self.h({given}), 1\n{helpers}    def h(self, {parameters}):\n        return 1\n"

    most = (MAX_CALL_SLOTS - SLOTS) // (SLOTS + 1)
    compile_job(call(most), SCHEMA)
    assert codes(call(most + 1)) == {"too-large"}


@pytest.mark.slow
def test_too_many_parts():
    assert codes(JOB + "a = 1\n" + "        a = a + a * a - a\n" * 4_000) == {"too-large"}


def test_a_byte_order_mark_and_other_line_ends_change_nothing():
    source = JOB + "yield row.name, row.n\n"
    expected = compile_job(source, SCHEMA)
    for variant in ("\ufeff" + source, source.replace("\n", "\r\n"), source.replace("\n", "\r")):
        assert compile_job(variant, SCHEMA) == expected


def test_columns_may_have_names_beyond_ascii_but_look_alikes_may_not():
    schema = Schema.of({"größe": "float", "name": "str"})
    assert compile_job(JOB + "yield row.name, row.größe\n", schema).columns_read == (0, 1)
    with pytest.raises(Refused, match="identifier"):
        compile_job(JOB + "yield row.name, row.gröẞe\n", schema)


def test_a_hidden_column_is_refused_even_if_the_schema_does_not_have_it():
    with pytest.raises(Refused) as caught:
        compile_job(JOB + "yield row.secret, 1\n", SCHEMA, hidden=frozenset({"secret"}))
    assert [refusal.code for refusal in caught.value.refusals] == ["hidden-column"]
    with pytest.raises(Refused) as caught:
        compile_job(JOB + "yield row.salry, 1\n", SCHEMA, hidden=frozenset({"salary"}))
    assert "salary" not in str(caught.value.refusals)


@pytest.mark.slow
def test_many_statements_compile():
    body = "".join(
        f"        v{n} = row.n + {n}\n        if v{n} > 3:\n            v{n} = v{n} * 2\n" for n in range(300)
    )
    source = JOB + "yield row.name, 0\n" + body + "        yield row.name, v299\n"
    program = compile_job(source, SCHEMA)
    assert len(program.blocks) == 1 + 300 * 3


GROWING = {
    "sums": ("v = v + {i} - row.n",),
    "branches": ("if v > {i}:", "    v = v * 2"),
    "loops": ("for i in range({i}):", "    v = v + i"),
    "logic": ("v = v if row.on and v > {i} or not row.on else row.n",),
    "options": ("if row.kwh is not None and row.kwh > {i}.0:", "    v = v + 1"),
    "unknown names": ("v = q{i}",),
    "new variables": ("v{i} = row.n",),
}


def calls_to_compile(lines, count):
    """Return how many functions are called to compile (or refuse) so many repetitions of some statements."""
    body = "".join(f"        {line.format(i=i)}\n" for i in range(count) for line in lines)
    source = JOB + "v = row.n\n" + body + "        yield row.name, v\n"
    calls = 0

    def count_call(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count_call)
    try:
        compile_job(source, SCHEMA)
    except Refused:
        pass
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.slow
@pytest.mark.parametrize("lines", GROWING.values(), ids=GROWING)
def test_the_compiler_works_in_proportion_to_the_source(lines):
    """With the limits on nodes and on visits this bounds what a source can cost; ``make bench`` has it in seconds."""
    calls_to_compile(lines, 1)  # What is computed once is there.
    assert calls_to_compile(lines, 80) < 2.3 * calls_to_compile(lines, 40)


SOURCES = [path.read_text() for path in (*CORPUS, *ACCEPTED)]
OWN_SCHEMA = re.compile(r"^# schema: (.*)$", flags=re.MULTILINE)
TOKENS = sorted({token for source in SOURCES for token in re.findall(r"\w+|[^\w\s]+|\n *", source)})


@st.composite
def mutated(draw):
    """A program of either corpus with some of its tokens replaced, dropped, doubled or swapped."""
    tokens = re.findall(r"\w+|[^\w\s]+|\s+", draw(st.sampled_from(SOURCES)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(("replace", "drop", "double", "swap", "insert"))):
            case "replace":
                tokens[place] = draw(st.sampled_from(TOKENS))
            case "drop":
                tokens[place] = ""
            case "double":
                tokens[place] *= 2
            case "swap":
                other = draw(st.integers(0, len(tokens) - 1))
                tokens[place], tokens[other] = tokens[other], tokens[place]
            case "insert":
                tokens[place] += draw(st.sampled_from(TOKENS))
    return "".join(tokens)


def only_refused(source):
    schema = SCHEMA
    if own := OWN_SCHEMA.search(source):
        with contextlib.suppress(ValueError, InvalidDocument):  # the mutation hit it
            schema = Schema.from_json(json.loads(own[1]))
    found = found_by(lambda: compile_job(source, schema))
    if isinstance(found, Program):
        assert Program.decode(found.encode()) == found
        with contextlib.suppress(Refused):  # what the table doesn't list
            price(found, load("standard-1"))


def found_by(compiled):
    """Return what compiles, or its refusals, which must be well formed."""
    try:
        return compiled()
    except Refused as refused:
        found = refused.refusals
    assert {refusal.code for refusal in found} <= set(CODES)
    assert all(refusal.line >= 1 and refusal.column >= 1 for refusal in found)
    return found


@given(mutated())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_programs_raise_nothing_but_refused(source):
    only_refused(source)


@pytest.mark.slow
@given(mutated())
@settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_many_mutated_programs_raise_nothing_but_refused(source):
    only_refused(source)


@pytest.mark.slow
@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_raises_nothing_but_refused(source):
    only_refused(source)
    found_by(lambda: compile_snippet(source))


@pytest.mark.parametrize("text", ["import a{}", "from .a{} import b", "x = a{}", "import a{}  # \\"])
def test_names_joined_by_dots_take_no_quadratic_time(text):
    began = time.process_time()
    assert codes(text.format(".a" * 100_000)) == {"too-deep"}
    assert codes(text.format(" .\\\n a" * 30_000)) & {"too-deep", "too-large"}
    assert time.process_time() - began < 2
    assert "too-deep" not in codes("import a" + ".a" * 63)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff",
        "\ufeff\n",
        "\ufeff\ufeff",
        "# x\nfr\U0001d431\U0001d431\U0001d431\U0001d431m a 07 b",
        JOB + "yield row.ⅧⅧⅧⅧⅧⅧⅧⅧⅧⅧⅧⅧⅧⅧ, 1",
    ],
)
def test_places_are_in_the_text_whatever_its_letters(text):
    lines = text.removeprefix("\ufeff").split("\n")
    for refusal in refusals(text):
        assert 1 <= refusal.line <= len(lines)
        assert 1 <= refusal.column <= len(lines[refusal.line - 1]) + 1
