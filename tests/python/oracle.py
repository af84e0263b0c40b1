"""An independent oracle: works a partnership's published figures out again, in exact fractions, from its lake and its reference rows alone.

  oracle.py FOLDER [--expected FOLDER] [--empty TABLE…]

FOLDER is a partnership that has run. Every table of issue 7, § 11 is compared row by row and column by column with the latest release, and
with --expected also with the tables of that folder (CSV). A table without a row to compare is a fault unless it is named after --empty.
The oracle is written from the text that says what the figures mean and shares no code with truecost.
"""

import argparse
import csv
import sys
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet

from oracle_allocate import UNALLOCATED, Allocation, Blocked, Volumes, rounded
from oracle_books import Books
from oracle_pay import Pay, lines_of, text
from oracle_settle import Recharges, Settled, blankets, bridge, full_cost

# Of each table the columns that tell its rows apart (beside year and period), the pounds, and what else is compared.
TABLES = {
    "payroll_difference": ("council cost_centre account", "ledger_amount pay_amount difference absolute_difference", "reason"),
    "on_cost": ("council ownership service bearer", "gross_pay basic_pay on_cost employer_ni employer_pension levy recomputed_ni recomputed_pension",
                "source persons not_recomputed"),
    "volume": ("driver to_service to_ownership to_bearer", "", "volume carried"),
    "unplaced_volume": ("driver service council cost_centre reason", "", "volume"),
    "driver_register": ("service partner", "", "agreed_weight agreed_total driver volume volume_total driver_minus_agreed tolerance used weight_in_force"
                        " total_in_force"),
    "allocation_share": ("pool_set service final_service final_ownership bearer", "", "numerator denominator"),
    "allocated_cost": ("service ownership account_group on_cost council fund final_service final_ownership bearer", "amount", "placement"),
    "service_gross": ("pool_set service", "direct received gross", "gross_exact"),
    "method_comparison": ("final_service final_ownership bearer", "direct step step_reversed reciprocal", "in_force"),
    "full_cost": ("final_service final_ownership bearer", "pay on_cost other income overhead amount", "missing"),
    "blanket_comparison": ("blanket kind unit", "base blanket_amount level_amount true_amount rate_effect distribution_effect", ""),
    "recharge_pair": ("service payer payee reference", "paid received eliminated difference", ""),
    "unmatched_recharge": ("council side other reference age_periods booked_period", "amount", "reason"),
    "trading_result": ("service customer", "income direct own_service overhead surplus", "agreement legal_basis"),
    "trading_share": ("service customer partner", "amount", ""),
    "settlement": ("kind service organisation", "incurred to_bear recharged balance", ""),
    "settlement_pair": ("kind service debtor creditor", "amount", ""),
    "payment_to_make": ("payer payee", "amount", ""),
    "cost_bridge": ("council item", "amount", ""),
    # Not of § 11, but what all of it stands on.
    "cost_line": ("council feed delivery_id source_row line_part", "amount", "ownership service bearer part_kind account_group fund is_cost on_cost recharge"),
}
SHOWN = 12


class Worked:
    """What the oracle says: table → key → values."""

    def __init__(self):
        self.tables = {table: {} for table in TABLES}
        # Why a period cannot be made, by (year, period): it is in no table.
        self.blocked = {}
        # Closing periods of years in which a month stands as it was: whether its volumes count is not worked out.
        self.left_out = set()

    def add(self, table, period, **values):
        keys, pounds, others = (words.split() for words in TABLES[table])
        key = (period.year, period.number, *(plain(values[name]) for name in keys))
        if key in self.tables[table]:
            raise ValueError(f"{table}: two rows {key}")
        self.tables[table][key] = {name: plain(values[name], money=name in pounds) for name in (*pounds, *others)}


def plain(value, money=False):
    """As both sides are compared: pounds and quantities as fractions, text as it is, nothing as nothing."""
    if value is None or value == "":
        return None if money else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if money:
        return Fraction(value, 100) if isinstance(value, int) else Fraction(str(value))
    if isinstance(value, (int, Decimal, Fraction)):
        return str(Fraction(value))
    return str(value)


