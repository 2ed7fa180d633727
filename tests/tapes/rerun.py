"""The session over a tape: what it comes to, and what was not as on the tape.

    .venv/bin/python -m tests.tapes.rerun

writes ``recorded/outcomes.json`` anew: for a change of TOTEM's own words or codes, which needs no new recording.
"""

from __future__ import annotations

import json
import sys

from cryptography.hazmat.primitives.asymmetric import ec

from tests.tapes.gateway_replay import Replay
from tests.tapes.session import Session
from tests.tapes.tape import OUTCOMES, Tape, recorded
from totem.ledger import CertificateAuthority
from totem.ledger.fabric.identities import MspIdentity


class Person(MspIdentity):
    """Somebody of a tape, whose own key is not on it: signs with another one, and ``key_certificate`` is of that."""

    def __init__(self, msp_id, certificate):
        other = CertificateAuthority.create().issue("somebody", msp_id, "consumer")
        super().__init__(certificate, ec.generate_private_key(ec.SECP256R1()), msp_id)
        self.key_certificate = other.certificate
        self.sign = other.sign


def replayed(tape: Tape) -> tuple[list, list[str]]:
    """Run the session over a tape; return the outcomes, and what was not as on the tape."""
    people = {name: Person(*each) for name, each in tape.about["people"].items()}
    replay = Replay(tape, {each.certificate: each.key_certificate for each in people.values()})
    try:
        outcomes = Session(replay.addresses, people).run()
    finally:
        replay.close()
    return outcomes, replay.differences + replay.unasked


def main() -> int:
    """Write the outcomes anew; nothing else may have changed."""
    for path in recorded("gateway"):
        outcomes, differences = replayed(Tape.read(path))
        if differences:
            sys.stdout.write(f"{path.name}: the client asks for something else; record anew: {differences[0]}\n")
            return 1
        OUTCOMES.write_text(json.dumps(outcomes, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
