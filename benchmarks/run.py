"""``make bench``: measures, prints a table, writes ``build/bench.json``.

Peak hour on one house's minutes (2,075,259 rows) and on the same ten times over, asked of TOTEM, of DuckDB with one
thread, of pandas and of plain mrjob, all in this run and from the same Parquet file (mrjob: its rows as text). TOTEM
runs once as it is used (framework: manager, master and one worker as processes of their own, files between them) and
once in one process, as the peers run. Then the kernel against itself compiled without charges, and commits on the
embedded ledger against plain SQLite (rows are transactions there). A ratio is ours / peer: 2 means that we take twice
as long.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.ledger import COMMITS, commits
from benchmarks.measure import Record, compare
from benchmarks.ours import Job, in_this_process, kernel_alone, on_the_engine
from benchmarks.peers import duckdb_one_thread, mrjob_inline, pandas_groupby, write_text
from totem_ccf.engines.local import LocalEngine

ROOT = Path(__file__).resolve().parent.parent
MINUTES = ROOT / ".data" / "minutes.parquet"
RETAIL = ROOT / ".data" / "retail.parquet"
TEN_TIMES = ROOT / ".data" / "minutes_x10.parquet"
PEAK_HOUR = ROOT / "examples" / "peak_hour_minutes.py"
TEXT = ROOT / "build" / "minutes.csv"
OUT = ROOT / "build" / "bench.json"


def write_ten_times() -> None:
    """Write the minutes ten times over, in the same row groups, unless the file is there."""
    if TEN_TIMES.exists():
        return
    partial = TEN_TIMES.with_suffix(".partial")
    source = pq.ParquetFile(MINUTES)
    with pq.ParquetWriter(partial, source.schema_arrow) as writer:
        for _ in range(10):
            for group in range(source.num_row_groups):
                writer.write_table(source.read_row_group(group))
    partial.rename(TEN_TIMES)


def measure() -> list[Record]:
    """Run every comparison."""
    write_ten_times()
    TEXT.parent.mkdir(exist_ok=True)
    write_text(MINUTES, TEXT)
    records: list[Record] = []
    with LocalEngine() as engine:
        for parquet in (MINUTES, TEN_TIMES):
            job = Job(PEAK_HOUR, parquet)
            peers = [duckdb_one_thread(parquet), pandas_groupby(parquet)]
            if parquet == MINUTES:
                # Not ten times over: it would take minutes, and what is not measured is not written down.
                peers.append(mrjob_inline(TEXT))
            records += compare("peak hour, framework", job.rows, on_the_engine(engine, job, 1), peers)
            records += compare("peak hour, one process", job.rows, in_this_process(job), peers[:1])
    for name, source, parquet in (
        ("kernel, peak hour", PEAK_HOUR, MINUTES),
        ("kernel, price bands", ROOT / "examples" / "price_bands.py", RETAIL),
    ):
        job = Job(source, parquet)
        records += compare(name, job.rows, kernel_alone(job, metered=True), [kernel_alone(job, metered=False)])
    with commits(OUT.parent) as (ledger, plain):
        records += compare("ledger commits", COMMITS, ledger, [plain])
    return records


def show(records: list[Record]) -> None:
    """Print the records as a table."""
    table = Table("name", "rows", "seconds", "peer", "peer seconds", "ratio")
    for column in table.columns[1:]:
        column.no_wrap = True
        column.justify = "right"
    for r in records:
        table.add_row(r.name, f"{r.rows:,}", f"{r.seconds:.3f}", r.peer, f"{r.peer_seconds:.3f}", f"{r.ratio:.2f}")
    console = Console()
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; medians")
    console.print(table)


def main() -> int:
    """Measure, print, write; returns the exit status."""
    records = measure()
    show(records)
    OUT.write_text(json.dumps([record.to_json() for record in records], indent=1) + "\n", "utf-8")
    print(f"written to {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
