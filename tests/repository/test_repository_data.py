"""The converted data sets are what their sources say (scripts/fetch_data.py)."""

import csv
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".data"
HOMES = DATA / "packages" / "citylearn" / "data" / "citylearn_challenge_2022_phase_all"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def fetched():
    subprocess.run([sys.executable, str(ROOT / "scripts" / "fetch_data.py")], check=True)


def test_homes_hold_each_building_with_its_own_solar_panels():
    file = pq.ParquetFile(DATA / "homes.parquet")
    assert (file.metadata.num_rows, file.num_row_groups) == (148_920, 17)
    buildings = json.loads((HOMES / "schema.json").read_text())["buildings"]
    for home in (1, 4, 17):
        with (HOMES / f"Building_{home}.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        panels_kw = buildings[f"Building_{home}"]["pv"]["attributes"]["nominal_power"]
        table = file.read_row_group(home - 1)
        assert set(table["home"].to_pylist()) == {home}
        assert table["kwh"].to_pylist() == [float(row["Equipment Electric Power [kWh]"]) for row in rows]
        solar = [float(row["Solar Generation [W/kW]"]) * panels_kw / 1000 for row in rows]
        assert table["solar_kwh"].to_pylist() == pytest.approx(solar)


def test_the_hours_given_to_homes_fit_month_hour_and_weekday_of_the_source():
    moments = pq.ParquetFile(DATA / "homes.parquet").read_row_group(0)["at"].to_pylist()
    with (HOMES / "Building_1.csv").open() as stream:
        for at, row in zip(moments, csv.DictReader(stream), strict=True):
            assert at.hour + 1 == int(float(row["Hour"]))
            assert at.month == int(float(row["Month"]))
            weekday = int(float(row["Day Type"]))
            assert weekday in {at.isoweekday(), 8}, "8 is a holiday"


def test_minutes_are_complete_and_missing_measurements_are_null():
    table = pq.read_table(DATA / "minutes.parquet")
    assert table.num_rows == 2_075_259
    assert table["at"].null_count == 0
    assert table["at"][0].as_py() == datetime(2006, 12, 16, 17, 24)
    assert {table[name].null_count for name in table.column_names[1:]} == {25_979}
    assert table["voltage"][0].as_py() == 234.84


def test_retail_keeps_returns_and_unknown_customers():
    table = pq.read_table(DATA / "retail.parquet")
    assert table.num_rows == 1_067_371
    assert table["customer"].null_count == 243_007
    assert len(pc.unique(table["country"])) == 43
    assert pc.min(table["quantity"]).as_py() < 0
    with (DATA / "descriptions.txt").open(encoding="utf-8") as stream:
        assert sum(1 for _ in stream) == table.num_rows - table["description"].null_count


def test_fetching_again_leaves_everything_alone():
    before = {path: path.stat().st_mtime_ns for path in DATA.glob("*.*")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "fetch_data.py")], check=True, capture_output=True, text=True
    )
    assert done.stdout == ""
    assert {path: path.stat().st_mtime_ns for path in DATA.glob("*.*")} == before


def test_an_unknown_data_set_is_named():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "fetch_data.py"), "flights"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no data set flights" in done.stderr
