"""Values of several types in random programs: each yield emits all of them, and what reads them takes them apart."""

import random
from collections.abc import Callable

UNITED = {
    "int": "int|(str,int)",
    "float": "num|(int,float)",
    "str": "str|num",
    "bool": "bool|str",
    "(str,int)": "(str,int)|float|none",
}
"""What a type becomes in a step whose values are of several types."""


def is_union(type_: str) -> bool:
    return "|" in type_


def uses(chance: random.Random, type_: str, value: str, total: str, name: Callable[[], str]) -> list[str]:
    """Return statements that use a value, with new names; its errors are caught, but for one in a while."""
    number = any(part in type_.split("|") for part in ("int", "num", "float"))
    text = "str" in type_.split("|")
    asks = [f"if {value} is None:", f"if {value} is not None:"]
    kinds: list[list[str]] = []
    if number and "bool" not in type_:
        asks += [f"if {value} == 2:", f"if {value} != 0.5:"]
        kinds.append([f"{total} += float({value} - 0.5)", f"{total} -= {value} / 4", f"{name()} = {value} > 1.5"])
        kinds[-1] += [f"{total} += float(round(-{value}, 1))", f"{total} += float(abs({value}))"]
        kinds[-1] += [] if text else [f"{total} += float(0.25 * {value})", f"{total} -= float({value})"]
    if text:
        asks += [f'if {value} == "a":', f'if {value} != "":']
        kinds.append([f'{total} += len({value} + "é")', f'{name()} = {value} < "b"'])
    elif "(" in type_:
        kinds.append([f"{name()}, {name()} = {value}", f"{name()} = {value}[0]", f"{name()} = {value}[1]"])
    made = [chance.choice(asks), f"    {total} += 1.0"]
    other = value
    if chance.random() < 0.5:
        other = f"{value}_too"
        made += [f"{other} = {value}"]
    for _ in range(chance.randrange(1, 3)):
        # After a use it is known what the value is, so what stands in one try is of one kind.
        kind = chance.choice(kinds)
        use = [line.replace(value, other) for line in chance.sample(kind, min(2, len(kind)))]
        made += ["try:", *(f"    {line}" for line in use), "except TypeError:", f"    {total} += 7.0"]
    if chance.random() < 0.1:
        made.append(chance.choice(chance.choice(kinds)))
    return made
