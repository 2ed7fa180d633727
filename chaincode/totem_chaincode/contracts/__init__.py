"""The contracts, one module a concern; importing this package fills the registry."""

from totem_chaincode.contracts import (
    access,
    accounts,
    consortium,
    datasets,
    endings,
    jobs,
    joint,
    joint_submission,
    partials,
    participants,
    results,
    settlement,
    showing,
    submission,
    tables,
)

__all__ = [
    "access",
    "accounts",
    "consortium",
    "datasets",
    "endings",
    "jobs",
    "joint",
    "joint_submission",
    "partials",
    "participants",
    "results",
    "settlement",
    "showing",
    "submission",
    "tables",
]
