"""The abstract machine with the kernel in place of the interpreter, and the jobs of the conformance corpus."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import wasmtime
from corpus import load_all

from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.kernel.compiled import RUNTIME
from totem_ccf.kernel.engine import engine
from totem_ccf.kernel.linear import LinearMemory
from totem_ccf.mapreduce.pairs import ARROW_TYPES, FoldLayout, PairLayout
from totem_ccf.mapreduce.shuffle import ShuffleReader, ShuffleWriter
from totem_sdk.cost import price
from totem_sdk.estimate import phase_lower_bound
from totem_sdk.interpreter import JobRun, Machine, PhaseRun
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow
from totem_sdk.types import Option

SMALL_BUFFERS = {
    "plan.ROWS": 3,
    "roles.ROWS": 3,
    "feed.ROWS": 3,
    "feed.CHUNK_BYTES": 10,
    "roles.TEXT_BYTES": 7,
    "roles.FOLD_ROWS": 2,
    "roles.FOLD_TEXT_BYTES": 5,
    "roles.POOL_BYTES": 592,
    "module.POOL_BYTES": 592,
    "plan.KEPT_BYTES": 1 << 16,
}


def pytest_generate_tests(metafunc):
    if "corpus_job" in metafunc.fixturenames:
        jobs = load_all()
        metafunc.parametrize("corpus_job", jobs, ids=[job.name for job in jobs])


def parts(items, size):
    items = list(items)
    for start in range(0, len(items), size):
        yield items[start : start + size]


def row_batch(schema, positions, rows):
    """Make a record batch of the columns at ``positions`` of some rows."""
    fields, arrays = [], []
    for position in positions:
        column = schema.columns[position]
        optional = isinstance(column.type, Option)
        type_ = ARROW_TYPES[column.type.item if optional else column.type]
        fields.append(pa.field(column.name, type_, nullable=optional))
        arrays.append(pa.array([row[position] for row in rows], type_))
    if not fields:
        # A program that uses no column has rows all the same; Arrow needs a column to count them.
        return pa.RecordBatch.from_arrays([pa.nulls(len(rows))], names=["_"])
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


@pytest.fixture(scope="session", name="row_batch")
def row_batch_fixture():
    return row_batch


def shuffled(layout, tasks, partitions, folder, size):
    """Return for each partition its groups, in batches of about ``size`` rows, from the batches of the map tasks."""
    pieces = []
    for number, batches in enumerate(tasks):
        writer = ShuffleWriter(layout, partitions, folder / str(number), memory_limit=1 << 30)
        for batch in batches:
            writer.add(batch)
        pieces += writer.finish()
    return [
        list(ShuffleReader(layout, [p for p in pieces if p.partition == number], 1 << 30).groups(size))
        for number in range(partitions)
    ]


class Kernel:
    """Runs jobs as ``Machine`` does, with a KernelExecutor and the columnar shuffle.

    What tasks read is cut into batches of ``batch_rows``; ``lease`` is how much totem a task is given ahead (0:
    exactly what each charge needs), by a ``pot``.
    """

    def __init__(self, priced, params=None, *, batch_rows=7, emit_rows=5, lease=1009, pot=Escrow, compiled=None):
        self.priced = priced
        self.batch_rows = batch_rows
        self.emit_rows = emit_rows
        self.lease = lease
        self.pot = pot
        self.executor = KernelExecutor(compiled or compile_kernel(priced), params or {})

    def run_job(self, fragments, escrow, *, precheck=True):
        program = self.priced.program
        pot = self.pot(escrow, self.lease)
        phases, error, gate, end, entering = [], None, None, "done", 0
        inputs = [self.batches(fragment) for fragment in fragments]
        for phase in program.phases:
            if phase.index > 0 and precheck and phase_lower_bound(self.priced, phase.index, entering) > pot.left:
                end, gate = "out_of_totem", phase.index
                break
            step = program.steps[phase.step]
            if phase.kind == "reduce":
                with tempfile.TemporaryDirectory() as folder:
                    layout = self.executor.layout(phase.step)
                    inputs = shuffled(layout, inputs, step.partitions, Path(folder), self.batch_rows)
            run = PhaseRun(phase.step, phase.kind)
            phases.append(run)
            outputs = []
            for task in inputs:
                outputs.append([])
                result = self.task(phase, task, pot, outputs[-1])
                run.counts.merge(result.counts)
                run.tasks += 1
                run.charge += result.used
                run.groups_in += result.groups_done
                run.records_in += result.records_in
                run.records_out += result.records_out
                run.end = end = result.end
                run.error = error = result.error
                if end != "done":
                    break
            if end != "done":
                break
            inputs, entering = outputs, run.records_out
        began = gate is None and phases[-1].phase == "reduce" and len(phases) == len(program.phases)
        delivered = end == "done" or (end == "out_of_totem" and began)
        layout = PairLayout(*program.steps[-1].emits)
        return JobRun(
            state="completed" if end == "done" else end,
            used=sum(run.charge for run in phases),
            returned=pot.left,
            phases=phases,
            bill=[row for run in phases for row in self.priced.bill(run.step, run.phase, run.counts)],
            result=[
                program.steps[-1].delivered(p) for task in outputs for batch in task for p in layout.to_python(batch)
            ]
            if delivered
            else [],
            partial=end == "out_of_totem" and began,
            error=error,
            gate=gate,
        )

    def task(self, phase, batches, pot, out):
        run = self.executor.run_map if phase.kind == "map" else self.executor.run_reduce
        result = run(phase.step, iter(batches), pot, out.append, emit_rows=self.emit_rows)
        assert all(0 < batch.num_rows <= self.emit_rows for batch in out)
        pot.left += result.unspent
        if phase.kind == "map" and isinstance(self.executor.layout(phase.step), FoldLayout):
            emitted = sum(sum(batch.column("n").to_pylist()) for batch in out)
        else:
            emitted = sum(batch.num_rows for batch in out)
        delivers = result.end == "done" or (result.end == "out_of_totem" and phase.kind == "reduce")
        assert result.records_out == (emitted if delivers else 0)
        return result

    def batches(self, rows):
        schema, positions = self.priced.program.schema, self.priced.columns_charged
        return [row_batch(schema, positions, part) for part in parts(rows, self.batch_rows)]


@pytest.fixture(scope="session")
def kernel():
    return Kernel


def facts(run):
    """Return everything about a job's run in a form that compares equal where it is equal."""
    return {
        "state": run.state,
        "used": run.used,
        "returned": run.returned,
        "bill": run.bill,
        # repr tells 0.0 from -0.0 and 1 from 1.0 and True, and finds NaN equal to NaN.
        "result": [repr(pair) for pair in run.result],
        "partial": run.partial,
        "error": None if run.error is None else (run.error.kind, run.error.line),
        "gate": run.gate,
        "phases": [
            {**vars(phase), "counts": phase.counts.to_json(), "error": str(phase.error)} for phase in run.phases
        ],
    }


