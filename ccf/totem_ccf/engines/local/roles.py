"""What a forked process becomes: compiler, manager, master or worker of one job."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import resource
import signal
import sys
from dataclasses import replace
from pathlib import Path

from totem_ccf.engines.local.config import RoleConfig
from totem_ccf.engines.local.interpreter_executor import InterpreterExecutor
from totem_ccf.engines.local.memory import limit_memory, spill_limit
from totem_ccf.kernel import KernelCache, KernelExecutor
from totem_ccf.mapreduce.executor import TaskExecutor
from totem_ccf.mapreduce.job import JobSpec
from totem_ccf.mapreduce.master_process import MasterSetup, run_master
from totem_ccf.mapreduce.statuses import BROKEN, DAMAGED
from totem_ccf.mapreduce.worker_process import WorkerSetup, describe, run_worker
from totem_ccf.metering.lease_log import LeaseLogDamaged
from totem_ccf.metering.manager_core import ManagerSetup
from totem_ccf.metering.manager_process import run_manager
from totem_ccf.metering.recorder import FileRecorder, NoRecorder, Recorder
from totem_sdk.errors import InternalError, InvalidDocument

__all__ = ["run_role"]

_PR_SET_PDEATHSIG = 1


def run_role(config: RoleConfig, parent: int) -> int:
    """Be the role until it ends; return the exit status. ``parent`` is the process with which this one must die."""
    _die_with(parent)
    name = config.role if config.role != "worker" else f"worker-{config.number}"
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format=f"%(asctime)s {name}[{os.getpid()}] %(levelname)s %(message)s"
    )
    _limit(config)
    try:
        return _run(config, name)
    except (LeaseLogDamaged, InvalidDocument) as error:
        logging.getLogger("totem").critical("%s", error)
        return DAMAGED
    except InternalError as error:
        logging.getLogger("totem").critical("a bug of TOTEM: %s", describe(error))
        return BROKEN


def _run(config: RoleConfig, name: str) -> int:
    directory = Path(config.directory)
    spec = JobSpec.read(directory)
    if config.role == "compiler":
        _kernels(config).compiled(spec.priced, combining=spec.part == "combine")
        return 0
    recorder: Recorder = NoRecorder()
    if spec.trace or spec.audit:
        recorder = FileRecorder(directory / f"trace-{name}-{os.getpid()}.jsonl")
    if config.role == "manager":
        setup = ManagerSetup(
            job_id=spec.job_id,
            escrow=spec.escrow,
            estimate=spec.estimate,
            priced=spec.priced,
            audit=spec.audit,
            phases=spec.phases,
            pooled=spec.part == "data",
            log=directory / "lease.log",
            address=config.address("manager"),
            host=config.address("host"),
            secret=config.secrets["lead"],
            host_secret=config.secrets["host"],
            recorder=recorder,
        )
        asyncio.run(run_manager(setup))
        return 0
    if config.role == "master":
        master = MasterSetup(
            spec=spec,
            address=config.address("master"),
            manager=config.address("manager"),
            host=config.address("host"),
            secret=config.secrets["work"],
            manager_secret=config.secrets["lead"],
            host_secret=config.secrets["host"],
            recorder=recorder,
        )
        return asyncio.run(run_master(master))
    run_worker(
        WorkerSetup(
            config.number,
            replace(spec, memory_limit=spill_limit(spec.memory_limit, config.memory)),
            config.address("master"),
            config.address("manager"),
            config.secrets["work"],
            recorder,
            lambda spec: _executor(spec, config),
        )
    )
    return 0


def _executor(spec: JobSpec, config: RoleConfig) -> TaskExecutor:
    """Return what runs the tasks of a job: the WebAssembly kernel, or the reference interpreter.

    Raises:
        InternalError: the compiler has left no kernel.
    """
    if spec.executor == "interpreter":
        return InterpreterExecutor(spec.priced, spec.params, spec.part)
    priced = spec.priced
    combining = spec.part == "combine"
    compiled = _kernels(config).get(priced.program.program_id, priced.table.table_id, combining=combining)
    if compiled is None:
        raise InternalError("a worker was started before the program was compiled")
    # What a task spills stays in the job's own folder, and goes with it.
    spills = spec.directory / "spills"
    spills.mkdir(mode=0o700, exist_ok=True)
    return KernelExecutor(compiled, spec.params, directory=spills, memory_limit=spec.memory_limit)


def _kernels(config: RoleConfig) -> KernelCache:
    """Return where the job's compiler leaves the kernel for its workers."""
    return KernelCache(Path(config.sockets), config.secrets["kernel"].encode())


def _limit(config: RoleConfig) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if config.role == "worker" and config.memory:
        limit_memory(config.memory)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise InternalError(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        # It ended before the kernel knew.
        os._exit(0)
