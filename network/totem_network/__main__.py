"""The command line: network/network COMMAND."""

from __future__ import annotations

import sys

from totem_network.commands import main

sys.exit(main())