@pytest.fixture(scope="session")
def facts_of():
    return facts


class Runtime:
    """The runtime library alone: texts are put into its memory, results read from it."""

    START, WHERE, ROOM = 1 << 20, 8 << 20, 1 << 20

    def __init__(self):
        machine = self.machine()
        self.store = self.new_store(machine)
        memory = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(256, 256)))
        self.memory = LinearMemory(self.store, memory)
        module = wasmtime.Module.from_file(machine, str(RUNTIME))
        self.exports = wasmtime.Instance(self.store, module, [memory]).exports(self.store)
        self._next = self.START

    def machine(self):
        return engine()

    def new_store(self, machine):
        return wasmtime.Store(machine)

    def call(self, name, *arguments):
        self._next = self.START
        return self.exports[name](self.store, *[self.text(a) if isinstance(a, str) else a for a in arguments])

    def text(self, text):
        data = text.encode()
        self.memory.set_bytes(self._next, data)
        packed = self._next << 32 | len(data)
        self._next += len(data)
        return packed

    def read(self, packed):
        packed &= (1 << 64) - 1
        return self.memory.array(packed >> 32, np.uint8, packed & 0xFFFFFFFF).tobytes().decode()

    def read_list(self, packed):
        packed &= (1 << 64) - 1
        items = self.memory.array(packed >> 32, np.uint64, packed & 0xFFFFFFFF)
        return [self.read(int(item)) for item in items]

    def made(self, name, *arguments, room=ROOM):
        """Call a function that writes where there is room; None if there is not enough."""
        packed = self.call(name, *arguments, self.WHERE, room)
        return None if packed == -1 else packed


class CountedRuntime(Runtime):
    """A runtime of which is known how many instructions a call takes."""

    FUEL = 1 << 40

    def machine(self):
        config = wasmtime.Config()
        config.consume_fuel = True
        return wasmtime.Engine(config)

    def new_store(self, machine):
        store = wasmtime.Store(machine)
        store.set_fuel(self.FUEL)
        return store

    def call(self, name, *arguments):
        self.store.set_fuel(self.FUEL)
        result = super().call(name, *arguments)
        self.instructions = self.FUEL - self.store.get_fuel()
        return result


@pytest.fixture
def both(kernel, facts_of):
    """Run a job on the interpreter and on the kernel, assert that they do the same, and give the interpreter's run."""

    def run(source, schema, rows):
        priced = price(compile_job(source, Schema.of(schema)), load("standard-1"))
        expected = Machine(priced, {}).run_job([rows], 1 << 50, precheck=False)
        tested = kernel(priced, {}, compiled=compile_kernel(priced))
        assert facts_of(tested.run_job([rows], 1 << 50, precheck=False)) == facts_of(expected)
        return expected

    return run


@pytest.fixture(scope="session")
def runtime():
    return Runtime()


@pytest.fixture(scope="session")
def counted_runtime():
    return CountedRuntime()


@pytest.fixture(scope="session")
def make_small():
    """Give what makes the kernel's buffers so small that everything overflows; other sizes by their names."""

    def make(patch, sizes=()):
        for name, value in {**SMALL_BUFFERS, **dict(sizes)}.items():
            patch.setattr(f"totem_ccf.kernel.{name}", value)
        # What fields don't hold is given up at once; the machine has the same limit.
        for module in ("totem_ccf.kernel.module", "totem_sdk.interpreter.frame"):
            patch.setattr(f"{module}.UNHELD_BYTES", 0)

    return make
