"""Write the pinned Unicode table, from the unicodedata of the Python that runs this.

sdk/totem_sdk/unicode_table.py has case and white space, unicode_classes.py letters, digits and title case.
The table is Unicode 14.0, which is what CPython 3.11 has; other versions are refused. Run it again only to pin another
version of Unicode, which changes results and needs a new version of the abstract machine.

    .venv/bin/python scripts/make_unicode_table.py
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

PINNED = "14.0.0"
TARGET = Path(__file__).resolve().parent.parent / "sdk" / "totem_sdk" / "unicode_table.py"
CLASSES = TARGET.with_name("unicode_classes.py")
SIGMA = "\u03a3"

HEADER = '''"""The pinned Unicode table (Unicode {version}): letter case and white space of every character.

Written by scripts/make_unicode_table.py; don't edit. Everything that changes or cuts texts (interpreter, kernel, CSV
readers) goes by this table and not by that of the Python it happens to run on.

* ``LOWER_RUNS``, ``UPPER_RUNS``: ``(first, last, stride, offset)``, ascending and disjoint: each of the characters
  first, first + stride, …, last maps to itself + offset. Characters in no run and not special map to themselves.
* ``LOWER_SPECIAL``, ``UPPER_SPECIAL``: characters that map to several.
* ``SPACE_RUNS``: ``(first, last)`` of white space, as ``str.isspace``.
* ``CASED_RUNS``, ``IGNORABLE_RUNS``: ``(first, last)`` of the two properties that decide about the final sigma; a
  character that has both stands only under ignorable, where the decision looks first.
"""

from __future__ import annotations

__all__ = [
    "CASED_RUNS",
    "IGNORABLE_RUNS",
    "LOWER_RUNS",
    "LOWER_SPECIAL",
    "SPACE_RUNS",
    "UNICODE_VERSION",
    "UPPER_RUNS",
    "UPPER_SPECIAL",
]

UNICODE_VERSION = "{version}"

# The formatter would put each run on a line of its own.
# fmt: off
'''

CLASSES_HEADER = '''"""The pinned Unicode table (Unicode {version}), continued: kinds of characters, title case.

Written by scripts/make_unicode_table.py; don't edit.

* ``TITLE_RUNS``, ``TITLE_SPECIAL``: as ``LOWER_RUNS`` and ``LOWER_SPECIAL`` of ``unicode_table``.
* ``CLASS_RUNS``: by class, ``(first, last)`` of its characters: those of which ``str.isalpha``, ``isdecimal``,
  ``isdigit``, ``isnumeric``, ``isupper`` and ``islower`` hold; title-case letters; and everything with a case, behind
  which ``str.title`` goes on in lower case.
"""

from __future__ import annotations

__all__ = ["CLASS_RUNS", "TITLE_RUNS", "TITLE_SPECIAL"]

# The formatter would put each run on a line of its own.
# fmt: off
'''


def characters() -> Iterator[int]:
    """Yield every Unicode scalar value."""
    yield from range(0xD800)
    yield from range(0xE000, 0x110000)


def mapping_runs(mapping: dict[int, int]) -> list[tuple[int, int, int, int]]:
    """Return the runs (first, last, stride, offset) of a mapping of single characters; strides are 1 or 2."""
    runs: list[tuple[int, int, int, int]] = []
    for code, target in sorted(mapping.items()):
        offset = target - code
        if runs:
            first, last, stride, same = runs[-1]
            gap = code - last
            if offset == same and gap <= 2 and (first == last or gap == stride):
                runs[-1] = (first, code, gap, offset)
                continue
        runs.append((code, code, 1, offset))
    return runs


def set_runs(members: Iterable[int]) -> list[tuple[int, int]]:
    """Return the runs (first, last) of a set of characters."""
    runs: list[tuple[int, int]] = []
    for code in members:
        if runs and code == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], code)
        else:
            runs.append((code, code))
    return runs


def literal(name: str, type_: str, items: Iterable[str], brackets: str) -> str:
    """Return an assignment whose items are wrapped to lines of at most 120 characters."""
    lines: list[str] = []
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 120:
            lines.append(line)
            line = "   "
        line += f" {item},"
    lines.append(line)
    return "\n".join([f"{name}: {type_} = {brackets[0]}", *lines, brackets[1], ""])


def case_literals(name: str, convert: Callable[[str], str]) -> Iterator[str]:
    """Yield the two assignments that hold a mapping of every character."""
    changed = {code: convert(chr(code)) for code in characters() if convert(chr(code)) != chr(code)}
    runs = mapping_runs({code: ord(text) for code, text in changed.items() if len(text) == 1})
    special = {code: tuple(map(ord, text)) for code, text in changed.items() if len(text) > 1}
    yield literal(
        f"{name}_RUNS",
        "tuple[tuple[int, int, int, int], ...]",
        (f"(0x{first:X}, 0x{last:X}, {stride}, {offset})" for first, last, stride, offset in runs),
        "()",
    )
    yield literal(
        f"{name}_SPECIAL",
        "dict[int, tuple[int, ...]]",
        (f"0x{code:X}: ({', '.join(f'0x{c:X}' for c in codes)})" for code, codes in special.items()),
        "{}",
    )


def render_classes() -> str:
    """Return the text of the module of classes, for the same version of Unicode."""
    classes: dict[str, Callable[[str], bool]] = {
        "alpha": str.isalpha,
        "decimal": str.isdecimal,
        "digit": str.isdigit,
        "numeric": str.isnumeric,
        "upper": str.isupper,
        "lower": str.islower,
        "title": lambda c: c.istitle() and not c.isupper(),
        # After a character with a case str.title writes a small letter.
        "cased": lambda c: (c + "A").title().endswith("a"),
    }
    parts = [CLASSES_HEADER.format(version=PINNED), *case_literals("TITLE", str.title)]
    parts.append("CLASS_RUNS: dict[str, tuple[tuple[int, int], ...]] = {}")
    for name, belongs in classes.items():
        members = [code for code in characters() if belongs(chr(code))]
        items = (f"(0x{first:X}, 0x{last:X})" for first, last in set_runs(members))
        parts.append(literal(f'CLASS_RUNS["{name}"]', "", items, "()").replace("]:  =", "] ="))
    return "\n".join(parts)


def render() -> str:
    """Return the text of the module of case and white space.

    Raises:
        SystemExit: this Python has another version of Unicode.
    """
    if unicodedata.unidata_version != PINNED:
        raise SystemExit(f"this Python has Unicode {unicodedata.unidata_version}; the table is Unicode {PINNED}")
    parts = [HEADER.format(version=PINNED)]
    for name, convert in (("LOWER", str.lower), ("UPPER", str.upper)):
        parts += case_literals(name, convert)
    # A sigma is final after a cased character with only ignorable ones between: str.lower itself tells which are which.
    cased = [code for code in characters() if (chr(code) + SIGMA).lower().endswith("ς")]
    known = set(cased)
    ignorable = [code for code in characters() if code not in known and ("a" + chr(code) + SIGMA).lower()[-1] == "ς"]
    spaces = [code for code in characters() if chr(code).isspace()]
    for name, members in (("SPACE", spaces), ("CASED", cased), ("IGNORABLE", ignorable)):
        items = (f"(0x{first:X}, 0x{last:X})" for first, last in set_runs(members))
        parts.append(literal(f"{name}_RUNS", "tuple[tuple[int, int], ...]", items, "()"))
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    CLASSES.write_text(render_classes(), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET} and {CLASSES}\n")
