"""Walking over nodes: all that ``ast.walk`` yields but contexts and operators, in its order."""

import ast
from pathlib import Path

import pytest

from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.nodes import children, every_child, walk

LEFT_OUT = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
SOURCES = sorted(Path(__file__).parent.glob("test_sdk_lang_*.py"))[:20]
EVERYTHING = """
import a.b as c
from d import e as f
async def g(h, /, i: j = 1, *k, l=2, **m) -> n:
    global o
    async with p as q, r: pass
    async for s in t: await u
    match v:
        case W(1, x=y) | {"z": 1, **rest} | [first, *others] | None as whole: pass
@decorated
class A(B, metaclass=C):
    d: int = 3
    def e(self):
        try: yield (f := [g async for g in h if i])
        except* J as k: raise L from m
        else: del n[0:1, ...]
        finally: nonlocal_ = lambda o: f"{p!r:{q}}"
        r += -s ** +t if not u or v and w < x != y else {**z}
        return {a: b for c, d in e}, {f}, *g
"""


def kept(tree):
    return [node for node in ast.walk(tree) if not isinstance(node, LEFT_OUT)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_nodes_of_sources_are_those_of_ast(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert list(walk(tree)) == kept(tree)


def test_the_nodes_of_every_form_are_those_of_ast():
    tree = ast.parse(EVERYTHING)
    assert list(walk(tree)) == kept(tree)
    for node in walk(tree):
        assert every_child(node) == list(ast.iter_child_nodes(node))
        assert children(node) == [part for part in ast.iter_child_nodes(node) if not isinstance(part, LEFT_OUT)]


def test_statements_in_an_expression_are_walked():
    made = Statements()
    made.body, made.result = ast.parse("a = b").body, ast.Name("a", ast.Load())
    assert list(walk(made)) == kept(made)
    assert len(list(walk(made))) == 5


def test_what_stood_below_a_node_before_it_was_changed_is_walked():
    tree = ast.parse("f(a)(b)")
    seen = []
    for node in walk(tree):
        seen.append(type(node).__name__)
        if isinstance(node, ast.Call):
            node.func = ast.Constant(1)
    assert seen == ["Module", "Expr", "Call", "Call", "Name", "Name", "Name"]
