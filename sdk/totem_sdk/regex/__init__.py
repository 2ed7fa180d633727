"""Regular expressions in linear time: patterns of Python's ``re`` as automata with Python's leftmost-first meaning."""

from totem_sdk.regex.alone import stands_alone, ungrouped
from totem_sdk.regex.automaton import MAX_WORK, Automaton, automaton
from totem_sdk.regex.parsing import MAX_GROUPS, MAX_PATTERN, BadPatternError, Pattern, read_pattern
from totem_sdk.regex.running import find_all, find_first, split_at
from totem_sdk.regex.steps import MAX_STEPS

__all__ = [
    "MAX_GROUPS",
    "MAX_PATTERN",
    "MAX_STEPS",
    "MAX_WORK",
    "Automaton",
    "BadPatternError",
    "Pattern",
    "automaton",
    "find_all",
    "find_first",
    "read_pattern",
    "split_at",
    "stands_alone",
    "ungrouped",
]
