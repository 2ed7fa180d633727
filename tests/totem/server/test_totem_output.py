"""What people see on a terminal of any width: nothing wrapped, nothing cut that anybody could have to copy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from totem.cli.output import Output
from totem.cli.tables import GAP, cell_width, cut, fit

JOB = "job-0123456789abcdef0123"
ROW = [JOB, "provider_failed", "2026-11-22 04:02:53 UTC", 9_900_000_000_000, "a purpose that takes a whole long line"]
COLUMNS = ["job", "state", "submitted", "escrow", "purpose"]


@pytest.fixture
def terminal(monkeypatch):
    """Return what a table looks like on a terminal of so many columns."""

    def shown(width, capsys, *rows):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("NO_COLOR", "1")
        output = Output()
        output.fancy = True
        output.table(COLUMNS, rows, lesser=["submitted", "purpose"], long="purpose")
        return capsys.readouterr()

    return shown


@pytest.mark.parametrize("width", [60, 70, 80, 100, 120, 200])
def test_ids_states_and_numbers_are_whole_on_a_line_of_their_own(terminal, capsys, width):
    seen = terminal(width, capsys, ROW)
    lines = seen.out.splitlines()
    assert len(lines) == 2
    assert all(cell_width(line) <= width for line in lines)
    for text in (JOB, "provider_failed", "9,900,000,000,000"):
        assert text in lines[1]
    assert ("submitted" in seen.err) == ("submitted" not in lines[0])


def test_in_a_pipe_everything_is_there(capsys):
    output = Output()
    output.table(COLUMNS, [ROW], lesser=["submitted", "purpose"], long="purpose")
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split("  ")[-1] == ROW[-1]


def test_an_empty_table_says_so(terminal, capsys):
    assert terminal(80, capsys).out == "none\n"


def test_a_text_from_elsewhere_does_not_steer_the_terminal(terminal, capsys):
    assert "\x1b" not in terminal(200, capsys, [*ROW[:-1], "\x1b[2Jgone"]).out


@given(st.text(max_size=30), st.integers(1, 30))
def test_a_cut_text_fits(text, width):
    short = cut(text, width)
    assert cell_width(short) <= max(width, 1)
    assert short == text or short.endswith("…")


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(10, 200), st.data())
def test_what_matters_is_shown_whole(widths, room, data):
    columns = [f"c{place}" for place in range(len(widths))]
    lesser = data.draw(st.lists(st.sampled_from(columns), unique=True, max_size=len(columns) - 1))
    shown = fit(columns, widths, room, lesser, long=data.draw(st.sampled_from(["", *lesser])))
    kept = [place for place, column in enumerate(columns) if column not in lesser]
    assert all(shown[place] == widths[place] for place in kept)
    total = sum(shown.values()) + GAP * (len(shown) - 1)
    assert total <= room or sorted(shown) == kept
