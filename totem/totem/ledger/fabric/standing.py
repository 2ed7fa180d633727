"""Why the peers refuse an identity: they say "access denied", the channel's configuration says why.

Who is refused itself can't read the configuration any more. What is left then: the certificate's own dates, the list
that its organisation keeps for its clients, and whether the peers accepted it before.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography import x509

from totem.ledger.certificates import load
from totem.ledger.errors import LedgerError, ProposalRefused, RevocationRefused
from totem.ledger.fabric.channel_config import ChannelConfig, not_valid_now
from totem.ledger.fabric.delivery import BlockSource
from totem.ledger.fabric.profile import ConnectionProfile
from totem.ledger.fabric.revocation_list import serials_by
from totem.ledger.fabric.signing import Signer

__all__ = ["Standing"]


class Standing:
    """What one client can find out about identities on its channel. ``clock`` gives milliseconds since 1970 UTC."""

    def __init__(self, profile: ConnectionProfile, blocks: BlockSource, clock: Callable[[], int]) -> None:
        self._profile = profile
        self._blocks = blocks
        self._clock = clock
        self._seen: tuple[int, ChannelConfig] | None = None

    def look(self) -> ChannelConfig:
        """Return the channel's configuration as it is now; it is kept, to be able to say later what has changed.

        Raises:
            LedgerError: it can't be read.
        """
        number = self._blocks.last_config(self._blocks.block(self._blocks.info().height - 1))
        if self._seen is None or self._seen[0] != number:
            config = ChannelConfig.of_block(self._blocks.block(number))
            if config is None:
                raise LedgerError(f"block {number} should be the channel's configuration, and is not")
            self._seen = number, config
        return self._seen[1]

    def reason(self, signer: Signer) -> ProposalRefused | None:
        """Return why the peers refuse a signer, or None where that can't be found out."""
        before = self._seen
        try:
            config = self.look()
        except (LedgerError, LookupError):
            return self._without_config(signer, before)
        return config.refusal(signer.msp_id, signer.certificate, self._clock())

    def _without_config(self, signer: Signer, before: tuple[int, ChannelConfig] | None) -> ProposalRefused | None:
        """Return the reason as far as it is known to somebody who is refused too."""
        expired = not_valid_now(signer.certificate, self._clock())
        if expired is not None:
            return expired
        serial = load(signer.certificate).serial_number
        if serial in self._told(signer.certificate):
            return ProposalRefused(
                "revoked", f"the certificate {serial:x} is revoked (it is on {self._profile.revocation_list})"
            )
        if before is not None and before[1].refusal(signer.msp_id, signer.certificate, self._clock()) is None:
            return ProposalRefused(
                "revoked",
                f"the channel has not accepted the certificate {serial:x} since its configuration changed after block"
                f" {before[0]}: it is revoked, or {signer.msp_id} has left the channel; ask your administrator",
            )
        return None

    def _told(self, certificate: str) -> frozenset[int]:
        """Return whom the list that the profile names revokes, of those whom the certificate's own CA issued."""
        path = self._profile.revocation_list
        if path is None or not path.exists():
            return frozenset()
        try:
            key = load(certificate).extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
            return serials_by(path.read_text(encoding="utf-8"), key.key_identifier)
        except (OSError, UnicodeDecodeError, x509.ExtensionNotFound, RevocationRefused):
            return frozenset()  # it only explains what the peers have decided
