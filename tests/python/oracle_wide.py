"""Partnerships of four councils over two years, drawn from seeds, each worked out by the oracle.

  oracle_wide.py TRUECOST FOLDER [FIRST [COUNT]]     seeds FIRST and on

What oracle_paid draws, and beside it: one council that leaves and one that joins in mid-year, the shared service itself as an organisation with ledger,
posts and pay, two companies, agreements whose terms change, a former partner that buys, pools of named account groups, three methods one after the other,
drivers that are fed otherwise from a month on, charges over the end of the year, commitments, projects, accounts that change in mid-month, pay of a council
on payments. Every other one has each month of a year: the year is closed as far as it goes, other files come for it, and it is opened again.
"""

import subprocess
import sys
from pathlib import Path

import oracle
import oracle_schemes
from oracle_orders import pounds
from oracle_paid import Paid
from oracle_schemes import BY, POLICIES
from oracle_transcripts import Replay

GROUPS = ("premises", "employees", "income", "supplies_and_services")
BY_HAND = "drawn,a_clerk,chief_accountant"
PARTIES = ("hill", "vale", "dale", "moor", "mill_school", "mere_academy", "town_shop", "care_co", "nobody")


def months(is_full):
    """The periods that are drawn; those of the second year are -1 and -2."""
    year = {number: (2018 + (number > 9), (number + 2) % 12 + 1) for number in range(1, 13)}
    oracle_schemes.MONTHS.clear()
    oracle_schemes.MONTHS.update(year if is_full else {number: year[number] for number in (1, 2, 6, 7, 11, 12)})
    oracle_schemes.MONTHS.update({-1: (2019, 4), -2: (2019, 5)})


