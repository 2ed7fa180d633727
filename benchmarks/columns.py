"""Groups by many keys, by texts, in dicts and by sorting, against DuckDB and Polars, each with one thread.

Every contender reads the same Parquet file and ends with the result as Arrow columns; what is compared of it is how
many keys there are and the sum of what they have. Words by a regular expression are asked of PySpark as well, where it
is installed: one thread, a Python function over batches of texts.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measure import Answer, Contender, Record, compare, not_run
from benchmarks.ours import Job, columns_in_this_process, in_this_process
from benchmarks.regex_words import WORD_RE

__all__ = ["KEYS_TARGET", "POLARS_TARGET", "SPARK_TARGET", "many_keys", "regex_words_in_spark", "texts_and_lists"]

KEYS_TARGET = 2.0
POLARS_TARGET = 3.0
SPARK_TARGET = 1 / 10

JOBS = Path(__file__).parent / "jobs"
KEYS = 1_000_000
ROWS = 20_000_000
ROW_GROUP = 1 << 20
TURNS = 5


def write_keys(parquet: Path) -> None:
    """Write 20 million rows with a million keys in no order, unless the file is there."""
    if parquet.exists():
        return
    chance = np.random.default_rng(5)
    partial = parquet.with_suffix(".partial")
    schema = pa.schema([pa.field("k", pa.int64(), nullable=False), pa.field("x", pa.float64(), nullable=False)])
    with pq.ParquetWriter(partial, schema) as writer:
        for start in range(0, ROWS, ROW_GROUP):
            number = min(ROW_GROUP, ROWS - start)
            columns = [chance.integers(0, KEYS, number), chance.random(number)]
            writer.write_table(pa.table(columns, schema=schema))
    partial.rename(parquet)


def many_keys(parquet: Path) -> list[Record]:
    """Add up by a million keys, against DuckDB."""
    write_keys(parquet)
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    question = "SELECT k, sum(x * 2.0 + 1.0) AS total FROM read_parquet(?) WHERE x > 0.1 GROUP BY k"

    def run() -> Answer:
        found: Any = connection.execute(question, [str(parquet)]).to_arrow_table()
        return _summary(found["k"], found["total"])

    job = Job(JOBS / "million_keys.py", parquet)
    ours = columns_in_this_process(job, _summary, TURNS)
    return compare("a million keys", job.rows, ours, [Contender("duckdb, one thread", run, TURNS)])


def texts_and_lists(parquet: Path) -> list[Record]:
    """Group by texts, keep a dict in the mapper, sort in the reducer, against Polars."""
    os.environ["POLARS_MAX_THREADS"] = "1"  # read once, when Polars is imported
    import polars as pl  # noqa: PLC0415  the number of threads has to be set before

    rows = pl.scan_parquet(parquet)
    revenue = (pl.col("quantity") * pl.col("price")).sum()
    sold = rows.filter(pl.col("quantity") > 0)
    middle = pl.col("price").sort().get(pl.len() // 2)
    asked = {
        "revenue_by_country": sold.group_by("country").agg(value=revenue),
        "revenue_by_product": sold.group_by("stock").agg(value=revenue),
        "product_table": rows.group_by("stock").agg(value=pl.col("quantity").sum()),
        "middle_price": rows.group_by("stock").agg(value=middle),
    }
    records = []
    for name, query in asked.items():
        job = Job(JOBS / f"{name}.py", parquet)
        ours = columns_in_this_process(job, _summary, TURNS)
        peer = Contender("polars, one thread", _polars(query), TURNS)
        records += compare(name.replace("_", " "), job.rows, ours, [peer])
    return records


def _polars(query: Any) -> Callable[[], Answer]:
    def run() -> Answer:
        found = query.collect().to_arrow()
        return _summary(found.column(0), found["value"])

    return run


def _summary(keys: Any, values: Any) -> Answer:
    return {"keys": len(keys), "total": float(pc.sum(values).as_py())}


def regex_words_in_spark(words: Job) -> list[Record]:
    """Count words by a regular expression, against PySpark with a Python function on one thread."""
    missing = "pyspark" if importlib.util.find_spec("pyspark") is None else None
    if shutil.which("java") is None:
        missing = "java"
    ours = in_this_process(words)
    name, peer = "regex word count, Spark", "pyspark local[1]"
    if missing is not None:
        (record,) = compare(name, words.rows, ours, [Contender("itself", ours.run, 1)])
        return [not_run(record, peer, f"not run: {missing} is not installed")]
    with _spark(words.parquet) as counted:
        return compare(name, words.rows, ours, [Contender(peer, counted, 1)])


@contextmanager
def _spark(text: Path) -> Iterator[Callable[[], Answer]]:
    from pyspark.sql import SparkSession  # noqa: PLC0415  an extra that may be missing
    from pyspark.sql.functions import col, explode, udf  # noqa: PLC0415  as above
    from pyspark.sql.types import ArrayType, StringType  # noqa: PLC0415  as above

    os.environ["PYSPARK_PYTHON"] = sys.executable  # Spark starts its own, which must have what this one has
    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    pattern = WORD_RE  # a name of its own: what Spark sends to its workers has no modules of ours
    words = udf(lambda line: [word.lower() for word in pattern.findall(line)], ArrayType(StringType()))

    def run() -> Answer:
        lines = session.read.text(str(text))
        counted = lines.select(explode(words(col("value"))).alias("word")).groupBy("word").count()
        return {row["word"]: row["count"] for row in counted.collect()}

    try:
        yield run
    finally:
        session.stop()
