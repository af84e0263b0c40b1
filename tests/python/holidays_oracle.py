"""England's bank holidays of pipelines/reference/bank_holiday.csv against those that the package `holidays` knows.

  holidays_oracle.py FILE    the same weekdays in every year from 2014 to 2030, special ones too
"""

import csv
import sys
from datetime import date, timedelta

import holidays

YEARS = range(2014, 2031)
# Proclaimed for one year alone: a table that a rule made would not have them.
SPECIAL = [date(2020, 5, 8), date(2022, 6, 2), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)]


def ours(path):
    with open(path, newline="") as text:
        return [date.fromisoformat(row["day"]) for row in csv.DictReader(text)]


def working_day(known, start, count):
    """The count-th working day after a day."""
    day = start
    while count:
        day += timedelta(1)
        count -= day.weekday() < 5 and day not in known
    return day


def main(path):
    days = ours(path)
    theirs = {day for day in holidays.country_holidays("GB", subdiv="ENG", years=YEARS) if day.weekday() < 5}
    tests = [("no day twice", len(days) == len(set(days)))]
    tests += [(f"{year}", {d for d in days if d.year == year} == {d for d in theirs if d.year == year}) for year in YEARS]
    tests += [(f"{day}", day in days) for day in SPECIAL]
    # Of every month end the fifth working day, by both.
    ends = [date(year, month, 1) - timedelta(1) for year in YEARS for month in range(2, 13)]
    tests += [(f"after {end}", working_day(set(days), end, 5) == working_day(theirs, end, 5)) for end in ends]
    failed = [name for name, passed in tests if not passed]
    for name in failed:
        print("differs:", name)
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
