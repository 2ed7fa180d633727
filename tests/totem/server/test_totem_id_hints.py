"""Ids that are none: what is said of their form, and where to find one, in the words of the command line."""

import pytest
from typer.testing import CliRunner

from totem.cli.main import app


@pytest.mark.parametrize(
    ("who", "words", "message", "hint"),
    [
        ("alice", ["job", "status", "7"], "not a job id (expected job- and 20 hexadecimal digits)", "`totem job list`"),
        (
            "north",
            ["provider", "approve", "acc-XY"],
            "not an access id (expected acc- and 20 hexadecimal digits)",
            "`totem provider requests --all`",
        ),
        ("alice", ["dataset", "show", "Bills!"], "not a dataset id (expected up to 64 small", "`totem dataset list`"),
        ("alice", ["job", "status", "x" * 65], "a text of 1 to 64 bytes is expected, got 65", "`totem job list`"),
    ],
)
def test_what_is_no_id_is_told_the_form_in_words_and_the_command_that_lists_them(home, who, words, message, hint):
    done = CliRunner().invoke(app, [*words, "--home", str(home.root), "--as", who])
    assert done.exit_code == 2
    assert message in done.stderr
    assert hint in done.stderr
    assert "[0-9a-f]" not in done.stderr
