"""Random expressions with regular expressions, for the generator of jobs."""

from __future__ import annotations

import ast
import random
import re
from typing import TYPE_CHECKING

from generated_patterns import FLAGS, pattern

from totem_sdk.regex import BadPatternError, automaton, stands_alone, ungrouped

if TYPE_CHECKING:
    from generated_expressions import Expressions, Scope

_NAMES = {int(flag): f", re.{flag.name}" for flag in (re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII)} | {0: ""}


def arguments(chance: random.Random, text: str, groups: int) -> str:
    """Return the arguments of a call: a pattern that has so many groups at most, the text, and flags."""
    while True:
        source, flags = pattern(chance, 3), int(chance.choice(FLAGS))
        if flags not in _NAMES:
            continue
        try:
            compiled = re.compile(source, flags)
            automaton(source, flags, whole=True)
            automaton(source, flags)
        except (re.error, BadPatternError):
            continue
        if compiled.groups <= groups:
            return f"{source!r}, {text}{_NAMES[flags].replace(', ', ', flags=', 1)}"


def grouped(chance: random.Random, most: int) -> tuple[str, int, str]:
    """Return a pattern of which all matches can be asked for their groups, how many it has, and what says its flags."""
    while True:
        source, flags = arguments(chance, "@", most).split(", @")
        given = [number for number, said in _NAMES.items() if said == flags.replace("flags=", "")]
        found = automaton(ast.literal_eval(source), given[0]).pattern
        if stands_alone(found) and ungrouped(found) is not None:
            return source, len(found.groups), flags


def regex_int(w: Expressions, scope: Scope, depth: int) -> str:
    """Return an expression that gives an int."""
    text = w.expr("str", scope, depth)
    if w.one_in(3):
        source, groups, flags = grouped(w.chance, 4)
        m = w.name("m")
        return w.chance.choice(
            (
                f"len(re.findall({source}, {text}{flags}))",
                f"sum({m}.end() * len({m}[0]) + {m}.start({groups}) for {m} in re.finditer({source}, {text}{flags}))",
                f"sum(len({m}[{groups}] or '?') for {m} in re.finditer({source}, {text}{flags}))",
                f"re.subn({source}, '-', {text}{flags})[1]",
            )
        )
    name, groups = w.chance.choice((("findall", 1), ("split", 0)))
    return f"len(re.{name}({arguments(w.chance, text, groups)}))"


def regex_bool(w: Expressions, scope: Scope, depth: int) -> str:
    """Return an expression that gives a bool."""
    text = w.expr("str", scope, depth)
    name, test = w.chance.choice(("search", "match", "fullmatch")), w.chance.choice(("is None", "is not None"))
    return f"(re.{name}({arguments(w.chance, text, 9)}) {test})"


def regex_text(w: Expressions, scope: Scope, depth: int) -> str:
    """Return an expression that gives a text."""
    text = w.expr("str", scope, depth)
    if w.one_in(3):
        source, groups, flags = grouped(w.chance, 4)
        m, part = w.name("m"), w.name("part")
        return w.chance.choice(
            (
                f"re.sub({source}, r'<\\g<0>\\g<{groups}>>', {text}{flags})[:30]",
                f"re.sub({source}, lambda {m}: {m}.group()[::-1] + str({m}.end()), {text}{flags})[:30]",
                f"re.sub({source}, '+', {text}, count={w.chance.randrange(3)}{flags})[:30]",
                f"''.join({part} or '?' for {part} in re.split({source}, {text}{flags}))[:30]",
                f"''.join({part} or '' for {part} in re.split({source}, {text}, maxsplit=1{flags}))[:30]",
            )
        )
    if w.one_in(2):
        pattern_, flags = arguments(w.chance, "@", 9).split(", @")
        put = w.chance.choice(("", "é", "-"))
        return f"re.sub({pattern_}, {put!r}, {text}{flags})[:30]"
    return f"re.split({arguments(w.chance, text, 0)})[{w.chance.choice((0, -1))}]"
