"""A job over several providers in this process: rows in fragments, fragments at providers, parts, one result.

Everything but processes and totem is what the engine runs: executors, shuffles, partial groups in files.
"""

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from totem_ccf.engines.local.interpreter_executor import InterpreterExecutor
from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.mapreduce.attempt import AttemptRunner
from totem_ccf.mapreduce.pairs import ARROW_TYPES, PairLayout
from totem_ccf.mapreduce.partial_reader import PartialFile, read_partials
from totem_ccf.mapreduce.partials import mapped_layout, write_partials
from totem_ccf.mapreduce.planner import Plan
from totem_ccf.mapreduce.results import read_pairs
from totem_ccf.metering.receipt import phase_receipt
from totem_sdk.cost import price
from totem_sdk.flow import check_receipt
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.schema import LINES
from totem_sdk.table import load
from totem_sdk.task import Escrow
from totem_sdk.types import Option
from totem_sdk.values import result_line

ENOUGH = 1 << 60
STANDARD = load("standard-1")


class Lease(Escrow):
    """Totem without a manager."""

    stopped = None


class Runner(AttemptRunner):
    """Attempts whose fragments are rows in memory."""

    def _batches(self, task):
        if task.fragment is None:
            yield from super()._batches(task)
            return
        schema = self._program.schema
        fields, arrays = [], []
        for column, cells in zip(schema.columns, zip(*task.fragment["cells"], strict=True), strict=False):
            optional = isinstance(column.type, Option)
            type_ = ARROW_TYPES[column.type.item if optional else column.type]
            fields.append(pa.field(column.name, type_, nullable=optional))
            arrays.append(pa.array(cells, type_))
        if arrays:
            yield pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


@dataclass
class Job:
    """A program with its rows; what is compiled is compiled once."""

    source: str
    schema: object = LINES
    params: dict = field(default_factory=dict)

    @functools.cached_property
    def program(self):
        return compile_job(self.source, self.schema)

    @functools.cached_property
    def priced(self):
        return price(self.program, STANDARD)

    @functools.cached_property
    def bound(self):
        return bind(self.program, self.params)

    @functools.cached_property
    def kernels(self):
        return {part: compile_kernel(self.priced, combining=part == "combine") for part in ("data", "combine")}

    def executor(self, kind, part):
        if kind == "interpreter":
            return InterpreterExecutor(self.priced, self.bound, part)
        return KernelExecutor(self.kernels[part], self.bound)

    def on_machine(self, fragments, escrow=ENOUGH):
        """One provider has everything."""
        return Machine(self.priced, self.bound).run_job(fragments, escrow, precheck=False)

    def phases(self, kind, part, plan, folder, memory_limit):
        """Run the phases of a part; return their receipts and what the last one has put out."""
        runner = Runner(self.priced, self.executor(kind, part), folder, memory_limit)
        outputs, receipts = [], []
        for index in plan.run:
            count = plan.tasks(index, len(outputs))
            reports = []
            for task in range(count):
                reports.append(runner.run(plan.task(index, task, outputs), 1, Lease(ENOUGH)))
                if reports[-1].end != "done":  # what comes after a task that failed is not paid
                    break
            end = reports[-1].end if reports else "done"
            outputs = [report.output for report in reports]
            receipts.append(phase_receipt(plan.phases[index], end, reports))
            check_receipt(self.priced, receipts[-1])
            if end != "done":
                break
        return receipts, outputs

    def data_part(self, kind, fragments, folder, memory_limit=1 << 20):
        """Run a data part; return its receipt and the document of its file."""
        documents = [{"rows": len(rows), "cells": rows} for rows in fragments]
        (receipt,), outputs = self.phases(kind, "data", Plan(self.program, documents, "data"), folder, memory_limit)
        if receipt["end"] != "done":
            return receipt, None
        layout = mapped_layout(self.program, kind)
        result = write_partials(folder / "partial.jsonl", self.program, layout, outputs, memory_limit)
        assert result.rows == json.loads(result.path.read_bytes().splitlines()[-1])["groups"]
        return receipt, PartialFile(str(result.path), folder.name, result.sha256, receipt["records_out"]).to_json()

    def combine(self, kind, partials, folder, memory_limit=1 << 20):
        """Run the combining part; return its receipts and the result."""
        entering = read_partials(self.program, partials, folder / "partials", memory_limit)
        receipts, outputs = self.phases(
            kind, "combine", Plan(self.program, (), "combine", entering), folder, memory_limit
        )
        if receipts[-1]["end"] != "done":
            return receipts, ""
        last = self.program.steps[-1]
        pairs = read_pairs(PairLayout(*last.emits), outputs)
        return receipts, "".join(result_line(*last.delivered(pair)) for pair in pairs)

    def together(self, kinds, providers, folder: Path, memory_limit=1 << 20):
        """Run all parts; ``kinds`` are the executors of the data parts and of the combining part."""
        maps, partials = [], []
        for number, (kind, fragments) in enumerate(zip(kinds, providers, strict=False)):
            home = folder / f"provider-{number}"
            home.mkdir(parents=True)
            receipt, partial = self.data_part(kind, fragments, home, memory_limit)
            maps.append(receipt)
            partials.append(partial)
        if None in partials:
            return maps, [], ""
        home = folder / "combining"
        home.mkdir()
        receipts, result = self.combine(kinds[-1], partials, home, memory_limit)
        return maps, receipts, result


def added(receipts):
    """Add up the receipts of a phase at several providers."""
    blocks, units = {}, {}
    for receipt in receipts:
        for block, number in receipt["blocks"].items():
            blocks[block] = blocks.get(block, 0) + number
        for site, entry in receipt["units"].items():
            units[site] = [a + b for a, b in zip(units.get(site, (0, 0, 0)), entry, strict=True)]
    names = ("charge", "records_in", "records_out", "groups_in", "tasks")
    return {"blocks": blocks, "units": units, **{name: sum(receipt[name] for receipt in receipts) for name in names}}
