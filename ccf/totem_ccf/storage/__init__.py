"""Datasets where they lie, as fragments with digests, read in columns: Parquet, CSV, JSON lines, text; statistics.

``totem_ccf.storage.profile`` computes the statistics.
"""

from totem_ccf.storage.dataset import Dataset, open_dataset
from totem_ccf.storage.digests import salted_digest
from totem_ccf.storage.errors import DataError
from totem_ccf.storage.fragment import Fragment
from totem_ccf.storage.header import delimiter_hint
from totem_ccf.storage.options import CsvOptions, schema_and_options
from totem_ccf.storage.results import UnwritableResult, check_result_file, write_result

__all__ = [
    "CsvOptions",
    "DataError",
    "Dataset",
    "Fragment",
    "UnwritableResult",
    "check_result_file",
    "delimiter_hint",
    "open_dataset",
    "salted_digest",
    "schema_and_options",
    "write_result",
]
