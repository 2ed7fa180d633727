"""The constant tables of the runtime library, written as C: Unicode properties and powers of ten.

Loaded by path when the library is compiled, before anything is installed: it imports nothing of ours.
"""

from collections.abc import Iterable
from types import ModuleType

__all__ = ["decimal_header", "shortest_header", "unicode_header"]

PAGE = 64
"""Characters of one page of a two-stage table."""

LAST = 0x10FFFF
SPACE, CASED, IGNORABLE = 1, 2, 4
CLASSES = ("alpha", "decimal", "digit", "numeric", "upper", "lower", "title", "cased")
CLASS_NAMES = ("ALPHA", "DECIMAL", "DIGITS", "NUMERIC", "UPPERCASE", "LOWERCASE", "TITLECASE", "WITH_CASE")
"""Their names in C; the bit of each is 1 << its position."""
LOWEST_POWER, HIGHEST_POWER = -342, 308
LOWEST_TEN, HIGHEST_TEN = -292, 324


def unicode_header(table: ModuleType, classes: ModuleType) -> str:
    """Return the pinned Unicode table as C, in two stages so that a lookup is two loads.

    It is in ``totem_sdk.unicode_table`` and ``totem_sdk.unicode_classes``.

    A cell of ``LOWER``, ``UPPER`` and ``TITLE`` is the number of an offset in ``OFFSETS``, or ``SPECIAL`` plus the
    number of a row in ``SPECIALS`` (up to three characters, the rest 0); one of ``PROPERTIES`` is a sum of ``SPACE``,
    ``CASED`` and ``IGNORABLE``, one of ``CLASSES`` of ``CLASS_NAMES``.
    """
    offsets = [0]
    specials: list[tuple[int, ...]] = []
    cases = {
        name: _case_cells(runs, special, offsets, specials)
        for name, runs, special in (
            ("LOWER", table.LOWER_RUNS, table.LOWER_SPECIAL),
            ("UPPER", table.UPPER_RUNS, table.UPPER_SPECIAL),
            ("TITLE", classes.TITLE_RUNS, classes.TITLE_SPECIAL),
        )
    }
    properties = [0] * (LAST + 1)
    for runs, bit in ((table.SPACE_RUNS, SPACE), (table.CASED_RUNS, CASED), (table.IGNORABLE_RUNS, IGNORABLE)):
        for first, last in runs:
            for code in range(first, last + 1):
                properties[code] |= bit
    kinds = [0] * (LAST + 1)
    for bit, name in enumerate(CLASSES):
        for first, last in classes.CLASS_RUNS[name]:
            for code in range(first, last + 1):
                kinds[code] |= 1 << bit
    return "\n".join(
        [
            f"enum {{ {', '.join(f'{name} = {1 << bit}' for bit, name in enumerate(CLASS_NAMES))} }};",
            f"enum {{ PAGE = {PAGE}, SPACE = {SPACE}, CASED = {CASED}, IGNORABLE = {IGNORABLE}, SPECIAL = 0x8000 }};",
            _array("i32", "OFFSETS", offsets),
            f"static const u32 SPECIALS[][3] = {{{','.join('{' + _list(row) + '}' for row in specials)}}};",
            *(_two_stages(name, "unsigned short", cells) for name, cells in cases.items()),
            _two_stages("PROPERTIES", "u8", properties),
            _two_stages("CLASSES", "u8", kinds),
            "",
        ]
    )


def _case_cells(
    runs: Iterable[tuple[int, int, int, int]],
    special: dict[int, tuple[int, ...]],
    offsets: list[int],
    specials: list[tuple[int, ...]],
) -> list[int]:
    cells = [0] * (LAST + 1)
    for first, last, stride, offset in runs:
        if offset not in offsets:
            offsets.append(offset)
        for code in range(first, last + 1, stride):
            cells[code] = offsets.index(offset)
    for code, codes in special.items():
        cells[code] = 0x8000 + len(specials)
        specials.append((*codes, *[0] * (3 - len(codes))))
    return cells


def _two_stages(name: str, type_: str, cells: list[int]) -> str:
    pages: dict[tuple[int, ...], int] = {}
    index = []
    for start in range(0, len(cells), PAGE):
        page = tuple(cells[start : start + PAGE])
        index.append(pages.setdefault(page, len(pages)))
    return "\n".join(
        [
            _array("u8" if len(pages) <= 256 else "unsigned short", f"{name}_PAGES", index),
            _array(type_, f"{name}_CELLS", [cell for page in pages for cell in page]),
        ]
    )


def decimal_header() -> str:
    """Return the powers of five from 5^-342 to 5^308 as C: the highest 128 bits of each, the higher half first.

    Those of negative exponents are rounded up, the others down, as D. Lemire's algorithm wants them ("Number parsing
    at a gigabyte per second", 2021).
    """
    rows = []
    for exponent in range(LOWEST_POWER, HIGHEST_POWER + 1):
        if exponent < 0:
            power = 5**-exponent
            size = power.bit_length()
            bits = (1 << (2 * size + 128)) // power + 1
        else:
            bits = 5**exponent << 128
        bits >>= bits.bit_length() - 128
        rows.append(f"{{{bits >> 64:#x}ull,{bits & (1 << 64) - 1:#x}ull}}")
    head = f"enum {{ LOWEST_POWER = {LOWEST_POWER}, HIGHEST_POWER = {HIGHEST_POWER} }};"
    return f"{head}\nstatic const u64 POWERS[][2] = {{{','.join(rows)}}};\n"


def shortest_header() -> str:
    """Return the powers of ten from 10^-292 to 10^324 as C: the highest 128 bits of each, rounded up."""
    rows = []
    for exponent in range(LOWEST_TEN, HIGHEST_TEN + 1):
        # ceil(10^exponent * 2^shift), where the shift makes it a number of 128 bits.
        power = 10 ** abs(exponent)
        if exponent < 0:
            bits = -((-1 << (power.bit_length() + 127)) // power)
        elif power.bit_length() <= 128:
            bits = power << (128 - power.bit_length())
        else:
            bits = -(-power >> (power.bit_length() - 128))
        rows.append(f"{{{bits >> 64:#x}ull,{bits & (1 << 64) - 1:#x}ull}}")
    head = f"enum {{ LOWEST_TEN = {LOWEST_TEN} }};"
    return f"{head}\nstatic const u64 TENS_CEILED[][2] = {{{','.join(rows)}}};\n"


def _array(type_: str, name: str, values: Iterable[int]) -> str:
    return f"static const {type_} {name}[] = {{{_list(values)}}};"


def _list(values: Iterable[int]) -> str:
    return ",".join(map(str, values))