def work_out(books, stated):
    worked, recharges, years = Worked(), Recharges(books), {}
    for period in books.periods():
        lines = lines_of(books, period)
        pay = Pay(books, period, lines)
        try:
            allocation = Allocation(books, period, pay.parts, years.get(period.year, ()))
        except Blocked as why:
            worked.blocked[period.key] = str(why)
            # Where it stands as it was, so do its charges and volumes; else nobody has seen them.
            if period.key in stated:
                years.setdefault(period.year, []).append(Volumes(books, period, years.get(period.year, ())))
                recharges.period(period, pay.parts)
            continue
        if period.closes and any(key[0] == period.year and key in stated for key in worked.blocked):
            worked.left_out.add(period.key)
            recharges.period(period, pay.parts)
            continue
        years.setdefault(period.year, []).append(allocation.volumes)
        recharges.period(period, pay.parts)
        pairs = recharges.pairs[period.key]
        tell_pay(worked, period, pay)
        tell_allocation(worked, period, allocation)
        tell_settled(worked, period, Settled(books, period, allocation, pairs), recharges)
        for row in blankets(books, period, allocation, pay.on_cost):
            worked.add("blanket_comparison", period, **row)
        for council, items in bridge(pay.parts, allocation, pairs, recharges.left[period.key]).items():
            if items["total"] != sum(amount for name, amount in items.items() if name != "total"):
                raise ValueError(f"{council}: the oracle's own bridge does not foot: {items}")
            for item, amount in items.items():
                worked.add("cost_bridge", period, council=council, item=item, amount=amount)
    return worked


def tell_pay(worked, period, pay):
    for line in pay.parts:
        row, cls = line["row"], line["class"]
        worked.add("cost_line", period, council=line["council"], feed=row["feed"], delivery_id=row["delivery_id"], source_row=row["source_row"],
                   line_part=line["part"], amount=line["amount"], ownership=cls[0], service=cls[1], bearer=cls[2], part_kind=line["kind"],
                   account_group=line["group"], fund=line["fund"], is_cost=line["is_cost"], on_cost=line["on_cost"], recharge=line["recharge"])
    for (council, centre, account), (ledger, paid, difference, absolute, reason, _) in pay.differences:
        worked.add("payroll_difference", period, council=council, cost_centre=centre, account=account, ledger_amount=ledger, pay_amount=paid,
                   difference=difference, absolute_difference=absolute, reason=reason)
    for row in pay.on_cost:
        ownership, service, bearer = row["class"]
        worked.add("on_cost", period, **{**row, "ownership": ownership, "service": service, "bearer": bearer})


def tell_allocation(worked, period, allocation):
    volumes = allocation.volumes
    for key, volume in volumes.volume.items():
        worked.add("volume", period, **dict(zip(("driver", "to_service", "to_ownership", "to_bearer"), key)), volume=volume, carried=key in volumes.marked)
    for key, volume in volumes.unplaced.items():
        worked.add("unplaced_volume", period, **dict(zip(("driver", "service", "council", "cost_centre", "reason"), key)), volume=volume)
    for row in allocation.shares.register:
        worked.add("driver_register", period, **row)
    gross = allocation.gross()
    for (pool_set, service), (direct, exact) in gross.items():
        matrix = allocation.matrices["" if pool_set == "all" else pool_set, allocation.method]
        pounds = exact / 100
        three = dict(zip(("direct", "received", "gross"), rounded(direct, exact)))
        worked.add("service_gross", period, pool_set=pool_set, service=service, **three, gross_exact=f"{pounds.numerator}/{pounds.denominator}")
        for final, part in matrix.rows[service].items():
            if part:
                worked.add("allocation_share", period, pool_set=pool_set, service=service, final_service=final[0], final_ownership=final[1],
                           bearer=UNALLOCATED if final[2] == "refused" else final[2], numerator=str(part.numerator), denominator=str(part.denominator))
    sums = {}
    for cell, final, placement, amount in allocation.allocated:
        key = dict(zip(("service", "ownership", "account_group", "on_cost", "council", "fund"), cell))
        worked.add("allocated_cost", period, **key, final_service=final[0], final_ownership=final[1], bearer=final[2], placement=placement, amount=amount)
    none = {method: None if rows is None else 0 for method, rows in allocation.compared.items()}
    for method, rows in allocation.compared.items():
        for _, final, _, amount in rows or ():
            sums.setdefault(final, {**none})[method] += amount
    for (service, ownership, bearer), row in sums.items():
        worked.add("method_comparison", period, final_service=service, final_ownership=ownership, bearer=bearer, **row, in_force=allocation.method)
    for (service, ownership, bearer), row in full_cost(allocation).items():
        missing = " ".join(sorted({"depreciation", "on_cost", "overhead", "premises"} - row.pop("has")))
        worked.add("full_cost", period, final_service=service, final_ownership=ownership, bearer=bearer, **row, amount=sum(row.values()), missing=missing)


