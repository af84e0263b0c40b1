"""Small partnerships with payrolls of every kind, drawn from seeds, each worked out by the oracle.

  oracle_paid.py TRUECOST FOLDER [FIRST [COUNT]]     seeds FIRST and on

What oracle_schemes draws, and beside it: councils that take part in some services only and leave or join one by one, rules that change in mid-month, pay of
persons with several posts, splits (faulty ones among them), letters, funds and pay bases, elements and rates that change, pay that the ledger lacks or has
otherwise, small groups, blankets, drivers worked out from posts and pay. Then pay is corrected and a register comes late, and it is worked out again.
"""

import collections
import random
import re
import sys
from pathlib import Path

import oracle
from oracle_orders import pounds
from oracle_schemes import BY, LEDGER, MONTHS, SERVICES, VOLUME_YAML, Drawn
from oracle_transcripts import Replay

HEAD = LEDGER[: LEDGER.index("  - {{name: document")].replace("general_ledger", "{feed}")
TEXT = "  - {{name: {name}, physicalName: {name}, physicalType: VARCHAR}}\n"
KEY = ("  - {{name: {name}, physicalName: {name}, physicalType: VARCHAR, customProperties: [{{property: truecost, vendor: truecost, "
       "value: {{personal: {{kind: id, treat: pseudonym, as: {name}}}}}}}]}}\n")
DATE = ("  - {{name: {name}, physicalName: {name}, physicalType: DATE, customProperties: [{{property: truecost, vendor: truecost, "
        "value: {{formats: [yyyy-mm-dd]}}}}]}}\n")
WHOLE = "  - {{name: {name}, physicalName: {name}, physicalType: BIGINT}}\n"
MONEY = "  - {{name: {name}, physicalName: {name}, physicalType: \"DECIMAL(18,2)\", required: true}}\n"
PAY_COLUMNS = {"person": KEY, "assignment": KEY, "pay_date": DATE, "basis": TEXT, "element": TEXT, "amount": MONEY, "centre": TEXT, "account": TEXT}
POST_COLUMNS = {"person": KEY, "assignment": KEY, "begins": DATE, "ends": DATE, "letter": TEXT, "method": TEXT, "fund": TEXT, "centre": TEXT, "split": WHOLE,
                "weight": WHOLE, "ownership": TEXT, "service": TEXT, "bearer": TEXT}
PAY_SQL = """SELECT person, assignment, pay_date, basis AS pay_basis, element, amount, centre AS cost_centre, account FROM extract
"""
POST_SQL = """SELECT person, assignment, begins AS valid_from, ends AS valid_to, letter AS ni_letter, method AS ni_method, fund AS pension_fund,
  centre AS cost_centre, CAST(split AS INTEGER) AS split, weight, ownership, service, bearer FROM extract
"""
# Element → category, niable, pensionable; the last has no row.
ELEMENTS = {"BAS": ("basic", "true", "true"), "ALW": ("allowance", "true", "false"), "SSP": ("statutory", "true", "true"), "NIE": ("employer_ni", "false", "false"),
            "PEN": ("employer_pension", "false", "false"), "LEV": ("levy", "false", "false"), "RED": ("redundancy", "false", "false"),
            "STR": ("pension_strain", "false", "false"), "EXP": ("expenses", "false", "false"), "NET": ("net_pay", "false", "false"), "ODD": None}
ACCOUNT = {"NIE": "1010", "PEN": "1010", "LEV": "1010", "RED": "1030", "STR": "1030", "NET": "9000"}


def agree(shares):
    """A weight for somebody on every day on which the shares of a service would all be nought: such a scheme is refused."""
    for service, day in sorted({(row[0], day) for row in shares for day in row[6:] if day}):
        in_force = [row for row in shares if row[0] == service and row[6] <= day and (not row[7] or day < row[7])]
        if in_force and all(row[2] == 0 for row in in_force):
            in_force[0][2] = 3


