"""``TotemJob`` and ``Param``: what a consumer's program is written with.

Under TOTEM nothing of this runs: the source is read, checked and compiled (``totem_sdk.lang``). Under plain mrjob the
same file runs unmetered on a sample (``totem_sdk.mrjob_job``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from totem_sdk.param import Param

if TYPE_CHECKING:
    from totem_sdk.mrjob_job import TotemJob
else:
    try:
        from totem_sdk.mrjob_job import TotemJob
    except ImportError as error:
        # mrjob is only needed to run a job as a script, not to read or compile it; TotemJob.run says what is missing.
        _missing = error

        class TotemJob:
            """A consumer's job; without mrjob it can be compiled, but not be run as a script."""

            @classmethod
            def run(cls) -> NoReturn:
                """Explain what is missing."""
                raise SystemExit(
                    f"{cls.__name__}: to run a job outside of TOTEM, install mrjob (pip install mrjob==0.7.4 "
                    f"setuptools; Python 3.11 or 3.12). What failed: {_missing}"
                )


__all__ = ["Param", "TotemJob"]
