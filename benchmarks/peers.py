"""The peers: the same question asked of DuckDB, pandas and plain mrjob, each reading the data from disk."""

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.measure import Answer, Contender
from benchmarks.peak_hour_text import PeakHourText

__all__ = ["duckdb_one_thread", "mrjob_inline", "pandas_groupby", "write_text"]

QUESTION = """
    SELECT hour("at") AS hour, sum(active_kw) FROM read_parquet(?)
    WHERE active_kw > 0.0 GROUP BY hour
"""


def duckdb_one_thread(parquet: Path) -> Contender:
    """DuckDB with one thread, a connection opened once."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")

    def run() -> Answer:
        return dict(connection.execute(QUESTION, [str(parquet)]).fetchall())

    return Contender("duckdb, one thread", run)


def pandas_groupby(parquet: Path, times: int = 5) -> Contender:
    """Pandas, reading only the two columns."""

    def run() -> Answer:
        frame = pd.read_parquet(parquet, columns=["at", "active_kw"])
        frame = frame[frame["active_kw"] > 0.0]
        sums = frame.groupby(frame["at"].dt.hour)["active_kw"].sum()
        return {int(hour): float(value) for hour, value in sums.items()}

    return Contender("pandas", run, times)


def write_text(parquet: Path, text: Path) -> None:
    """Write the two columns as lines for mrjob, unless they are there already."""
    if text.exists() and text.stat().st_mtime >= parquet.stat().st_mtime:
        return
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    table = pq.read_table(parquet, columns=["at", "active_kw"])
    seconds = table["at"].cast("timestamp[s]")
    pyarrow.csv.write_csv(table.set_column(0, "at", seconds), text, options)


def mrjob_inline(text: Path, of: type[Any] = PeakHourText) -> Contender:
    """Plain mrjob's inline runner on the rows as text; run once, it takes long."""

    def run() -> Answer:
        job = of(args=["--quiet", "--runner", "inline", "--no-conf", str(text)])
        with job.make_runner() as runner:
            runner.run()
            return dict(job.parse_output(runner.cat_output()))

    return Contender("mrjob inline", run, times=1)
