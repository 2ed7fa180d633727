"""The ``totem`` command: which subcommands there are, and how each error becomes an exit status.

Exit status: 0 done (for a job: completed), 1 a bug of ours, 2 refused or bad usage, 3 out of totem, 4 the job failed,
5 the provider's side failed, 6 sent and not known whether it is committed, 130 interrupted, 141 nobody reads the output
any more. Commands are imported when they run: starting up stays fast.
``totem.cli.entry`` is where a process begins.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TextIO, cast

import typer
from typer.main import get_command

from totem.cli.group import Group
from totem.cli.output import Output, write_json
from totem.interrupts import allowed, begin_end, held
from totem.logs import configure, describe
from totem.services.errors import BadInput, ServiceError
from totem.services.report import Report
from totem_sdk.errors import Refusal

__all__ = ["app"]


_COMMANDS = {
    "run": ("totem.cli.run:run", "Try a job on this machine: price, metered run, result and bill in one command."),
    "schema": ("totem.cli.schema:schema", "Show what TOTEM sees in data: columns, types, values that are missing."),
    "check": ("totem.cli.source:check", "Check a job against the language; nothing is run."),
    "estimate": ("totem.cli.source:estimate", "Say what a job will cost on given data."),
    "disassemble": ("totem.cli.source:disassemble", "Show a job's opcodes with their charges."),
    "dev": ("totem.cli.dev:dev", "Start a whole consortium for development on this machine."),
    "serve": ("totem.cli.serve:serve", "Serve the REST API and run the jobs of the wallet's providers."),
    "dataset": ("totem.cli.dataset:app", "Look at the datasets that providers have published."),
    "access": ("totem.cli.access:app", "Ask for access to datasets."),
    "job": ("totem.cli.job:app", "Submit jobs, follow them, fetch bills and results."),
    "provider": ("totem.cli.provider:app", "Publish data that stay where they are, answer requests, run jobs."),
    "admin": ("totem.cli.admin:app", "The consortium's business: participants, totem, estimator tables."),
    "ledger": ("totem.cli.ledger:app", "Look at the ledger and verify it."),
    "chaincode": ("totem.cli.chaincode:app", "The contracts on Hyperledger Fabric: package them, serve them to peers."),
    "api": ("totem.cli.api:app", "Serve the REST API, make and revoke its tokens."),
}
"""Every command: where it is (imported when it is asked for) and what it does."""


class _Interrupted(Exception):
    """An interrupt that a command has not dealt with itself (of KeyboardInterrupt typer would keep the status only)."""


class _Unwritable(Exception):
    """Standard output can't be written; ``problem`` says why."""

    def __init__(self, problem: OSError) -> None:
        self.problem = problem
        super().__init__()


class _Stdout:
    """Standard output, whose errors are told from those of all other files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text.

        Raises:
            _Unwritable: it can't be written.
        """
        try:
            return self._stream.write(text)
        except OSError as error:
            raise _Unwritable(error) from None

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts one after the other; see ``write``."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is still to be written.

        Raises:
            _Unwritable: it can't be written.
        """
        try:
            self._stream.flush()
        except OSError as error:
            raise _Unwritable(error) from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Guarded(Group):
    """The root command: finds its subcommands late; every error ends in one message and its kind's exit status."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of this name, or None."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        with held():  # a module that is half imported can't be imported again
            found = getattr(import_module(module), name)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(rich_markup_mode=None, add_completion=False)
            single.command(cmd_name)(found)
            found = single
        command = get_command(found)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            with allowed():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            begin_end()
            raise _Interrupted from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; exits with the status, or returns it outside standalone mode."""
        arguments = list(sys.argv[1:] if args is None else args)
        output, sys.stdout = sys.stdout, cast(TextIO, _Stdout(sys.stdout))
        try:
            status = self._run(arguments, prog_name or "totem", complete_var, windows_expand_args, extra)
            sys.stdout.flush()
        except _Unwritable as error:
            status = _unwritable(error.problem, output)
        finally:
            sys.stdout = output
        if standalone_mode:
            sys.exit(status)
        return status

    def _run(
        self,
        arguments: list[str],
        prog_name: str | None,
        complete_var: str | None,
        windows_expand_args: bool,
        extra: dict[str, Any],
    ) -> int:
        as_json = "--json" in arguments
        try:
            status = super().main(arguments, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.TyperException as error:
            return _usage(error, arguments, as_json=as_json)
        except ServiceError as error:
            Output(as_json=as_json).error(error)
            return error.exit_status
        except (typer.Abort, _Interrupted):
            return _interrupted(arguments, as_json=as_json)
        except _Unwritable:
            raise
        except Exception as error:  # noqa: BLE001  # the last resort: a bug of ours is named as such, with its traceback
            sys.stderr.write(f"{describe(error)}\n")
            sys.stderr.write("totem: an internal error; this is a bug of TOTEM and not of your job\n")
            if as_json and arguments[:1] == ["run"]:
                write_json(Report("provider_failed", error={"kind": "internal_error", "line": None}).to_json())
            return 1
        return status if isinstance(status, int) else 0


def _unwritable(problem: OSError, output: TextIO) -> int:
    """Give standard output up; return the exit status. A reader that went away, as ``head`` does, is no error."""
    with Path(os.devnull).open("w") as nowhere, contextlib.suppress(OSError):
        # The interpreter writes at exit what is left, and would complain.
        os.dup2(nowhere.fileno(), output.fileno())
    if problem.errno == errno.EPIPE:
        return 128 + signal.SIGPIPE
    sys.stderr.write(f"error: standard output: {problem.strerror}\n")
    return BadInput.exit_status


def _interrupted(arguments: list[str], *, as_json: bool) -> int:
    if not as_json:
        Output().note("interrupted")
    elif arguments[:1] == ["run"]:
        write_json(Report("interrupted").to_json())
    else:
        write_json({"error": {"code": "interrupted", "message": "interrupted", "hint": ""}})
    return 130


def _usage(error: typer.TyperException, arguments: list[str], *, as_json: bool) -> int:
    message = error.format_message()
    context = getattr(error, "ctx", None)
    command = "totem" if context is None else context.command_path
    if as_json and arguments[:1] == ["run"]:
        refusal = Refusal(1, 1, "usage", message, "`totem run --help` shows how it is used")
        write_json(Report("refused", refusals=[refusal]).to_json())
    else:
        Output(as_json=as_json).error(BadInput(message, code="usage", hint=f"`{command} --help` shows how it is used"))
    return 2


app = typer.Typer(
    cls=_Guarded,
    name="totem",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:  # typer calls it so
    if asked:
        from importlib.metadata import version  # noqa: PLC0415  # only for this

        sys.stdout.write(f"totem {version('totem-platform')}\n")
        raise typer.Exit


@app.callback()
def totem(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version and exit")
    ] = False,
) -> None:
    """Priced, metered MapReduce on data that must not leave the house."""
    del version
    configure("warning")
