"""Groups of commands: plain help everywhere, shown where no command is named; a near miss names what was meant."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from totem.near import meant

__all__ = ["Group", "group"]


class Group(TyperGroup):
    """A group of commands, such as ``totem job``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help where nothing is asked for."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that is named.

        Raises:
            TyperException: there is none of this name.
        """
        name = args[0]
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            ctx.fail("; ".join(filter(None, (f"there is no command {name!r}", meant(name, known)))))
        return super().resolve_command(ctx, args)


def group(text: str) -> typer.Typer:
    """Return a group of commands that does what ``text`` says."""
    return typer.Typer(cls=Group, help=text, add_completion=False, rich_markup_mode=None)