def tell_settled(worked, period, settled, recharges):
    for row in settled.pairs:
        worked.add("recharge_pair", period, **row)
    for row in recharges.unmatched[period.key]:
        worked.add("unmatched_recharge", period, council=row["council"], side="payer" if row["amount"] > 0 else "payee", other=row["other"],
                   reference=row["reference"], age_periods=row["age"], booked_period=row["key"][1], amount=row["amount"], reason=row["reason"])
    for row in settled.results:
        worked.add("trading_result", period, **row)
    for row in settled.shares:
        worked.add("trading_share", period, **row)
    for (kind, service, organisation), row in settled.settlement.items():
        if kind == "trading" or any(row):
            worked.add("settlement", period, kind=kind, service=service, organisation=organisation, incurred=row[0], to_bear=row[1], recharged=row[2],
                       balance=settled.balance(row))
    for (kind, service, debtor, creditor), amount in settled.pair.items():
        if amount:
            worked.add("settlement_pair", period, kind=kind, service=service, debtor=debtor, creditor=creditor, amount=amount)
    for payer, payee, amount in settled.payments:
        worked.add("payment_to_make", period, payer=payer, payee=payee, amount=amount)


# ── Comparing ───────────────────────────────────────────────────────────────────────────────────


def states(folder):
    """(year, period) → state, as the latest release says."""
    rows = (row for file in (folder / "latest").resolve().glob("period/*.parquet") for row in arrow.parquet.ParquetFile(file).read().to_pylist())
    return {(row["fiscal_year"], row["period"]): row["state"] for row in rows}


def blocked(worked, periods, stated):
    """Prints one line: a period that cannot be made is not there, or stands as it was; how many are otherwise."""
    faults = []
    # With every period blocked there is no other release: the last one stands, and says what it said.
    for period in periods if len(worked.blocked) < len(periods) else []:
        state, why = stated.get(period.key), worked.blocked.get(period.key)
        if (state is None) > (why is not None) or (state == "blocked, last good") != (why is not None and state is not None):
            faults.append(f"{period.year}/P{period.number:02}: {state or 'not published'}, and the oracle says {why or 'that it can be made'}")
    reasons = ", ".join(sorted(set(worked.blocked.values()))[:3])
    print(f"{'FAIL' if faults else 'ok  '} periods              {len(periods):7,} of them  {len(worked.blocked)} blocked{': ' if reasons else ''}{reasons}"
          f"{', closing period not compared' if worked.left_out else ''}")
    for fault in faults[:SHOWN]:
        print("      ", fault)
    return len(faults)


def published(folder, table, left_out):
    """Key → values, as the latest release has them; periods that stand as they were are `left_out`."""
    keys, pounds, others = (words.split() for words in TABLES[table])
    found = {}
    for file in sorted((folder / "latest").resolve().glob(f"{table}/*.parquet")):
        for row in arrow.parquet.ParquetFile(file).read().to_pylist():
            key = (row["delivery_year"], row["delivery_period"], *(plain(row[name]) for name in keys))
            if key[:2] in left_out:
                continue
            if key in found:
                raise ValueError(f"{table}: the release has two rows {key}")
            found[key] = {name: plain(row[name], money=name in pounds) for name in (*pounds, *others)}
    return found


