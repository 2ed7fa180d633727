"""One rule for each opcode: how its operation is written in WebAssembly."""

from collections.abc import Mapping

from totem_ccf.kernel.code import Rule, SizeOf
from totem_ccf.kernel.rules import (
    bits,
    compare,
    dates,
    deques,
    dicts,
    errors,
    flow,
    folds,
    list_sizes,
    lists,
    made_texts,
    mathematics,
    numbers,
    packed,
    regex,
    texts,
    values,
)

__all__ = ["RULES", "SIZES"]

RULES: Mapping[str, Rule] = {
    **numbers.RULES,
    **bits.RULES,
    **mathematics.RULES,
    **compare.RULES,
    **values.RULES,
    **texts.RULES,
    **made_texts.RULES,
    **regex.RULES,
    **dates.RULES,
    **errors.RULES,
    **flow.RULES,
    **folds.RULES,
    **lists.RULES,
    **packed.RULES,
    **deques.RULES,
    **dicts.RULES,
}
"""By opcode."""

SIZES: Mapping[str, SizeOf] = {
    **flow.SIZES,
    **made_texts.SIZES,
    **packed.SIZES,
    **list_sizes.sizes(flow.SIZES["min"]),
    **dicts.SIZES,
}
"""By ``Opcode.sizing``, or by opcode where what is counted are not operands."""
