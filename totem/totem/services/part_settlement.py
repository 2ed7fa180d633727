"""Settlement of a part of a joint job: its slice of the pool, the receipts of other parts, where it delivers."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from totem.services.errors import InTheWay, NotAllowed, ProviderSide, ServiceError
from totem.services.joint_parts import delivered_parts
from totem.services.killpoints import pass_point
from totem.services.session import Record, Session
from totem.services.settlement import LedgerSettlement, is_final
from totem.services.store import ProviderStore
from totem_ccf.metering.settlement import SettlementRefused
from totem_chaincode.contracts.sealed import INLINE_BYTES
from totem_chaincode.job_states import is_data_part, may_stop_waiting

__all__ = ["DeliveryHeldUp", "PartSettlement"]

_PATIENCE_SECONDS = 2.0
"""How long one question for more waits for news; the framework asks again, and its own calls must not time out."""


class DeliveryHeldUp(ProviderSide):
    """What a data part gives can't be delivered now: it is tried again, and paid at the part's deadline in any case.

    Delivering needs the endorsement of the combining provider's organisation, whose word nobody's pay may hang on: so
    no number of refusals is a reason to give a part up that is finished.
    """


class PartSettlement(LedgerSettlement):
    """Settles the phases of one part and ends it, in the name of its provider.

    ``part`` is its record; ``wait`` returns after so many seconds, or sooner when the ledger has news of joint jobs.
    """

    def __init__(self, session: Session, store: ProviderStore, part: Record, wait: Callable[[float], None]) -> None:
        super().__init__(session, store, part["job_id"])
        self._part = part
        self._wait = wait

    def more(self, used: int, needs: int) -> int | None:
        """Tell the ledger that the slice is dry, and return what it decides; see SettlementPort.

        Whoever sees that the pool may be redistributed does it (``joint_duties``); here is only asked how that ended.
        """
        escrow = self._decided(used, needs)
        if escrow is None:
            self._wait(_PATIENCE_SECONDS)
            escrow = self._decided(used, needs)
        return escrow

    def _decided(self, used: int, needs: int) -> int | None:
        """Return the part's escrow in all where it is decided what it gets, else None."""
        part = self._now()
        enough = part["slice"] >= used + needs
        if part["state"] != "running":
            return None  # it is being cancelled, or has expired: the server tells the framework
        if part["dry"] is None and not part["final"] and not enough:
            part = self._tell_dry(used, needs)
        if (part["dry"] is None and enough) or part["final"] or may_stop_waiting(part, time.time() * 1_000):
            return int(part["slice"])
        return None

    def _tell_dry(self, used: int, needs: int) -> Record:
        pass_point("server:before-dry")
        try:
            self._session.submit("joint.dry", job_id=self._job_id, used=used, needs=needs)
        except InTheWay:
            pass  # what stands in the way is in the record
        except ServiceError as error:
            if error.code != "not_dry":  # it has got more meanwhile
                if is_final(error):
                    raise SettlementRefused(f"the pool can't be asked: {error.message} [{error.code}]") from error
                raise
        pass_point("server:after-dry")
        return self._now()

    def _now(self) -> Record:
        return self._session.query("jobs.get", job_id=self._job_id)

    def _before(self, phase_index: int) -> Any:
        first = self._part["phases"][0]["index"]
        if phase_index > first:
            settled = self._session.query("results.receipts", job_id=self._job_id)["receipts"]
            return settled[phase_index - first - 1]
        if is_data_part(self._part):
            return None
        joint = self._session.query("jobs.get", job_id=self._part["joint"])
        parts = delivered_parts(joint)
        return [self._session.query("joint.partials", job_id=part["job_id"])["receipt"] for part in parts]

    def _seal(self, result: Path, salt: str) -> Record:
        """Seal a combining part's result to the consumer's key: it is the joint job's."""
        whole, key = self._part["joint"], self._part["consumer_key"]
        return self._sealing.seal(self._job_id, result, name="result", public_key=key, salt=salt, whole=whole)

    def _deliver(self, function: str, result: Path) -> Record:
        """Deliver a combining part's result; seal a data part's partial groups to the combining provider's key.

        However small they are: those who endorse see transient data, and they may be the consumer's.
        """
        if not is_data_part(self._part):
            return super()._deliver(function, result)
        is_stored = result.stat().st_size > INLINE_BYTES
        combining = self._part["combining"]
        key = self._session.query("participants.get", participant=combining)["public_key"]
        if not key:
            raise NotAllowed(
                f"{combining} has announced no key to which the partial groups of {self._job_id} could be sealed",
                code="no_key",
                hint="its server announces one when it starts",
            )
        salt = self._store.salt("result", self._job_id)
        sealed = self._sealing.seal(
            self._job_id, result, name="partial", public_key=key, salt=salt, is_stored=is_stored
        )
        receipt = self._session.query("results.receipts", job_id=self._job_id)["receipts"][0]
        transient = {"receipt": receipt}  # the combining part goes on from it
        if not is_stored:
            transient["content"] = base64.b64encode(self._sealing.content(self._job_id, "partial")).decode()
        try:
            return self._session.submit(function, transient=transient, job_id=self._job_id, sealed=sealed)
        except InTheWay:
            raise  # it has ended meanwhile, say: the ledger's record tells
        except ServiceError as error:
            raise DeliveryHeldUp(error.message, code=error.code, hint=error.hint) from error
