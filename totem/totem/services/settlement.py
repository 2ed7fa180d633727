"""Settlement on the ledger: how the framework's phases become transactions, each of them repeatable.

Salts are derived from the provider's secret, so that a settlement repeated after a crash has the same digest and the
contract answers with what it has already recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from totem.logs import logger
from totem.services.errors import BadInput, InTheWay, NotAllowed, ProgramRefused, ServiceError
from totem.services.killpoints import pass_point
from totem.services.sealing import Sealing
from totem.services.session import Record, Session
from totem.services.store import ProviderStore
from totem_ccf.metering.settlement import SettlementAnswer, SettlementRefused, read_answer
from totem_chaincode import canonical
from totem_chaincode.contracts.endings import RESULT_LIMIT
from totem_chaincode.contracts.receipts import RECEIPT
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.contracts.sealed import INLINE_BYTES

__all__ = ["LedgerSettlement", "is_final"]

_log = logger("provider")

_TURNS = 4
"""How many choices of endorsers have to refuse a call until it is refused."""


class LedgerSettlement:
    """Settles the phases of one job and ends it, in the name of its provider."""

    def __init__(self, session: Session, store: ProviderStore, job_id: str) -> None:
        self._session = session
        self._store = store
        self._sealing = Sealing(store)
        self._job_id = job_id

    def settle(self, phase_index: int, receipt: dict[str, Any]) -> SettlementAnswer:
        """Settle a phase; answers ``{"continue", "left", "reason"}`` as the contract does.

        Raises:
            SettlementRefused: the contract does not accept the receipt, or the job has ended.
            ServiceError: the ledger can't answer now; the same call may succeed later.
        """
        # The framework's receipt says more (tasks, groups) than the channel is told.
        told = {name: receipt[name] for name in RECEIPT.fields}
        salt = self._store.salt("receipt", self._job_id, phase_index)
        transient = {"receipt": told, "salt": salt}
        # The channel has only the digest of what the phase before gave; the contract checks what is shown here.
        if (before := self._before(phase_index)) is not None:
            transient["before"] = before
        arguments = {
            "phase_index": phase_index,
            "charge": told["charge"],
            "end": told["end"],
            "digest": salted_hash(salt, canonical.encode(told)),
        }
        pass_point("server:before-settle")
        try:
            answer = self._settled(transient, arguments)
        except ServiceError as error:
            if is_final(error):
                raise SettlementRefused(f"phase {phase_index}: {error.message} [{error.code}]") from error
            raise
        pass_point("server:after-settle")
        return read_answer(answer)

    def _settled(self, transient: Record, arguments: Record) -> Record:
        """Settle; without the consumer's copy of the receipt where its organisation does not endorse that.

        The ledger has been asked for as long as its patience lasts then. Whatever is answered may be that
        organisation's word alone, so it is tried without it. The receipt is handed over later (``Purging``).
        """
        call = partial(self._session.submit, "jobs.settle", transient=transient, job_id=self._job_id, **arguments)
        try:
            return call()
        except ServiceError as error:
            answer = _insisted(partial(call, shown=False))
            _log.warning(
                "settled without the consumer's organisation",
                job_id=self._job_id,
                phase=arguments["phase_index"],
                problem=error.message,
            )
            return answer

    def more(self, used: int, needs: int) -> int | None:
        """Refuse: no job of one provider has a slice of a pool as its escrow; see SettlementPort."""
        del used, needs
        raise SettlementRefused(f"the escrow of {self._job_id} is no slice of a pool")

    def complete(self, result: Path) -> Record:
        """Deliver the whole result, a large one sealed, and end the job.

        Raises:
            ProviderSide: code ``result_store``: the store can't keep a large one now.
        """
        return self._deliver("jobs.complete", result)

    def halt(self, partial: Path | None) -> Record:
        """End a job that is out of totem or cancelled, with the groups that were finished and paid for (or none)."""
        if partial is None:
            return self._session.submit("jobs.halt", job_id=self._job_id)
        return self._deliver("jobs.halt", partial)

    def complete_in_file(self, result: Path, lines: int) -> Record:
        """End a job whose result stays in its file: the ledger gets size and salted hash."""
        return self._session.submit("jobs.complete", job_id=self._job_id, kept=self._size_of(result, lines))

    def halt_in_file(self, partial: Path, lines: int) -> Record:
        """End a job that is out of totem, whose finished groups stay in their file."""
        return self._session.submit("jobs.halt", job_id=self._job_id, kept=self._size_of(partial, lines))

    def fail(self, side: str, kind: str, line: int | None) -> Record:
        """End a job that failed, by its ``program`` or by the ``provider``."""
        error = {"kind": kind, "line": line}
        return self._session.submit("jobs.fail", job_id=self._job_id, side=side, error=error)

    def too_large(self, result: Path, lines: int) -> Record:
        """End a finished job whose result is larger than the policy allows: it is paid, and not delivered."""
        return self._session.submit(
            "jobs.fail",
            job_id=self._job_id,
            side="program",
            error={"kind": RESULT_LIMIT, "line": None},
            undelivered=self._size_of(result, lines),
        )

    def halt_too_large(self, partial: Path, lines: int) -> Record:
        """End a job that is out of totem, whose finished groups are larger than the policy allows: not delivered."""
        return self._session.submit("jobs.halt", job_id=self._job_id, undelivered=self._size_of(partial, lines))

    def _before(self, phase_index: int) -> Any:
        """Return the receipts with their salts of what goes into a phase; None where that are the data."""
        settled = self._session.query("results.receipts", job_id=self._job_id)["receipts"] if phase_index else []
        return settled[phase_index - 1] if settled else None

    def _seal(self, result: Path, salt: str) -> Record:
        """Seal a large result to its reader's key, and keep it in the result store."""
        key = self._session.query("jobs.get", job_id=self._job_id)["consumer_key"]
        return self._sealing.seal(self._job_id, result, name="result", public_key=key, salt=salt)

    def _deliver(self, function: str, result: Path) -> Record:
        salt = self._store.salt("result", self._job_id)
        if result.stat().st_size <= INLINE_BYTES:
            data = result.read_bytes()
            transient = {"result": data.decode(), "salt": salt}
            digest = salted_hash(salt, data)
            call = partial(self._session.submit, function, transient=transient, job_id=self._job_id, result_hash=digest)
            try:
                return call()
            except ServiceError as error:
                job = self._session.query("jobs.get", job_id=self._job_id)
                if job["state"] not in ("running", "cancelling") or job["consumer_key"] is None:
                    raise
                # It may be the word of the consumer's organisation alone, whose collection this writes.
                _log.warning("small result sealed", job_id=self._job_id, problem=error.message)
        sealed = self._seal(result, salt)
        return _insisted(lambda: self._session.submit(function, job_id=self._job_id, sealed=sealed))

    def _size_of(self, result: Path, lines: int) -> Record:
        salt = self._store.salt("result", self._job_id)
        with result.open("rb") as file:
            digest = hashlib.sha256(bytes.fromhex(salt))
            while chunk := file.read(1 << 20):
                digest.update(chunk)
            return {"hash": digest.hexdigest(), "lines": lines, "bytes": file.tell()}


def _insisted(call: Callable[[], Record]) -> Record:
    """Make a call that needs no particular organisation, again where it is refused: each time others are asked.

    Raises:
        ServiceError: all refuse it, or it can't be made now.
    """
    for _ in range(_TURNS - 1):
        try:
            return call()
        except ServiceError as error:
            if error.code in ("no_ledger", "fate_unknown"):
                raise  # the ledger has asked others by itself, or nobody has refused it
    return call()


def is_final(error: ServiceError) -> bool:
    """Return whether repeating the same transaction would get the same answer."""
    if error.code == "pool":
        return False  # a part that is out of its slice may end so a little later, by the ledger's clock
    if isinstance(error, InTheWay):
        return error.code != "transaction_void"
    return isinstance(error, BadInput | NotAllowed | ProgramRefused)
