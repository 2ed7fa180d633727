"""Names that mean something to mrjob or to Python, and that a job can therefore not define."""

from __future__ import annotations

__all__ = ["FORBIDDEN", "FUNCTIONS", "MRJOB_NAMES", "MRJOB_OPTIONS", "STEP_FUNCTIONS"]

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
    arg_parser combine_pairs execute increment_counter is_task make_runner map_pairs mr_job_script options parse_output
    pick_protocols reduce_pairs run run_combiner run_job run_mapper run_reducer run_spark sandbox set_status
    set_up_logging stderr stdin stdout
    _combine_or_reduce_pairs _get_step _job_kwargs _kwargs_from_switches _mapper_output_protocol _non_option_kwargs
    _pick_protocol_instances _print_help _read_input _runner_class _runner_kwargs _runner_opt_names_for_help
    _script_step_mapping _should_cat_output _step_key _steps_desc _upload_attr _usage _wrap_protocols
"""
MRJOB_NAMES: frozenset[str] = frozenset(_NAMES.split())
"""Other attributes of mrjob's MRJob: a job that redefined one would behave differently there."""

FUNCTIONS: frozenset[str] = frozenset(
    ("abs", "bool", "float", "int", "len", "max", "min", "range", "round", "str", "sum")
)
"""Python's functions that the language has (``range`` only in for loops)."""

_BEYOND = """
    __import__ breakpoint compile delattr dir eval exec exit getattr globals hasattr help id input isinstance
    issubclass locals memoryview object open print quit setattr super type vars
"""
FORBIDDEN: frozenset[str] = frozenset(_BEYOND.split())
"""Builtins that reach beyond the job or into the interpreter: refused with code ``forbidden``."""
