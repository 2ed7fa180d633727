"""The closed list of reasons for which a program is refused.

A test proves that this list, the table in ``docs/language.md`` and the corpus of refused programs name the same codes.
``totem_sdk.cost`` adds one of its own when a program is priced: ``opcode-not-in-table``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CODES", "Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """One reason: what it means, and what to do where the finding has no hint of its own."""

    meaning: str
    hint: str


_LATER = "not in the language yet"

CODES: dict[str, Code] = {
    # The source as text.
    "null-byte": Code("the source holds a null byte", "save the file as UTF-8 text"),
    "encoding": Code("the source or a text in it is not Unicode text", "save the file as UTF-8 text"),
    "too-large": Code("the source exceeds a limit of size", "make the program smaller"),
    "too-deep": Code("brackets, blocks, types or calls are nested too deeply", "store parts in variables, use helpers"),
    "identifier": Code("a character that is not ASCII stands outside texts and comments", "use ASCII names"),
    "syntax": Code("the source is not Python", "correct the syntax"),
    # The module and the class.
    "import": Code(
        "an import of something that a job can't import",
        "only json, math, re, string, datetime's classes, Counter, defaultdict, deque and namedtuple of collections, "
        "combinations, permutations and product of itertools, itemgetter of operator, nlargest and nsmallest of "
        "heapq, the names of typing and collections.abc that annotations need, TotemJob and Param of totem_sdk, "
        "MRJob of mrjob.job and MRStep of mrjob.step can be imported",
    ),
    "module-statement": Code(
        "a statement that may not stand at the top of a module",
        "a job file has imports, constants, functions, one class and the call of run()",
    ),
    "no-job": Code(
        "there is not exactly one job class",
        "write one class that derives from TotemJob (typed rows) or MRJob (raw lines)",
    ),
    "class-form": Code(
        "a class is nested, has other bases, keywords or statements than a job class can have",
        "a job class derives from TotemJob or MRJob alone and holds constants, parameters and methods",
    ),
    "decorator": Code("a function or class is decorated", "remove the decorator"),
    "signature": Code(
        "a method doesn't take the parameters that it must take, or takes them in another way",
        "plain parameters, the first one called self",
    ),
    "reserved-name": Code("a name of the class has a meaning for mrjob", "use another name"),
    "dunder": Code("a name that begins with two underscores", "use another name"),
    "duplicate": Code("a name of the class is defined twice", "use another name"),
    "option": Code(
        "an option of mrjob that TOTEM doesn't have",
        "remove it: protocols, sorting and Hadoop's settings are the provider's",
    ),
    "steps": Code(
        "the steps can't be read",
        "write def steps(self): return [MRStep(mapper=self.a, reducer=self.b), …]",
    ),
    "constant": Code("a constant's value is not constant", "use numbers, texts, True, False, None and tuples of them"),
    "named-tuple": Code(
        "a tuple with names that is defined in another way",
        'write Point = namedtuple("Point", ["x", "y"]), or class Point(NamedTuple): with x: int for each item',
    ),
    "pattern": Code(
        "a regular expression that is none, is not constant, or can't be followed in linear time",
        "write a constant pattern without references back, looking ahead or behind, and possessive parts",
    ),
    "param": Code(
        "a job parameter is not declared as name: type = Param(default)",
        "the type is int, float, bool or str, the default a constant of exactly this type",
    ),
    # Forms that the language does not have.
    "lambda": Code(
        "a lambda other than a key= of sorted, min or max", "write a helper method and call it: self.helper(x)"
    ),
    "nested-function": Code("a function inside a function", "write a helper method and call it: self.helper(x)"),
    "global": Code("global or nonlocal", "keep state on self, set in mapper_init, combiner_init or reducer_init"),
    "exception": Code(
        "a try or raise of a form that the language doesn't have",
        "catch and raise ValueError, KeyError, IndexError, ZeroDivisionError, OverflowError, RuntimeError or Exception",
    ),
    "with": Code("a with statement", "a job can't open anything"),
    "async": Code("async or await", "a job runs row by row"),
    "match": Code("a match statement", f"{_LATER}: use if and elif"),
    "walrus": Code(
        "an assignment inside an expression that may not be evaluated, or uses the name before",
        "assign in a statement of its own",
    ),
    "comprehension": Code(
        "a generator that is not the argument of sum, min, max, any, all, sorted or list; a set made so",
        "make a list: [x for x in items]",
    ),
    "container": Code(
        "a list that is emitted as a key, an empty tuple",
        "emit a tuple, which comes out as a list; a tuple has at least one item",
    ),
    "f-string": Code(
        "an f-string of a form that Python 3.11 or the language doesn't have",
        "assign what is in the braces to a variable above",
    ),
    "format": Code("a format that the language doesn't have", "see docs/language.md for what there is"),
    "slice": Code(
        "a slice of no list, text or tuple, one that is assigned to, or of a tuple by a bound that varies",
        "take the items one by one",
    ),
    "star": Code("a starred argument, parameter or item, or two starred targets", "name every one"),
    "default": Code("a default that is not constant", "give a constant, or None and test it in the function"),
    "keyword": Code("an argument given by name to what is no helper", "pass arguments by position"),
    "delete": Code("a del statement other than of one item of a list or dict", "assign another value"),
    "operator": Code("an operator that the language doesn't have", "use + - * / // % ** & | ^ ~ << >> and comparisons"),
    "membership": Code(
        "in or not in that looks into something else than a text, a tuple, a list or a dict",
        "compare with each value",
    ),
    "identity": Code("is other than is None and is not None", "compare with == or !="),
    "literal": Code("a constant of a type that the language doesn't have", "use int, float, bool, str or None"),
    "int-range": Code("an int that 64 bits don't hold", "use a float"),
    "loop-form": Code(
        "a for loop over something else",
        "loop over range(...), a reducer's values, a dict, its items(), or a list by itself, in enumerate(), zip() or "
        "reversed()",
    ),
    "target": Code("something that can't be assigned to", "assign to variables and to fields of self"),
    "view": Code(
        "the keys, values or items of a dict other than in a loop, list, sorted, sum, min, max, len or join",
        "make a list of them: list(d.items())",
    ),
    "statement": Code("a statement without an effect", "remove it"),
    "yield-form": Code("a yield that doesn't emit one key and one value", "write yield key, value"),
    "yield-in-helper": Code(
        "a helper that yields in a way that can't be used",
        "write yield from self.helper(...), or for item in self.helper(...) without break and continue",
    ),
    "return-value": Code("a mapper, combiner or reducer that returns a value", "yield key, value"),
    "annotation": Code(
        "an annotation that is not a type of the language, or does not fit the value",
        "use int, float, bool, str, date, datetime, None, T | None, tuple[...], list[...] or dict[...]",
    ),
    # Names.
    "unknown-name": Code("a name that is not defined", "assign it first"),
    "unassigned": Code("a variable or field that may have no value here", "assign it on every path that leads here"),
    "unknown-column": Code("a column that the dataset doesn't have", "see the dataset's schema"),
    "hidden-column": Code("a column that the provider hides", "use another column, or ask the provider"),
    "unknown-attribute": Code("an attribute that the value doesn't have", "see docs/language.md for what there is"),
    "forbidden": Code(
        "a function or name of Python that reaches beyond the job",
        "a job computes from its rows and parameters alone",
    ),
    "unknown-function": Code("a function that the language doesn't have", "see docs/language.md for what there is"),
    "self-use": Code("self used other than as self.name", "pass the values that are needed"),
    "row-use": Code("a row used other than as row.column or as a helper's argument", "take the columns out of it"),
    "state": Code(
        "a field of self that its _init doesn't set",
        "assign it in mapper_init, combiner_init or reducer_init: fields live for one task of that role",
    ),
    "read-only": Code("an assignment to a constant, parameter or method", "use a variable or a field of self"),
    # Types.
    "type": Code("an operation on a type that doesn't have it", "convert with int(), float(), str() or bool()"),
    "type-conflict": Code(
        "a variable, field, emit or result with types that no type joins",
        "use one type for one thing",
    ),
    "maybe-none": Code("a value that may be None where a value is needed", "test it with is not None first"),
    "listed-tuple": Code(
        "a tuple compared with one that went through a shuffle",
        "a shuffle makes lists of tuples, and in Python a list never equals a tuple: compare the items",
    ),
    "index": Code(
        "an index outside of the tuple, or one that varies where its items have no type together",
        "use a constant index inside the tuple",
    ),
    "argument": Code("a call with the wrong number or kind of arguments", "see docs/language.md for what it takes"),
    "emit-type": Code(
        "a key or value that can't be emitted",
        "emit numbers, texts, bools, None, and tuples, lists and dicts of them; keys have no lists or dicts in them",
    ),
    "no-yield": Code("a step that emits nothing", "yield key, value in it"),
    "combiner-type": Code(
        "a combiner that emits other types than its mapper",
        "a combiner emits what the mapper emits: the reducer gets either",
    ),
    # What would never end, or grow without end.
    "recursion": Code("a helper that calls itself, directly or through others", "use a loop"),
    "endless-loop": Code("a loop that provably never ends", "change the condition's variables in the loop, or break"),
    "unbounded-growth": Code(
        "a text that grows in every round of a loop without a constant bound",
        "emit the parts, or keep the last one only",
    ),
    "values-twice": Code(
        "a reducer's values drawn a second time",
        "they come once: take everything that is needed in one loop",
    ),
    "values-use": Code(
        "a reducer's values used other than in one for loop, sum, min or max",
        "loop over them",
    ),
}
"""Every code, with its meaning and its hint."""
