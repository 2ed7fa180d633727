"""One attempt of a task on a step's module: its lease, its roles, its counts, how it ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import wasmtime

from totem_ccf.kernel.columns import Columns
from totem_ccf.kernel.compiled import CompiledKernel
from totem_ccf.kernel.foldcolumns import fold_batch
from totem_ccf.kernel.instance import StepInstance
from totem_ccf.kernel.roles import RolePlan
from totem_ccf.mapreduce.executor import InputError
from totem_sdk.cost import Counts
from totem_sdk.errors import InternalError, ProgramError
from totem_sdk.program import Value, blocks_of
from totem_sdk.task import LeaseSource, OutOfTotem, TaskEnd, TaskResult

__all__ = ["Attempt", "Stopped"]


class Stopped(Exception):
    """The code has stopped: out of totem, or in an error of the program."""


class Attempt:
    """An instance of a step for one attempt of a task.

    Attributes:
        plan: the step's plan.
        memory: the memory of the code.
        columns: moves columns between Arrow and the memory.
        texts: the address from which on texts of the input may be put.
        on_emits: called when the output columns are full, and when they are to be emptied.
        on_values: called when the values of a group that are in memory are drawn, and there are more.
    """

    def __init__(self, compiled: CompiledKernel, step: int, params: Mapping[str, Value], lease: LeaseSource) -> None:
        self.plan = compiled.plans[step]
        self.on_emits: Callable[[], None] = _nobody
        self.on_values: Callable[[], None] = _nobody
        self._large: dict[int, bytes] = {}
        self._metered = compiled.metered
        self._lease = lease
        self._granted = 0
        self._instance = StepInstance(compiled, step, self)
        self.memory, self._meter = self._instance.memory, self._instance.meter
        self.columns = Columns(self.memory)
        self.texts = self._put_params(params)

    def begin(self, role: RolePlan) -> None:
        """Begin a role: no field has a value, nothing is emitted."""
        self._instance.call(f"{role.name}_begin", secrets.randbits(63))
        self._clear_out(role)

    def run(self, name: str, *arguments: int) -> None:
        """Call a step function.

        Raises:
            Stopped: it ran out of totem, or ended in an error of the program.
            InputError: the memory is too small for what the program keeps.
        """
        try:
            stopped = self._instance.call(name, *arguments)
        except wasmtime.Trap as trap:
            raise InputError(f"{name}: the kernel's memory is exhausted ({trap.message.splitlines()[-1]})") from trap
        if stopped:
            raise Stopped

    @property
    def finished(self) -> int:
        """How many of the emits in memory are of groups that have ended."""
        return self._instance.get("finished")

    @property
    def groups_done(self) -> int:
        """Groups that have ended in this role."""
        return self._instance.get("groups_done")

    def flush(self) -> None:
        """Have the emits taken that are still in memory."""
        self.on_emits()
        for name in ("emitted", "finished"):
            self._instance.set(name, 0)

    def read_emits(self, role: RolePlan) -> Any:
        """Return the emits in memory as a record batch of the role's layout; the output's texts are then empty."""
        rows = self._instance.get("emitted")
        out = role.out
        if out.table is None:
            keys, values = (self.columns.read(area, rows, self._large) for area in (out.key, out.value))
            batch = pa.RecordBatch.from_arrays([*keys, *values], schema=out.layout.schema)
        else:
            batch = fold_batch(self.memory, out, rows, self._large)
        self._clear_out(role)
        return batch

    def done(self, role: RolePlan, fed: int, records_out: int) -> TaskResult:
        """Return the result of a task that has ended; ``fed`` is how many records its main function was given."""
        return self._result("done", role, self._records_in(role.main) if self._metered else fed, records_out)

    def stopped(self, role: RolePlan, records_out: int) -> TaskResult:
        """Return the result of a task whose code has stopped."""
        reason = self._meter.number(self.plan.meter.REASON, np.uint32)
        if reason == 1:
            return self._result("out_of_totem", role, self._records_in(role.main), records_out)
        result = self._result("failed", role, self._records_in(role.main), 0)
        op, _paid = self._trace()[0]
        line = reason >> 8 or self.plan.ops_by_number[op].line
        result.error = ProgramError(ProgramError.KINDS[(reason & 0xFF) - 2], line)
        return result

    def close(self) -> None:
        """Give everything back to wasmtime."""
        self._instance.close()

    def _result(self, end: TaskEnd, role: RolePlan, records_in: int, records_out: int) -> TaskResult:
        unspent = self._instance.get("balance")
        groups_done = self.groups_done if role.name == "reduce" else 0
        return TaskResult(end, self._granted - unspent, unspent, self._counts(), records_in, records_out, groups_done)

    def _counts(self) -> Counts:
        plan, meter = self.plan, self.plan.meter
        counts = Counts()
        blocks = self._meter.array(meter.counters, np.int64, meter.blocks)
        for block in np.flatnonzero(blocks):
            counts.blocks[int(block)] = int(blocks[block])
        amounts = self._meter.array(meter.site_values(0), np.int64, 2 * meter.sites)
        for site in plan.priced.sites:
            times = int(blocks[site.block]) - self._unreached(site.block, site.position)
            if times:
                values, size = amounts[2 * site.id : 2 * site.id + 2]
                counts.sites[site.id] = [times, int(values), int(size)]
        return counts

    def _records_in(self, function: int) -> int:
        """Return how many rows, pairs or values a step function has read."""
        meter = self.plan.meter
        records = 0
        for block in blocks_of(self.plan.program.functions[function].body):
            for position, op in enumerate(block.ops):
                if op.code in ("read_row", "read_pair", "read_value"):
                    entered = self._meter.number(meter.block(block.id), np.int64)
                    records += entered - self._unreached(block.id, position)
                elif op.code.startswith("fold_"):
                    site = self.plan.priced.sites_of_block[block.id][position]
                    records += self._meter.number(meter.site_values(site.id), np.int64)
        return records

    def _unreached(self, block: int, position: int) -> int:
        """Return in how many frames that had entered a block the operation at ``position`` was not paid for."""
        first, end = self.plan.first_op[block], self.plan.first_op[block + 1]
        return sum(
            first <= op < end and (position > op - first or (position == op - first and not paid))
            for op, paid in self._trace()
        )

    def _trace(self) -> list[tuple[int, bool]]:
        """Return where each frame has stopped, innermost first: the operation, and whether its own charge was paid."""
        frames = self._meter.number(self.plan.meter.TRACE, np.uint32)
        entries = self._meter.array(self.plan.meter.TRACE + 4, np.uint32, frames)
        return [(int(entry) // 2, bool(entry % 2)) for entry in entries]

    # What the code calls (``instance.Host``).

    def more_totem(self, need: int, cost: int, charge: int) -> int:
        """Ask the lease source for more totem; -1 if there is none."""
        used = self._granted - (cost - need)
        try:
            granted = self._lease.more(need, used, charge)
        except OutOfTotem:
            return -1
        if granted < need:
            raise InternalError(f"a lease source gave {granted} totem where {need} were needed")
        self._granted += granted
        return granted

    def put_values(self) -> None:
        """Have the next values of the group put into memory."""
        self.on_values()

    def take_emits(self) -> None:
        """Have the emits taken."""
        self.on_emits()

    def large_text(self, column: int, address: int, size: int) -> None:
        """Keep a text of the next emit until the emits are taken, which is at once."""
        self._large[column & 0xFFFFFFFF] = self.memory.array(
            address & 0xFFFFFFFF, np.uint8, size & 0xFFFFFFFF
        ).tobytes()

    def _clear_out(self, role: RolePlan) -> None:
        for slot in [*role.out.key.slots, *role.out.value.slots]:
            if slot.slot.kind == "str":
                self.memory.set_number(slot.cell, np.uint32, 0)
        self._large.clear()

    def _put_params(self, params: Mapping[str, Value]) -> int:
        """Write the parameters into their cells, and texts to the start of the input; return the address behind."""
        texts = self.plan.input
        for name, cells in self.plan.params.items():
            value = params[name]
            if isinstance(value, str):
                data = value.encode()
                self.memory.reserve(texts + len(data))
                self.memory.set_bytes(texts, data)
                self.memory.set_number(cells.address, np.uint64, texts << 32 | len(data))
                texts += len(data)
            elif isinstance(value, bool):
                self.memory.set_number(cells.address, np.int32, value)
            elif isinstance(value, int):
                self.memory.set_number(cells.address, np.int64, value)
            elif isinstance(value, float):
                self.memory.set_number(cells.address, np.float64, value)
            else:
                raise InternalError(f"parameter {name!r} has no value")
        return texts


def _nobody() -> None:
    raise InternalError("the code calls for what its role does not have")