class Wide(Paid):
    def __init__(self, seed):
        self.is_full = seed % 2 == 1
        months(self.is_full)
        super().__init__(seed)

    def rows(self, table):
        """Head and rows of a reference table."""
        head, *rows = self.text[f"pipelines/reference/{table}.csv"].splitlines()
        return head, [row.split(",") for row in rows]

    def put(self, table, head, rows, key):
        rows = sorted((",".join(row) for row in rows), key=lambda row: key(row.split(",")))
        self.text[f"pipelines/reference/{table}.csv"] = "".join(f"{row}\n" for row in [head, *rows])

    def partnership(self):
        draw, name = self.draw, "pipelines/partnership.yaml"
        self.spans["dale"] = self.third = draw.choice((("2018-04-01", "2018-10-01"), ("2018-04-01", "2019-03-01"), ("2018-04-01", "2019-04-01"), ("2018-04-01", "")))
        self.spans["moor"] = draw.choice((("2018-09-01", ""), ("2018-10-01", ""), ("2019-04-01", ""), ("2018-05-01", "2019-05-01")))
        super().partnership()
        text = self.text[name].replace("companies:\n", "companies:\n  care_co: {name: Care Co}\n")
        text = text.replace("window: 1", f"window: {draw.choice((0, 1, 2))}").replace("small_group: 1", f"small_group: {draw.choice((1, 5))}")
        self.has_shared = draw.random() < 0.6
        if self.has_shared:
            text = text.replace("companies:\n", "  shared: {name: Shared service, cost_basis: [{from: 2018-04-01, basis: ledger}]}\ncompanies:\n")
            text += "  shared: {pseudonym: \"${file:keys/shared.pseudonym}\", sealing: \"${file:keys/shared.sealing}\"}\n"
            self.text["keys/shared.pseudonym"], self.text["keys/shared.sealing"] = "a" * 64 + "\n", "b" * 64 + "\n"
            self.spans["shared"] = ("2018-04-01", "")
            # It hosts every service, and is no partner of any.
            self.member |= {("shared", service): ("2018-04-01", "") for service in self.services}
        self.text[name] = text
        self.methods = [draw.choice(("direct", "step", "reciprocal")) for _ in range(3)]
        standing = (f"{{from: {start}, method: {method}}}" for start, method in zip(("2018-04-01", "2018-09-01", "2019-04-01"), self.methods))
        self.allocation = f"allocation: [{', '.join(standing)}]"

    def accounts_and_rules(self):
        super().accounts_and_rules()
        self.accounts()
        self.rules()
        self.agreements()

    def accounts(self):
        draw, found = self.draw, []
        head, rows = self.rows("account")
        for row in rows:
            if row[1] == "3000" and draw.random() < 0.5:
                row[1] = draw.choice(("3*", "3000..3999", "30*"))
            found.append(row)
            if row[1] in ("1010", "4000", "3000", "6000") and draw.random() < (0.4 if row[1] != "6000" else 0.1):
                later, cut = list(row), draw.choice(("2018-09-15", "2018-05-02", "2019-03-31"))
                row[9] = later[8] = cut
                at, value = {"1010": (6, "false"), "4000": (2, draw.choice(("depreciation_and_impairment", "third_party_payments"))), "6000": (7, "false"),
                             "3000": (5, "true")}[row[1]]
                later[at] = value
                found.append(later)
        self.put("account", head, found, lambda row: (row[0].encode(), row[1].encode(), row[8]))

    def rules(self):
        draw, found = self.draw, []
        head, rows = self.rows("ownership_rule")
        for row in rows:
            if row[9] == "company" and not row[11]:
                row[11] = draw.choice(("town_shop", "care_co"))
            found.append(row)
            if row[9] == "shared" and row[4] and draw.random() < 0.25:
                # Of an account on a shared cost centre.
                own = [f"{row[0]}_account", *row[1:6], draw.choice(("5000", "50*", "3000")), *row[7:]]
                own[9], own[11] = draw.choice((("external", "mere_academy"), ("company", "care_co"), ("bespoke", "vale"), ("managed", "")))
                found.append(own)
        for council in self.spans:
            used = draw.choice((("managed", draw.choice(self.services), ""), ("external", draw.choice(self.services), "mill_school"), ("retained", "none", ""),
                                ("bespoke", draw.choice(self.services), "hill")))
            span = draw.choice((("2018-04-01", ""), ("2018-05-10", ""), ("2018-04-01", "2018-10-12")))
            found.append([f"{council}_project", council, "", draw.choice(("P1", "P*", "P1..P3")), "", "", "", *span, *used, *BY_HAND.split(",")])
        self.put("ownership_rule", head, found, lambda row: row[0].encode())

    def agreements(self):
        draw = self.draw
        _, rows = self.rows("agreement")
        rows = [",".join(row) for row in rows]
        for service in self.services:
            first, then = draw.choice((("price,10.00,month", "full_cost,,"), ("full_cost,,", "price,5.00,hour")))
            start, end = draw.choice((("2018-04-01", ""), ("2018-09-01", ""), ("2018-04-01", "2018-10-01")))
            if draw.random() < 0.7:
                rows.append(f"care_{service},care_co,{service},s93,{first},{start},{end},{BY_HAND}")
                rows += [f"care_{service}_later,care_co,{service},s93,{then},{end},,{BY_HAND}"] if end and draw.random() < 0.7 else []
            # A council that has left buys.
            left = self.member.get(("dale", service), ("", ""))[1]
            if left and draw.random() < 0.6:
                name = "pipelines/partnership.yaml"
                customer = f"- {{organisation: dale, service: {service}, role: customer, from: {left}}}"
                self.text[name] = self.text[name].replace("\nsuspense", f"\n{customer}\nsuspense", 1)
                rows.append(f"dale_{service},dale,{service},s1,{draw.choice(('price,10.00,month', 'full_cost,,'))},{left},,{BY_HAND}")
        self.table("agreement", "agreement,customer,service,legal_basis,terms,price,price_unit", rows)

    def scheme(self):
        draw = self.draw
        hosted = {key: self.member.pop(key) for key in list(self.member) if key[0] == "shared"}
        super().scheme()
        self.member |= hosted
        steps, free = {pool.split(",")[1]: pool.split(",")[4] for pool in self.pools}, iter(range(40, 60))
        there = {tuple(pool.split(",")[1:3]) for pool in self.pools}
        for service in self.services:
            for group in GROUPS:
                if draw.random() < 0.25 and (service, group) not in there:
                    step = steps.setdefault(service, str(next(free)))
                    driver = draw.choice(("devices", "minutes", "pages", "of_headcount", "of_payslips", "of_cost_centres", ""))
                    span = draw.choice(("2018-04-01,", "2018-04-01,", "2018-09-01,", "2018-04-01,2019-04-01"))
                    self.pools.append(f"{service}_{group[:4]},{service},{group},{driver},{step},{draw.choice(POLICIES)},{span},{BY_HAND}")
        if self.is_full:
            # A year that is closed has every month.
            self.pools = [pool.replace(",refuse,", ",spread_evenly,") for pool in self.pools]
        self.table("pool", "pool,service,account_group,driver,step,zero_volume", self.pools)
        self.drivers()

    def drivers(self):
        draw, found = self.draw, []
        head, rows = self.rows("driver")
        for row in rows:
            found.append(row)
            if draw.random() < 0.3:
                later, cut = list(row), draw.choice(("2018-09-01", "2019-04-01", "2018-10-01"))
                row[8] = later[7] = cut
                fed = {"pages": ("hill/use", ""), "devices": ("*/device", "hill/device", "")}
                later[5], later[6] = draw.choice(fed.get(row[0], (row[5],))), draw.choice(("0", "1", "12"))
                found.append(later)
        self.put("driver", head, found, lambda row: (row[0].encode(), row[7]))

    def feeds(self):
        super().feeds()
        for name in [name for name in self.text if name.endswith("general_ledger.sql")]:
            of_line = "CASE WHEN line % 19 = 4 THEN 'commitment' WHEN line % 19 = 8 THEN 'budget' ELSE 'actual' END AS balance_type"
            project = "CASE WHEN line % 4 = 1 THEN 'P1' WHEN line % 4 = 2 THEN 'Q7' END AS project"
            self.text[name] = self.text[name].replace("'actual' AS balance_type", of_line).replace("reference\nFROM", f"reference, {project}\nFROM")

    def volumes(self):
        draw, head, parties = self.draw, "Driver,Client,Centre,Service,Volume", [*PARTIES, *(["shared"] if self.has_shared else [])]
        for year, month in oracle_schemes.MONTHS.values():
            for council in self.spans:
                if draw.random() < 0.6:
                    rows = [f"devices,,{centre},,{draw.randint(0, 40)}" for centre in self.centres[council]]
                    rows.append(f"devices,{draw.choice(parties)},{draw.choice(('', self.centres[council][2]))},,{draw.randint(0, 9)}")
                    self.text[f"drop/{council}/device/devices_{year}-{month:02}-{draw.choice((28, 15, 27))}.csv"] = "".join(f"{row}\n" for row in [head, *rows])
            rows = []
            for driver in [driver for driver in ("minutes", "pages") if draw.random() < 0.8]:
                rows += [f"{driver},{who},,,{draw.randint(0, 900)}" for who in draw.sample(parties, 5)]
                rows += [f"{driver},,,{service},{draw.randint(0, 300)}" for service in draw.sample(self.services, draw.randint(0, len(self.services)))]
                rows += [f"{driver},,{centre},,{draw.randint(0, 90)}" for centre in draw.sample(self.centres["hill"], 2)]
                rows += [f"{driver},shared,{draw.choice(self.centres['shared'])},,{draw.randint(0, 90)}"] if self.has_shared else []
            if rows:
                self.text[f"drop/hill/use/use_{year}_{month:02}.csv"] = "".join(f"{row}\n" for row in [head, *rows])

    def persons(self):
        # Payroll of a council on payments is resolved into nothing, and read.
        payments, self.payments = self.payments, ""
        super().persons()
        self.payments = payments

    def charges(self):
        """As there, and many more: up to three periods apart, the closing one and the end of the year between; one invoice under one number to several, in parts."""
        draw, booked = self.draw, super().charges()
        numbers = [*(number for number in oracle_schemes.MONTHS if number > 0), 13, -1, -2]
        for invoice in range(40):
            payer, payee = draw.sample(sorted(self.spans), 2)
            pence, reference, at = draw.randint(10_000, 500_000), f"N-{draw.choice((invoice, invoice // 2))}", draw.randrange(len(numbers))
            centre = draw.choice((2, 2, 3))
            for council, other, amount in ((payer, payee, pence), (payee, payer, -pence + draw.choice((0, 0, 0, 5, 6)))):
                number = numbers[min(at + draw.choice((0, 0, 1, 2, 3)), len(numbers) - 1)]
                part, written = draw.choice((0, 0, amount // 3)), draw.choice((reference, reference, reference.lower(), "" if draw.random() < 0.3 else reference))
                for piece in (amount - part, part):
                    at_centre = self.centres[council][centre if draw.random() < 0.95 else 0]
                    booked[council, number] += [(at_centre, f"{other.title()} Council", written, piece)] if piece else []
        return booked

    def ledgers(self):
        super().ledgers()
        for number in ("-1", "-2"):
            for name in [name for name in self.text if name.endswith(f"2018-P{number}.csv")]:
                self.text[name.replace(f"2018-P{number}", f"2019-P0{number[1]}")] = self.text.pop(name)

    def late(self, replay):
        """Other ledgers and volumes for months of the first year."""
        for name in self.draw.sample(sorted(name for name in self.text if "general_ledger/ledger_2018" in name), 3):
            _, _, day, centre, *_ = self.text[name].splitlines()[1].split(",")
            pence, end = self.draw.randint(1, 99_999), f"{name.split('/')[1][0].upper()}90"
            self.text[name] += f"LATE,1,{day},{centre},3000,{pounds(pence)},,\nLATE,2,{day},{end},9000,{pounds(-pence)},,\n"
            replay.write(name, self.text[name])
        for name in [name for name in sorted(self.text) if "/use/use_2018" in name][:1]:
            self.text[name] += "minutes,vale,,,77\n"
            replay.write(name, self.text[name])


def decide(replay, word, said=()):
    """Closes or opens the months of the first year; which went."""
    done = []
    for number in range(1, 14):
        words = [replay.truecost, "-C", str(replay.folder), "period", word, f"2018/P{number:02}", "--by", "chief", "--reason", "drawn", *said]
        if subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0:
            done.append(number)
    return done


def play(truecost, folder, seed):
    """Failures of one partnership, and the months of it that were closed."""
    drawn, replay = Wide(seed), Replay(truecost, folder)
    replay.partnership("two_councils")
    drawn.write(replay)
    failed, closed = 0, []
    for change in (None, drawn.correct):
        if change:
            change(replay)
        replay.truecost_of("run", may=(0, 1, 4))
        failed += oracle.main([str(folder), "--empty", *oracle.TABLES])
    if drawn.is_full:
        closed = decide(replay, "close", ("--anyway", "listed"))
        drawn.late(replay)
        replay.truecost_of("run", may=(0, 1, 4))
        decide(replay, "reopen")
        replay.truecost_of("run", may=(0, 1, 4))
        failed += oracle.main([str(folder), "--empty", *oracle.TABLES])
    return failed, closed


def main(truecost, folder, first="1", count="16"):
    passed = failed = 0
    for seed in range(int(first), int(first) + int(count)):
        try:
            wrong, closed = play(truecost, Path(folder) / str(seed), seed)
        except ValueError as why:
            print(f"FAIL seed {seed}: {why}")
            wrong, closed = 1, []
        print(f"{'FAIL' if wrong else 'ok  '} wide {seed}{f': {len(closed)} months closed and opened again' if closed else ''}", flush=True)
        passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
