"""Weights of an estimator table from measured jobs: non-negative least squares, and how far off they are."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

__all__ = ["Fit", "Measured", "fitted"]


@dataclass(frozen=True)
class Measured:
    """A job's seconds, its totem today, and its unit bytes by class (totem of the class / weight of the class)."""

    name: str
    seconds: float
    totem: int
    units: Mapping[str, int]


@dataclass(frozen=True)
class Fit:
    """What the jobs say about the classes.

    Attributes:
        ns: nanoseconds of a unit byte, by class; 0 where other classes explain all of it.
        unit: nanoseconds of a totem under the proposed weights: the median of the jobs today, so that bills keep
            their size.
        weights: the proposal, small positive integers.
        errors: fitted / measured seconds, by job.
        proposed: nanoseconds per totem under the proposed weights, by job.
    """

    ns: Mapping[str, float]
    unit: float
    weights: Mapping[str, int]
    errors: Mapping[str, float]
    proposed: Mapping[str, float]

    @property
    def median_error(self) -> float:
        """Median of how far the fit is off, relative to what was measured."""
        return statistics.median(abs(error - 1) for error in self.errors.values())


def fitted(jobs: Sequence[Measured]) -> Fit:
    """Fit the nanoseconds of each class's unit byte to the jobs, each job's error relative to its own seconds.

    (C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23; scipy's ``nnls``.)
    """
    classes = sorted({name for job in jobs for name in job.units})
    matrix = np.array([[job.units.get(name, 0) / (job.seconds * 1e9) for name in classes] for job in jobs])
    scale = matrix.max(axis=0)
    scale[scale == 0] = 1.0
    solution, _ = nnls(matrix / scale, np.ones(len(jobs)))
    solution = solution / scale
    errors = dict(zip((job.name for job in jobs), (matrix @ solution).tolist(), strict=True))
    ns = dict(zip(classes, solution.tolist(), strict=True))
    unit = statistics.median(job.seconds * 1e9 / job.totem for job in jobs)
    weights = {name: max(1, round(value / unit)) for name, value in ns.items()}
    proposed = {
        job.name: job.seconds * 1e9 / sum(weights[name] * count for name, count in job.units.items()) for job in jobs
    }
    return Fit(ns, unit, weights, errors, proposed)
