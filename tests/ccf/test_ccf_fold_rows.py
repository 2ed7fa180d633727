"""Folds in Python from and to the kernel's columns."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from totem_ccf.mapreduce.fold_rows import folds_from_columns, folds_to_batch
from totem_ccf.mapreduce.pairs import FoldLayout
from totem_sdk.folds import Fold
from totem_sdk.interpreter.folded import Folded
from totem_sdk.type_texts import parse_type
from totem_sdk.types import FLOAT, INT, STR

ints = st.integers(-(1 << 63), (1 << 63) - 1)
floats = st.floats() | st.sampled_from([5e-324, 1.7e308, -1.7e308, 2.0**46, 2.0**47, -(2.0**47), 2.0**-80, 2.0**-81])
VALUES = {
    Fold("sum", INT): ints,
    Fold("sum", FLOAT): floats,
    Fold("min", FLOAT): floats,
    Fold("max", parse_type("(int,bool)")): st.tuples(ints, st.booleans()),
}


@pytest.mark.parametrize("fold", VALUES, ids=lambda fold: f"{fold.kind} {fold.value}")
@given(data=st.data())
def test_folds_come_out_of_the_columns_as_they_went_in(fold, data):
    layout = FoldLayout(STR, fold.kind, fold.value)
    groups = data.draw(st.lists(st.lists(VALUES[fold], min_size=1, max_size=4), max_size=4))
    rows = [(f"key {number}", Folded.of(fold, values)) for number, values in enumerate(groups)]
    batch = folds_to_batch(layout, rows)
    assert batch.schema == layout.schema
    found = folds_from_columns(layout, batch.columns[layout.key_width :])
    assert [fold.to_json() for fold in found] == [folded.to_json() for _, folded in rows]


@given(st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=1))
def test_sums_of_measured_values_are_sixteen_bytes(values):
    batch = folds_to_batch(FoldLayout(INT, "sum", FLOAT), [(1, Folded.of(Fold("sum", FLOAT), values))])
    (data,) = batch.column("acc").to_pylist()
    assert len(data) == 16 or any(value and math.frexp(value)[1] - 53 < -80 for value in values)
