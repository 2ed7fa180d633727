"""What to do next, where an answer of the contracts does not say it itself: in the words of the command line."""

from __future__ import annotations

from totem.services.errors import ServiceError

__all__ = ["hint_of", "program_error_hint", "provider_trouble"]

_BY_CODE = {
    "already_enrolled": "a role is for good: have the CA certify another name for another role",
    "access_state": "`totem provider requests --all` shows what has been answered, and how",
    "forbidden": "`--as NAME` acts as another identity; `totem admin identities` lists them",
    "job_state": "`totem job status JOB` shows how far it is",
    "no_result": "`totem job status JOB` says how it ended",
    "not_enrolled": "a member of the consortium enrols it: `totem admin enrol NAME@MSP --role ROLE`",
    "not_found": "`totem dataset list`, `totem access list` and `totem job list` show what there is",
    "purged": "the file that `totem job result JOB -o FILE` wrote is the only copy; without it, submit the job again",
    "role_mismatch": "ask the consortium; a role is for good: have the CA certify another name",
    "result_in_file": "`totem job result JOB --file FILE --salt SALT` checks and shows what the provider hands over",
    "suspended": "a member of the consortium lets it act again: `totem admin reinstate NAME@MSP`",
}

_BY_FORM = {
    "access id": "`totem access list` shows yours, `totem provider requests --all` those that a provider was asked for",
    "dataset id": "`totem dataset list` shows them",
    "job id": "`totem job list` shows yours, `totem provider jobs` those of a provider",
    "request id": "`totem admin requests` shows them",
}
"""Where the ids are shown of which one was not even in its form, by what the contract calls it."""

_BY_KIND = {
    "zero_division": "test the divisor first: `if b != 0:`",
    "overflow": "an int has 64 bits: compute with float(...) where numbers get larger",
    "value": "a text is no number, or a number no integer: test it first, or leave such rows out",
    "index": "a text is shorter than the index says: test len(...) first",
    "key": "catch it where it happens: `try:` … `except KeyError:`",
    "assertion": "an `assert` of the program does not hold for some row",
    "type": "the program raises it itself: see the line",
    "runtime": "the program raises it itself: see the line",
    "exception": "the program raises it itself: see the line",
    "memory": "a text or group became too large: emit less for one key",
}

_TROUBLE = {
    "data_missing": "a file of the provider's data is not where it was",
    "data_unreadable": "the provider's server may not read its data",
    "data_format": "a file of the provider's data is not of its format any more",
    "data_truncated": "a file of the provider's data ends in the middle",
    "data_encoding": "a text of the provider's data is not UTF-8",
    "data_schema": "the provider's data do not have the columns that it has published",
    "data_type": "a value of the provider's data is not of its column's type",
    "data_changed": "the provider's data are not what it has published",
    "data_mixed": "the provider's files are of different formats",
    "not_held": "the provider's server does not hold the data",
    "framework": "the provider's machine could not run the job",
}
"""What a consumer may know of a provider's trouble: file, row and reason stay with the provider."""


def hint_of(error: ServiceError) -> str:
    """Return what to do about an error; empty where there is nothing to say."""
    return error.hint or _BY_FORM.get(str(error.details.get("what")), "") or _BY_CODE.get(error.code, "")


def program_error_hint(kind: object) -> str:
    """Return what to change in a program that failed with this kind of error."""
    return _BY_KIND.get(str(kind), "")


def provider_trouble(kind: object) -> str:
    """Return what this kind of trouble on a provider's side means; empty for one that is not known here."""
    return _TROUBLE.get(str(kind), "")
