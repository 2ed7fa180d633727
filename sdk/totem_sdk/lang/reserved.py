"""Names that mean something to mrjob or to Python, and that a job can therefore not define."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from totem_sdk.mathematics import CONSTANTS, names

__all__ = [
    "COLLECTIONS",
    "DATES",
    "DATE_FUNCTIONS",
    "FORBIDDEN",
    "FUNCTIONS",
    "INSTEAD",
    "MODULES",
    "MRJOB_NAMES",
    "MRJOB_OPTIONS",
    "STEP_FUNCTIONS",
    "meant",
]

STEP_FUNCTIONS: tuple[str, ...] = (
    "mapper_init",
    "mapper",
    "mapper_final",
    "combiner_init",
    "combiner",
    "combiner_final",
    "reducer_init",
    "reducer",
    "reducer_final",
)
"""What a step is made of, in the order in which it runs."""

_OPTIONS = """
    ARCHIVES DIRS FILES HADOOP_INPUT_FORMAT HADOOP_OUTPUT_FORMAT INPUT_PROTOCOL INTERNAL_PROTOCOL JOBCONF LIBJARS
    OUTPUT_PROTOCOL PARTITIONER SORT_VALUES
    add_file_arg add_passthru_arg archives combiner_cmd combiner_pre_filter configure_args dirs files
    hadoop_input_format hadoop_output_format input_protocol internal_protocol jobconf libjars load_args mapper_cmd
    mapper_pre_filter mapper_raw output_protocol partitioner pass_arg_through reducer_cmd reducer_pre_filter
    sort_values spark spark_args
"""
MRJOB_OPTIONS: frozenset[str] = frozenset(_OPTIONS.split())
"""Attributes by which an mrjob program changes how it runs: refused with code ``option``."""

_NAMES = """
    arg_parser combine_pairs execute increment_counter is_task make_runner map_pairs mr mr_job_script options
    parse_output pick_protocols reduce_pairs run run_combiner run_job run_mapper run_reducer run_spark sandbox
    set_status set_up_logging stderr stdin stdout
    _cl_args _file_arg_dests _passthru_arg_dests _stderr _stdin _stdout
    _combine_or_reduce_pairs _get_step _job_kwargs _kwargs_from_switches _mapper_output_protocol _non_option_kwargs
    _pick_protocol_instances _print_help _read_input _runner_class _runner_kwargs _runner_opt_names_for_help
    _script_step_mapping _should_cat_output _step_key _steps_desc _upload_attr _usage _wrap_protocols
"""
MRJOB_NAMES: frozenset[str] = frozenset(_NAMES.split())
"""Other attributes of mrjob's MRJob: a job that redefined one would behave differently there."""

COLLECTIONS = ("Counter", "defaultdict", "deque")
"""What can be imported from the module collections."""

MODULES: dict[str, tuple[str, ...]] = {
    "collections": COLLECTIONS,
    "heapq": ("nlargest", "nsmallest"),
    "itertools": ("combinations", "permutations", "product"),
    "operator": ("itemgetter",),
}
"""Functions of modules, by the module: a job calls them ``module.name``, or ``name`` if it imports that."""

DATES: frozenset[str] = frozenset(("datetime.date", "datetime.datetime", "datetime.timedelta"))
"""Constructors of dates and spans of time, which take arguments by name."""

DATE_FUNCTIONS: frozenset[str] = DATES | {
    "datetime.date.fromisoformat",
    "datetime.datetime.fromisoformat",
    "datetime.datetime.strptime",
}
"""What the classes of the module datetime are called for."""

FUNCTIONS: frozenset[str] = (
    frozenset(
        (
            "abs",
            "all",
            "any",
            "bin",
            "hex",
            "oct",
            "repr",
            "bool",
            "chr",
            "dict",
            "set",
            "divmod",
            "enumerate",
            "float",
            "format",
            "int",
            "len",
            "list",
            "max",
            "min",
            "ord",
            "pow",
            "range",
            "reversed",
            "round",
            "sorted",
            "str",
            "sum",
            "zip",
        )
    )
    | {f"math.{name}" for name in names() - set(CONSTANTS)}
    | DATE_FUNCTIONS
    | {f"{module}.{name}" for module, functions in MODULES.items() for name in functions}
    | {"compat.jobconf_from_env", "json.dumps"}
)
"""Python's functions that the language has (``range`` only in for loops), those of math under the module's name."""

_BEYOND = """
    __import__ breakpoint compile delattr dir eval exec exit getattr globals hasattr help id input isinstance
    issubclass locals memoryview object open print quit setattr super type vars
"""
FORBIDDEN: frozenset[str] = frozenset(_BEYOND.split())
"""Builtins that reach beyond the job or into the interpreter: refused with code ``forbidden``."""

_MATH = "import math at the top of the file and call math.sqrt(x)"

INSTEAD: dict[str, str] = {
    "Counter": "write from collections import Counter at the top of the file",
    "defaultdict": "write from collections import defaultdict at the top of the file",
    "deque": "write from collections import deque at the top of the file",
    "filter": "write if in a for loop",
    "isinstance": "the types are those of the columns; test a value that may be None with is not None",
    "iter": "loop over the values with for",
    "map": "compute in a for loop",
    "mean": "sum and count in one loop, then divide",
    "next": "loop over the values with for, and break",
    "print": "yield what you want to see",
    "frozenset": "write set(...)",
    "sqrt": _MATH,
    "tuple": "write the items: (a, b)",
}
"""What to write instead of a function that the language doesn't have, where there is something."""

_MEANT = {"map": "mapper", "reduce": "reducer", "combine": "combiner", "init": "mapper_init", "final": "mapper_final"}


def meant(name: str, names: Iterable[str]) -> str | None:
    """Return which of some names is probably meant by another one."""
    names = list(names)
    known = _MEANT.get(name.lower().removesuffix("_function"))
    near = [known] if known in names else difflib.get_close_matches(name[:100], names, n=1, cutoff=0.7)
    return near[0] if near else None
