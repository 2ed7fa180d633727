"""Folds that go on elsewhere: however values are split, folding the folds gives what the operation gives for all."""

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from totem_sdk.errors import InvalidDocument
from totem_sdk.folds import Fold
from totem_sdk.interpreter import effects
from totem_sdk.interpreter.arithmetic import INT_MAX, INT_MIN, Fault, exact_sum
from totem_sdk.interpreter.folded import Folded
from totem_sdk.type_texts import parse_type
from totem_sdk.types import FLOAT, INT
from totem_sdk.values import canonical_json, read_value

PAIR = parse_type("(int,bool)")
ints = st.integers(INT_MIN, INT_MAX) | st.integers(-3, 3)
floats = st.floats() | st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1e308, 0.1])
VALUES = {
    Fold("sum", INT): ints,
    Fold("sum", FLOAT): floats,
    Fold("min", FLOAT): floats,
    Fold("max", FLOAT): floats,
    Fold("min", INT): ints,
    Fold("max", PAIR): st.tuples(ints, st.booleans()),
}
folds = pytest.mark.parametrize("fold", VALUES, ids=lambda fold: f"{fold.kind} {fold.value}")
PLAIN = {
    "sum": exact_sum,
    "min": lambda values: effects.smallest(*values),
    "max": lambda values: effects.largest(*values),
}


def outcome(function):
    """What an operation gives, to the bit; NaNs have one pattern."""
    try:
        value = function()
    except Fault as fault:
        return fault.kind
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack(">d", value)
    return value


def pieces(data, values):
    """Cut values into pieces of at least one."""
    cuts = sorted(set(data.draw(st.lists(st.integers(1, len(values)), max_size=4))) | {len(values)})
    return [values[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]


@folds
@given(data=st.data())
def test_any_split_gives_what_the_operation_gives(fold, data):
    values = data.draw(st.lists(VALUES[fold], min_size=1, max_size=8))
    parts = [Folded.of(fold, piece) for piece in pieces(data, values)]
    folded = parts[0]
    for part in parts[1:]:
        folded = folded.then(part)
    assert folded.number == len(values)
    assert outcome(folded.result) == outcome(lambda: PLAIN[fold.kind](values))
    # There is one form, so the same values give the same bytes whoever folded them.
    assert canonical_json(folded.to_json()) == canonical_json(Folded.of(fold, values).to_json())


@folds
@given(data=st.data())
def test_a_fold_is_read_as_it_was_written(fold, data):
    values = data.draw(st.lists(VALUES[fold], min_size=1, max_size=5))
    folded = Folded.of(fold, values)
    text = canonical_json(folded.to_json())
    again = Folded.from_json(fold, json.loads(text))
    assert canonical_json(again.to_json()) == text
    assert outcome(again.result) == outcome(folded.result)


@pytest.mark.parametrize(
    ("type_", "document"),
    [
        ("int", 1 << 63),
        ("int", True),
        ("int", 1.0),
        ("float", 1),
        ("str", "\ud800"),
        ("bool", 1),
        ("none", False),
        ("num", "1"),
        ("num", 1 << 63),
        ("(int,str)", [1]),
        ("(int,str)", [1, 2]),
        ("(int,str)", "ab"),
        ("int?", "x"),
        ("date", "2020-01-01"),
    ],
)
def test_a_document_that_is_no_value_of_the_type_is_refused(type_, document):
    with pytest.raises(InvalidDocument, match="not a value of the type"):
        read_value(parse_type(type_), document)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("num", 1),
        ("num", 1.5),
        ("int?", None),
        ("(int,[str,bool?])", (1, ("ä", None))),
        ("none", None),
        ("str", "\x00"),
    ],
)
def test_a_value_is_read_as_it_was_written(type_, value):
    assert read_value(parse_type(type_), json.loads(canonical_json(value))) == value
