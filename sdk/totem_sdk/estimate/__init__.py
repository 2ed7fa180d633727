"""What a program will cost on data of which only published statistics are known.

``bounds`` is the estimate of a job, ``gates`` the lower bound of one phase. ``phases`` goes from phase to phase: from a
``dataset`` to ``streams`` of pairs and ``groups``, each the ``source`` of calls. ``analysis`` follows a function's
control flow (``loops``, ``rounds``, ``shape``, ``tally``), ``blocks`` its operations; ``transfer`` says what each
opcode makes of what is ``known``, ``forms`` are costs that depend on totals, ``selectivity`` has the guesses of the
expected value.
"""

from totem_sdk.estimate.bounds import Estimate, LineEstimate, PhaseEstimate, estimate
from totem_sdk.estimate.gates import phase_lower_bound

__all__ = ["Estimate", "LineEstimate", "PhaseEstimate", "estimate", "phase_lower_bound"]
