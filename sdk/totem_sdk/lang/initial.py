"""Fields that ``__init__`` sets: every role begins with them that has use for one."""

from __future__ import annotations

import copy
from dataclasses import replace

from totem_sdk.lang.calls import reach_of
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.holes import bound_names
from totem_sdk.lang.steps import ROLES, StepSource
from totem_sdk.lang.structure import Job

__all__ = ["with_init"]


def with_init(job: Job) -> Job:
    """Return the job with what ``__init__`` does at the top of the ``_init`` of each role that has use for it."""
    init = job.init
    if init is None:
        return job
    fields = {name.removeprefix("self.") for name in bound_names(init) if name.startswith("self.")}
    reach = reach_of(job.source, job.methods, Findings())
    methods = {**job.methods, "__init__": init}
    steps: list[StepSource] = []
    for step in job.steps:
        functions = dict(step.functions)
        for role in ROLES:
            parts = [name for part, name in step.functions.items() if part.removesuffix("_init") == role]
            parts += [name for part, name in step.functions.items() if part == f"{role}_final"]
            if not any(name in reach and fields & reach[name].loads for name in parts):
                continue
            own = step.functions.get(f"{role}_init")
            key = "__init__" if own is None else f"__init__ {own}"
            functions = {f"{role}_init": key, **functions} if own is None else {**functions, f"{role}_init": key}
            if own is not None and key not in methods:
                method = copy.deepcopy(job.methods[own])
                method.body = [*copy.deepcopy(init.body), *method.body]
                methods[key] = method
        steps.append(StepSource(step.node, functions))
    return replace(job, methods=methods, steps=tuple(steps))