class Paid(Drawn):
    def partnership(self):
        draw = self.draw
        super().partnership()
        self.member = {}
        for council, (start, end) in self.spans.items():
            for service in self.services:
                kind = draw.choice(("as", "as", "as", "late", "leaves", "never")) if council != "hill" else draw.choice(("as",) * 6 + ("leaves",))
                span = {"late": ("2018-09-01", end), "leaves": (start, "2018-10-01"), "never": None}.get(kind, (start, end))
                if span and (not span[1] or span[0] < span[1]):
                    self.member[council, service] = span
        rows = "".join(f"- {{organisation: {council}, service: {service}, role: partner, from: {start}{', to: ' + end if end else ''}}}\n"
                       for (council, service), (start, end) in sorted(self.member.items()))
        name = "pipelines/partnership.yaml"
        keys = "".join(f"  {council}: {{pseudonym: \"${{file:keys/{council}.pseudonym}}\", sealing: \"${{file:keys/{council}.sealing}}\"}}\n" for council in self.spans)
        text = re.sub(r"(?ms)^members:\n.*?^suspense", f"members:\n{rows}suspense", self.text[name])
        self.text[name] = text + f"small_group: {draw.choice((1, 1, 2, 3))}\npayroll_limit: {{pounds: 0.00, action: warn}}\nkeys:\n{keys}"
        for number, council in enumerate(self.spans, 1):
            self.text[f"keys/{council}.pseudonym"], self.text[f"keys/{council}.sealing"] = f"{number}" * 64 + "\n", f"{number + 4}" * 64 + "\n"

    def accounts_and_rules(self):
        draw = self.draw
        super().accounts_and_rules()
        name = "pipelines/reference/account.csv"
        rows = self.text[name].splitlines()
        rows[1:] = sorted([*rows[1:], *(f"{council},1030,non_distributed,expenditure,true,false,false,false,{BY}" for council in self.spans)])
        self.text[name] = "".join(f"{row}\n" for row in rows)
        name = "pipelines/reference/cost_centre.csv"
        self.text[name] = "".join(line.replace(",GF,", draw.choice((",GF,",) * 4 + (",HRA,",))) + "\n" for line in self.text[name].splitlines())
        # A shared cost centre is that while its council is a member of the service; one rule a council changes in mid-month.
        name, found = "pipelines/reference/ownership_rule.csv", []
        head, *rows = self.text[name].splitlines()
        change = {council: draw.choice(self.centres[council]) for council in self.spans}
        for row in rows:
            rule, council, feed, project, centre, department, account, _, _, ownership, service, bearer, *rest = row.split(",")
            span = ("2018-04-01", "")
            if ownership == "shared":
                span = self.member.get((council, service))
                if span is None:
                    continue
            spans = [(rule, span, ownership, service, bearer)]
            cut = draw.choice(("2018-05-14", "2018-10-01", "2018-09-20"))
            if change[council] in (centre, department) and span[0] < cut and (not span[1] or cut < span[1]):
                spans = [(rule, (span[0], cut), ownership, service, bearer), (f"{rule}_later", (cut, span[1]), "managed", draw.choice(self.services), "")]
            for name_of, (start, end), owned, used, who in spans:
                found.append(",".join((name_of, council, feed, project, centre, department, account, start, end, owned, used, who, *rest)))
        self.text[name] = "".join(f"{row}\n" for row in [head, *sorted(found, key=lambda row: row.split(",")[0].encode())])
        more = [f"mere_academy,Mere Academy,academy,{BY}", f"mill_school,Mill School,academy,{BY}"]
        self.table("customer", "customer,name,kind", more)
        ends = draw.choice(("", "2018-10-01"))
        rows = self.text["pipelines/reference/agreement.csv"].splitlines()[1:]
        rows += [f"mere_{service},mere_academy,{service},s2,{draw.choice(('price,10.00,month', 'full_cost,,'))},2018-04-01,{ends},drawn,a_clerk,chief_accountant"
                 for service in self.services if draw.random() < 0.7]
        self.table("agreement", "agreement,customer,service,legal_basis,terms,price,price_unit", rows)

    def scheme(self):
        draw = self.draw
        super().scheme()
        rows = self.text["pipelines/reference/driver.csv"].splitlines()[1:]
        for name in ("headcount", "payslips", "cost_centres"):
            rows.append(f"of_{name},Of {name},piece,{'flow' if name == 'payslips' else 'stock'},fixed,derived:{name},{draw.choice((0, 1, 12))},{BY}")
        self.table("driver", "driver,name,unit,measure,quality,fed_by,max_age", rows)
        drivers = ("devices", "minutes", "pages", "of_headcount", "of_payslips", "of_cost_centres")
        pools = []
        for pool in self.pools:
            name, service, group, driver, step, policy, *rest = pool.split(",")
            if draw.random() < 0.5:
                driver = draw.choice(drivers)
            if draw.random() < 0.25:
                # Another driver from a month on.
                pools.append(",".join((name, service, group, driver, step, policy, "2018-04-01", "2018-09-01", *rest[2:])))
                pools.append(",".join((name, service, group, draw.choice(drivers), step, policy, "2018-09-01", "", *rest[2:])))
            else:
                pools.append(",".join((name, service, group, driver, step, policy, *rest)))
        if draw.random() < 0.3:
            service = draw.choice(self.services)
            steps = [pool.split(",")[4] for pool in self.pools if pool.split(",")[1] == service]
            pools.append(f"{service}_ended,{service},non_distributed,{draw.choice((*drivers, ''))},{steps[0] if steps else 30},spread_evenly,{BY}")
        self.pools = pools
        self.table("pool", "pool,service,account_group,driver,step,zero_volume", self.pools)
        shares = []
        for service in self.services:
            if draw.random() < 0.15:
                continue
            held = draw.choice((*drivers, ""))
            agreed = not held or draw.random() < 0.8
            left_out = draw.choice(("", "", "", "dale"))
            for council in self.spans:
                if (council, service) not in self.member or council == left_out:
                    continue
                start, end = self.member[council, service]
                for first, last in (((start, "2018-09-01"), ("2018-09-01", end)) if start < "2018-09-01" and (not end or "2018-09-01" < end) else ((start, end),)):
                    weight = draw.choice((0, draw.randint(1, 60), draw.randint(1, 10**9))) if agreed else ""
                    shares.append([service, council, weight, held, draw.choice(('', '3.00', '2.50', '30.00', '0.00')), draw.choice(('true', 'false')), first, last])
        agree(shares)
        self.table("share", "service,partner,weight,driver,tolerance,exception", [f"{','.join(map(str, row))},drawn,a_clerk,chief_accountant" for row in shares])
        name = "pipelines/reference/share.csv"
        head, *rows = self.text[name].splitlines()
        rows.sort(key=lambda row: (row.split(",")[0], row.split(",")[1], row.split(",")[6]))
        self.text[name] = "".join(f"{row}\n" for row in [head, *rows])

    def feeds(self):
        super().feeds()
        draw = self.draw
        for council in self.spans:
            for feed, columns in (("payroll", PAY_COLUMNS), ("assignment", POST_COLUMNS)):
                self.text[f"schemas/sources/{council}/{feed}.odcs.yaml"] = (HEAD + "".join(kind.replace("{name}", name) for name, kind in columns.items())).format(
                    council=council, feed=feed)
            yaml = VOLUME_YAML.replace("driver_volume", "{into}")
            self.text[f"pipelines/{council}/payroll.yaml"] = yaml.format(contract=f"{council}/payroll", into="pay_line", files="pay_{year}-P{period}.csv",
                                                                          more="covers: {calendar: fiscal, extent: one}")
            self.text[f"pipelines/{council}/payroll.sql"] = PAY_SQL
            self.text[f"pipelines/{council}/assignment.yaml"] = yaml.format(contract=f"{council}/assignment", into="assignment", files="posts_{date}.csv",
                                                                             more="delivers: snapshot")
            self.text[f"pipelines/{council}/assignment.sql"] = POST_SQL
        self.table("pay_element", "council,element,category,niable,pensionable", [
            row for council in self.spans for element, kind in ELEMENTS.items() if kind
            for row in ([f"{council},{element},{','.join(kind)},2018-04-01,2018-09-15,drawn,a_clerk,chief_accountant",
                         f"{council},{element},{','.join((kind[0], 'true', kind[2]))},2018-09-15,,drawn,a_clerk,chief_accountant"] if element in ("ALW", "EXP") and council == "vale"
                        else [f"{council},{element},{','.join(kind)},2014-04-01,,drawn,a_clerk,chief_accountant"])])
        cards = []
        for letter, percent in (("A", "13.8"), ("C", "7.25"), ("H", "13.8")):
            cards += [f"employer_ni,{letter},,2018-04-06,2018-09-12,{percent},percent,an act", f"employer_ni,{letter},,2018-09-12,,15.05,percent,an act"]
            for basis, threshold in (("monthly", "702.00"), ("weekly", "162.00"), ("four_weekly", "648.00")):
                cards.append(f"employer_ni_threshold,{letter},{basis},2018-04-06,,{threshold},pounds,regulations")
        cards.append("employer_ni_upper_threshold,H,monthly,2018-04-06,,4189.00,pounds,regulations")
        cards += ["employer_pension,hill_fund,,2017-04-01,2018-09-10,17.0,percent,a certificate", "employer_pension,hill_fund,,2018-09-10,,17.35,percent,a certificate",
                  "employer_pension,vale_fund,,2017-04-01,2018-10-01,19.5,percent,a certificate"]
        self.table_of_rates(cards)
        blankets = []
        base = draw.choice(("gross_pay", "basic_pay"))
        blankets.append(f"on,on_cost,{base},all,{draw.choice(('30.0000', '27.55'))},,{BY}")
        if draw.random() < 0.4:
            # A rate of its own is held against what is true of its council alone.
            blankets = [f"on,on_cost,{base},{council},{rate},,{BY}" for council, rate in (("hill", "30.0"), ("vale", "22.125"))][: draw.choice((1, 1))]
        if draw.random() < 0.5:
            blankets.append(f"over,overhead,direct_cost,all,12.5,,{BY}")
        else:
            blankets += [f"over,overhead,weight,{who},,{draw.randint(0, 60) + 1},{BY}" for who in ("hill", "vale", "dale")[: draw.choice((2, 3))]]
        self.table("blanket", "blanket,kind,base,scope,percent,weight", blankets)
        self.table("payroll_journal", "rule_id,council,journal_source,document", [
            f"{council}_pay,{council},,{draw.choice(('PAY*', f'PAY{council[0]}01..PAY{council[0]}13'))},{BY}" for council in self.spans])

    def table_of_rates(self, cards):
        head = "rate,scope,basis,valid_from,valid_to,value,unit,legal_source,reason,author,approver"
        rows = sorted((f"{card},drawn,a_clerk,chief_accountant" for card in cards), key=lambda row: row.encode())
        self.text["pipelines/reference/rate_card.csv"] = "".join(f"{row}\n" for row in [head, *rows])

    # ── Persons, pay and what the ledger has of it ──────────────────────────────────────────────

    def ledgers(self):
        super().ledgers()
        self.persons()
        for council in self.paying:
            for number in (*MONTHS, 13):
                if self.draw.random() < (0.9 if number != 13 else 0.4):
                    self.pay(council, number)

    def persons(self):
        draw = self.draw
        # A council on published payments resolves no pay.
        self.paying = [council for council in self.spans if draw.random() < 0.8 and not (council == "dale" and self.payments)]
        self.posts = collections.defaultdict(list)
        for council in self.paying:
            for person in range(draw.randint(1, 6)):
                basis = draw.choice(("monthly",) * 4 + ("weekly", "four_weekly", ""))
                for post in range(draw.choice((1, 1, 1, 2))):
                    self.posts[council].append({
                        "person": f"{council[0]}{person}", "assignment": f"{council[0]}{person}-{post}", "basis": basis if draw.random() < 0.95 else "weekly",
                        "letter": draw.choice(("A", "A", "A", "C", "H", "", "Z")), "fund": draw.choice((f"{council}_fund",) * 4 + ("",)),
                        "method": draw.choice(("period",) * 6 + ("", "annual")), "centre": draw.choice(self.centres[council]), "splits": self.splits(council),
                        "known": draw.random() < 0.9})
            for number, (year, month) in MONTHS.items():
                if draw.random() < 0.5 or number == 1:
                    self.register(council, year, month, draw.choice((28, 28, 15)))

    def splits(self, council):
        """Rows of a post: (begins, ends, weight, ownership, service, bearer)."""
        draw, start = self.draw, "2015-04-01"
        mine = [service for (of, service), span in self.member.items() if of == council and span == ("2018-04-01", "")]
        classes = [("shared", service, "") for service in mine] + [("managed", draw.choice(self.services), ""), ("retained", "none", ""), ("external", draw.choice(self.services), "mill_school"),
                   ("bespoke", draw.choice(self.services), draw.choice(("hill", "vale")))]
        kind = draw.choice(("none", "none", "split", "split", "split", "nought", "spans", "cut", "class"))
        if kind == "none":
            return [(start, "", "", "", "", "")]
        chosen = draw.sample(classes, min(len(classes), draw.randint(1, 3)))
        rows = [(start, "", draw.choice((0, 1, 2, 3, 7)), *one) for one in chosen]
        rows[0] = (start, "", draw.randint(1, 5), *chosen[0])
        if kind == "nought":
            rows = [(start, "", 0, *one) for one in chosen]
        if kind == "spans" and len(rows) > 1:
            rows[1] = ("2016-01-01", *rows[1][1:])
        if kind == "class":
            rows.append((start, "", 2, "shared", "no_such_service", ""))
        if kind == "cut":
            cut = draw.choice(("2018-05-16", "2018-09-25", "2018-10-01"))
            rows = [(start, cut, *row[2:]) for row in rows] + [(cut, "", 1, *draw.choice(classes))]
        return rows

    def register(self, council, year, month, day):
        lines = [",".join(POST_COLUMNS)]
        for post in self.posts[council]:
            if post["known"]:
                for number, (begins, ends, weight, ownership, service, bearer) in enumerate(post["splits"], 1):
                    lines.append(",".join(map(str, (post["person"], post["assignment"], begins, ends, post["letter"], post["method"], post["fund"], post["centre"], number, weight,
                                                     ownership, service, bearer))))
        self.text[f"drop/{council}/assignment/posts_{year}-{month:02}-{day}.csv"] = "".join(f"{line}\n" for line in lines)

    def pay(self, council, number):
        draw, (year, month) = self.draw, MONTHS[min(number, 12)]
        lines, sums = [",".join(PAY_COLUMNS)], collections.defaultdict(int)
        for post in self.posts[council]:
            if draw.random() < 0.1:
                continue
            for day in draw.choice(((27,), (27,), (4, 27), (11,))):
                for element in ELEMENTS:
                    if element not in ("BAS", "NIE", "PEN", "NET") and draw.random() < 0.75:
                        continue
                    pence = {"BAS": draw.randint(20_000, 400_000), "ALW": draw.randint(1, 90_000), "SSP": draw.randint(1, 90_000), "EXP": draw.randint(1, 9_000), "NET": -draw.randint(10_000, 300_000)}.get(element, draw.randint(-20_000, 90_000))
                    centre, account = post["centre"] if draw.random() < 0.9 else draw.choice(self.centres[council]), ACCOUNT.get(element, "1000")
                    if draw.random() < 0.03:
                        account = "1077"
                    lines.append(f"{post['person']},{post['assignment']},{year}-{month:02}-{day:02},{post['basis']},{element},{pounds(pence)},{centre},{account}")
                    if account not in ("9000", "1077"):
                        sums[centre, account] += pence
        if len(lines) == 1:
            return
        self.text[f"drop/{council}/payroll/pay_2018-P{number:02}.csv"] = "".join(f"{line}\n" for line in lines)
        name = f"drop/{council}/general_ledger/ledger_2018-P{number:02}.csv"
        if name in self.text:
            self.text[name] += self.journal(council, number, sums)

    def journal(self, council, number, sums):
        """The payroll journal: what was paid, or nearly, in a line or in several."""
        draw, (year, month) = self.draw, MONTHS[min(number, 12)]
        document, booked = f"PAY{council[0]}{number:02}", []
        for (centre, account), pence in sorted(sums.items()):
            if draw.random() < 0.05:
                continue
            pence += draw.choice((0, 0, 0, 0, draw.randint(-500, 500)))
            pieces = [pence]
            for _ in range(draw.choice((0, 0, 1, 2))):
                piece = draw.choice((draw.randint(-30_000, 90_000), 0))
                pieces = [*pieces[:-1], piece, pieces[-1] - piece]
            booked += [(centre, account, piece) for piece in pieces]
        if draw.random() < 0.2:
            booked.append((draw.choice(self.centres[council]), "3000", draw.randint(1, 9_999)))
        draw.shuffle(booked)
        booked.append((f"{council[0].upper()}90", "9000", -sum(pence for _, _, pence in booked)))
        day = f"{year}-{month:02}-{31 if number == 13 else 27}"
        return "".join(f"{document},{line},{day},{centre},{account},{pounds(pence)},,\n" for line, (centre, account, pence) in enumerate(booked, 1))

    def write(self, replay):
        for council in self.spans:
            for feed in ("payroll", "assignment"):
                (replay.folder / "drop" / council / feed).mkdir(parents=True, exist_ok=True)
        super().write(replay)
        for path in (replay.folder / "keys").iterdir():
            path.chmod(0o600)

    def correct(self, replay):
        """One payroll again with another amount, and a register that is late."""
        for council in self.paying:
            files = sorted(name for name in self.text if name.startswith(f"drop/{council}/payroll/"))
            if files:
                name = self.draw.choice(files)
                head, *lines = self.text[name].splitlines()
                fields = lines[0].split(",")
                fields[5] = pounds(self.draw.randint(1, 250_000))
                self.text[name] = "".join(f"{line}\n" for line in (head, ",".join(fields), *lines[1:]))
                replay.write(name, self.text[name])
            self.register(council, 2018, 9, 27)
            name = f"drop/{council}/assignment/posts_2018-09-27.csv"
            replay.write(name, self.text[name])


def play(truecost, folder, seed):
    drawn, replay = Paid(seed), Replay(truecost, folder)
    replay.partnership("two_councils")
    drawn.write(replay)
    replay.truecost_of("run", may=(0, 1, 4))
    failed = oracle.main([str(folder), "--empty", *oracle.TABLES])
    drawn.correct(replay)
    replay.truecost_of("run", may=(0, 1, 4))
    return failed + oracle.main([str(folder), "--empty", *oracle.TABLES])


def main(truecost, folder, first="1", count="16"):
    passed = failed = 0
    for seed in range(int(first), int(first) + int(count)):
        try:
            wrong = play(truecost, Path(folder) / str(seed), seed)
        except ValueError as why:
            print(f"FAIL seed {seed}: {why}")
            wrong = 1
        print(f"{'FAIL' if wrong else 'ok  '} paid {seed}")
        passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
