"""``python -m totem_chaincode.shim``: TOTEM's contracts as the environment says; see ``program``."""

from __future__ import annotations

import sys

from totem_chaincode.shim.program import main

sys.exit(main())