def expected(folder, table, worked):
    """The same of a folder of CSV, in whose columns alone it is compared; None where it has no such table."""
    path = folder / f"{table}.csv"
    if not path.exists():
        return None
    keys, pounds, others = (words.split() for words in TABLES[table])
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    there = rows[0].keys() if rows else keys
    at = [number for number, name in enumerate(keys) if name in there]
    names = [name for name in (*pounds, *others) if name in there]
    theirs = {tuple(plain(row[keys[number]]) for number in at): {name: told(row[name], name, pounds) for name in names} for row in rows}
    ours = {tuple(key[2 + number] for number in at): {name: told(values[name], name, pounds) for name in names} for key, values in worked.items()}
    return ours, theirs


def told(value, name, pounds):
    value = plain(value, money=name in pounds)
    if name == "tolerance" and value:
        return str(Fraction(value))
    return value


def compare(table, ours, theirs):
    """Prints one line, and the first of what differs; how many rows do."""
    faults = []
    for key in sorted(set(ours) | set(theirs), key=str):
        mine, other = ours.get(key), theirs.get(key)
        if mine != other:
            if mine is None or other is None:
                faults.append(f"{key}: only {'the oracle' if other is None else 'the release'} has it: {told_row(mine or other)}")
            else:
                apart = ", ".join(f"{name} {told_row({name: mine[name]})} and not {told_row({name: other[name]})}" for name in mine if mine[name] != other[name])
                faults.append(f"{key}: {apart}")
    pounds = TABLES[table][1].split()
    sums = ", ".join(f"{name} {float_free(sum((row[name] or 0 for row in ours.values() if name in row), Fraction(0)))}" for name in pounds)
    print(f"{'FAIL' if faults else 'ok  '} {table:20} {len(ours):7,} rows  {len(faults)} differ  {sums}")
    for fault in faults[:SHOWN]:
        print("      ", fault)
    if len(faults) > SHOWN:
        print(f"       and {len(faults) - SHOWN} more")
    return len(faults)


def float_free(value):
    """Pounds to the penny, as text."""
    size = abs(int(value * 100))
    return f"{'-' if value < 0 else ''}{size // 100:,}.{size % 100:02}"


def told_row(row):
    return " ".join(f"{name}={float_free(value) if isinstance(value, Fraction) else value or 'nothing'}" for name, value in row.items())


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expected", type=Path)
    parser.add_argument("--empty", nargs="*", default=[])
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    books = Books(asked.folder)
    periods = books.periods()
    place = asked.folder / str(books.yaml["published"])
    stated = states(place)
    worked = work_out(books, stated)
    names = ", ".join(f"{period.year}/P{period.number:02}" for period in (periods[:1] + periods[-1:])[: len(periods)])
    counted = ", ".join(f"{len(rows):,} of {table}" for table, rows in books.lake.items())
    print(f"worked out {len(periods)} periods ({names}) from {counted} in {time.monotonic() - start:.1f} s")
    failed = int(blocked(worked, periods, stated) > 0)
    passed = 1 - failed
    for table in TABLES:
        ours = worked.tables[table]
        differ = compare(table, ours, published(place, table, {*worked.blocked, *worked.left_out}))
        if not ours and table not in asked.empty:
            print(f"FAIL {table}: there is nothing to compare")
            differ += 1
        passed, failed = passed + (not differ), failed + bool(differ)
        both = expected(asked.expected, table, worked.tables[table]) if asked.expected else None
        if both:
            differ = compare(table, *both)
            passed, failed = passed + (not differ), failed + bool(differ)
    rows, sums = sum(len(rows) for rows in worked.tables.values()), Fraction(0)
    for table, (_, pounds, _) in TABLES.items():
        sums += sum((abs(row[name] or 0) for row in worked.tables[table].values() for name in pounds.split()), Fraction(0))
    print(f"oracle: {len(TABLES)} tables of {len(periods)} periods, {rows:,} rows, £{float_free(sums)} without regard to sign, {failed} of {passed + failed} differ")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
