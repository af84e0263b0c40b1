"""The method, read by a stranger: every number of it stands in the published table that is named beside it.

  oracle_method.py TRUECOST FOLDER [PERIOD…]   all periods that are allocated, if none is given

The tables named (`like_this`) since the last heading speak for the numbers below it: each has to stand in a row of one of them, of the
period where the row has one. A number that is in none of them is a fault, and so is a page with few numbers.
"""

import csv
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:/\d+)?")


def plain(text):
    """A number as it is compared: exact, whatever its grouping and its noughts."""
    return Fraction(text.replace(",", ""))


def told(value):
    """All numbers that a value of a table tells."""
    if value is None or isinstance(value, bool):
        return set()
    if isinstance(value, (int, Decimal)):
        return {Fraction(value), abs(Fraction(value))}
    text = str(value)
    return {plain(number) for number in NUMBER.findall(text)} | {abs(plain(number)) for number in NUMBER.findall(text)}


class Published:
    """The latest release, and the reference tables, as sets of numbers."""

    def __init__(self, folder):
        self.folder, self.latest, self._numbers, self._rows = folder, (folder / "published" / "latest").resolve(), {}, {}

    def has(self, table):
        return (self.latest / table).is_dir() or (self.folder / "pipelines" / "reference" / f"{table}.csv").exists()

    def numbers(self, table, year, period):
        key = table, year, period
        if key not in self._numbers:
            rows = [row for row in self.read(table) if row.get("delivery_year", year) == year and row.get("delivery_period", period) == period]
            # Parts of lines behind which few persons stand are told by how many there are.
            counts = Counter((row["council"], row["part_kind"]) for row in rows if row.get("part_kind"))
            self._numbers[key] = set().union(*(self.of(row) for row in rows), {Fraction(count) for count in counts.values()})
        return self._numbers[key]

    def read(self, table):
        if table not in self._rows:
            files = sorted((self.latest / table).glob("*.parquet"))
            self._rows[table] = [row for file in files for row in arrow.parquet.ParquetFile(file).read().to_pylist()] if files else self.reference(table)
        return self._rows[table]

    def reference(self, table):
        with (self.folder / "pipelines" / "reference" / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    @staticmethod
    def of(row):
        found = set().union(*(told(value) for value in row.values()))
        if row.get("denominator"):
            found.add(Fraction(int(row["numerator"]), int(row["denominator"])))
        return found


def words_of(line):
    """A line without the codes and names in which digits are no figures: `like this`, dates, files and their deliveries."""
    return re.sub(r"`[^`]*`", " ", line)


def blocks(text):
    """(paragraph or heading, [rows of the table below it]) in order."""
    found = [("", [])]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1][1].append(line)
        elif line.strip():
            found.append((line, []))
    return found


def read(text, published, year, period):
    """(numbers looked up, faults). Beside the tables named since the last heading, those of names and deliveries are looked into."""
    looked, faults, named = 0, [], []
    for paragraph, rows in blocks(text):
        if paragraph.startswith("#"):
            named = []
        named = [*named, *(word for line in (paragraph, *rows) for word in re.findall(r"`([a-z_]+)`", line) if published.has(word) and word not in named)]
        for line in [paragraph, *rows]:
            wanted = {abs(plain(number)) for number in figures(line)}
            looked += len(wanted)
            there = [published.numbers(table, year, period) for table in [*named, "delivery", "period"] if published.has(table)]
            missing = wanted - set().union(*there)
            if missing:
                faults.append(f"{', '.join(map(str, sorted(missing)))} in: {line[:160]}")
    return looked, faults


def figures(line):
    """The numbers of a line that are figures: not those inside a code, a name of a file or a date, which are looked up as they stand."""
    line = re.sub(r"\b[0-9a-f]{16}\b", " ", words_of(line))
    line = re.sub(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{4}/P\d{2}\b|\S+\.(?:csv|DAT|txt)\b", " ", line)
    return [number for number in NUMBER.findall(line) if re.search(rf"(?<![A-Za-z_0-9.-]){re.escape(number.lstrip('-'))}(?![A-Za-z_0-9])", line)]


def main(truecost, folder, *periods):
    published = Published(Path(folder))
    if not periods:
        periods = sorted({f"{row['delivery_year']}/P{row['delivery_period']:02}" for row in published.read("allocated_cost")})
    passed = failed = 0
    for name in periods:
        done = subprocess.run([truecost, "-C", folder, "method", "--period", name], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        year, period = int(name[:4]), int(name[-2:])
        looked, faults = read(done.stdout, published, year, period)
        bad = bool(faults) or done.returncode != 0 or looked < 60
        print(f"{'FAIL' if bad else 'ok  '} method of {name}: {looked:,} numbers looked up, {len(faults)} lines hold one that is nowhere")
        for fault in faults[:12]:
            print("      ", fault)
        passed, failed = passed + (not bad), failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
