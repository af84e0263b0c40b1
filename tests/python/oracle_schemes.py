"""Small partnerships of every kind, drawn from seeds, each worked out by the oracle.

  oracle_schemes.py TRUECOST FOLDER [FIRST [COUNT]]     seeds FIRST and on

Each has three councils, of which one joins or leaves or goes over to published payments, two to five services with pools, drivers, steps, policies and shares
of every kind (some of which leave a partner out), two methods of allocation (or none) one after the other, customers, a company, recharges, and the closing
period. Then the policies change, so that periods are blocked which were published, and it is worked out again.
"""

import collections
import random
import re
import sys
from pathlib import Path

import oracle
from oracle_orders import pounds
from oracle_transcripts import Replay

SERVICES = {"legal": "final", "benefits": "final", "ict": "support", "hr": "support", "property": "both", "audit": "support"}
# Period → month in which its files are dated.
MONTHS = {1: (2018, 4), 2: (2018, 5), 6: (2018, 9), 7: (2018, 10), 12: (2019, 3)}
POLICIES = ("refuse", *["spread_evenly", "leave_unallocated"] * 3)
METHODS = (None, "direct", "step", "reciprocal")
BY = "2018-04-01,,drawn,a_clerk,chief_accountant"

LEDGER = """apiVersion: v3.2.0
kind: DataContract
id: truecost.sources.{council}.general_ledger
version: 1.0.0
status: active
schema:
- name: extract
  physicalType: file
  customProperties:
  - {{property: truecost, vendor: truecost, value: {{format: delimited, delimiter: ",", encodings: [utf-8]}}}}
  properties:
  - {{name: document, physicalName: Ref, physicalType: VARCHAR, required: true}}
  - {{name: line, physicalName: Line, physicalType: INTEGER, required: true}}
  - name: posting_date
    physicalName: Posted
    physicalType: DATE
    required: true
    customProperties: [{{property: truecost, vendor: truecost, value: {{formats: [yyyy-mm-dd]}}}}]
  - {{name: cost_centre, physicalName: Centre, physicalType: VARCHAR, required: true}}
  - {{name: account, physicalName: Account, physicalType: VARCHAR, required: true}}
  - {{name: amount, physicalName: Amount, physicalType: "DECIMAL(18,2)", required: true}}
  - {{name: party, physicalName: Party, physicalType: VARCHAR}}
  - {{name: reference, physicalName: Invoice, physicalType: VARCHAR}}
"""
USE = LEDGER[: LEDGER.index("  - {{name: document")].replace("general_ledger", "use") + """  - {{name: driver, physicalName: Driver, physicalType: VARCHAR, required: true}}
  - {{name: client, physicalName: Client, physicalType: VARCHAR}}
  - {{name: centre, physicalName: Centre, physicalType: VARCHAR}}
  - {{name: service, physicalName: Service, physicalType: VARCHAR}}
  - {{name: volume, physicalName: Volume, physicalType: BIGINT, required: true}}
"""
LEDGER_YAML = """contract: {council}/general_ledger
into: ledger_line
files: "ledger_{{year}}-P{{period}}.csv"
covers: {{calendar: fiscal, extent: one}}
controls:
- {{sum: amount, by: document, equals: 0.00}}
active: {{from: 2018-04-01}}
"""
SQL = """SELECT posting_date, document, line, 'actual' AS balance_type, cost_centre, account, amount, 'GBP' AS currency, party AS counterparty, reference
FROM extract
"""
# A council on payments has the columns of a ledger's extract; what nobody books there is left out.
PAYMENTS_SQL = """SELECT posting_date AS payment_date, cost_centre AS department, account AS account_text, amount, party AS supplier, reference
FROM extract
"""
VOLUME_YAML = """contract: {contract}
into: driver_volume
files: "{files}"
{more}
controls: none
required: false
active: {{from: 2018-04-01}}
"""


class Drawn:
    """The files of one partnership; `text` by name."""

    def __init__(self, seed):
        self.draw, self.text = random.Random(seed), {}
        draw = self.draw
        self.services = sorted({draw.choice(("legal", "benefits")), draw.choice(("ict", "hr")), *draw.sample(sorted(SERVICES), draw.randint(0, 3))})
        # The third council: (from, to), in all services or in none.
        self.third = draw.choice((("2018-04-01", ""), ("2018-04-01", "2018-10-01"), ("2018-05-01", ""), ("2018-05-01", "2019-03-01")))
        self.spans = {"hill": ("2018-04-01", ""), "vale": ("2018-04-01", ""), "dale": self.third}
        # Its costs come from payments from a month on; "": never.
        self.payments = draw.choice(("", "2018-04-01", "2018-09-01"))
        self.methods = (METHODS[seed % 4], METHODS[seed // 4 % 4])
        self.partnership()
        self.accounts_and_rules()
        self.scheme()
        self.feeds()
        self.volumes()
        self.ledgers()

    def table(self, name, columns, rows):
        head = f"{columns},valid_from,valid_to,reason,author,approver"
        since = columns.count(",") + 1

        def place(row):
            # A pool is told by its name and first day, whatever stands between them; of the other tables all columns tell.
            return (row.split(",")[0].encode(), row.split(",")[since].encode()) if name == "pool" else row.encode()

        self.text[f"pipelines/reference/{name}.csv"] = "".join(f"{row}\n" for row in [head, *sorted(rows, key=place)])

    def partnership(self):
        basis = {council: "[{from: 2018-04-01, basis: ledger}]" for council in self.spans}
        if self.payments:
            first = "" if self.payments == "2018-04-01" else "{from: 2018-04-01, basis: ledger}, "
            basis["dale"] = f"[{first}{{from: {self.payments}, basis: payments}}]"
        councils = "".join(f"  {council}: {{name: {council.title()} Council, cost_basis: {basis[council]}}}\n" for council in self.spans)
        services = ", ".join(f"{name}: {{name: {name.title()}, kind: {SERVICES[name]}}}" for name in self.services)
        members = "".join(f"- {{organisation: {council}, service: all, role: partner, from: {start}{', to: ' + end if end else ''}}}\n"
                          for council, (start, end) in self.spans.items())
        self.text["pipelines/partnership.yaml"] = f"""partnership: drawn
timezone: Europe/London
year: {{starts: 04-01, closing_period: 13}}
drop: ./drop
landing: ./landing
lake: ./lake
published: ./published
councils:
{councils}companies:
  town_shop: {{name: Town shop}}
services:
  everything: {{name: Everything, services: {{{services}}}}}
members:
{members}suspense_limit: {{pounds: 0.00, action: warn}}
recharge: {{tolerance: 0.05, window: {self.draw.choice((1, 3))}, limit: 100.00}}
"""
        standing = [f"{{from: {start}, method: {method}}}" for start, method in zip(("2018-04-01", "2018-09-01"), self.methods) if method]
        self.allocation = f"allocation: [{', '.join(standing)}]"

    def accounts_and_rules(self):
        draw = self.draw
        accounts = (("1000", "employees", "expenditure,true,false,false,false"), ("1010", "employees", "expenditure,true,false,true,false"),
                    ("3000", "supplies_and_services", "expenditure,true,false,false,false"), ("4000", "premises", "expenditure,true,false,false,false"),
                    ("5000", "income", "income,true,false,false,false"), ("6000", "support_services", "expenditure,true,false,false,true"),
                    ("9000", "balance_sheet", "balance_sheet,false,false,false,false"))
        self.table("account", "council,account,account_group,statement,is_cost,reserve_movement,on_cost,recharge",
                   [f"{council},{code},{group},{flags},{BY}" for council in self.spans for code, group, flags in accounts])
        centres, rules, self.centres = [], [], {}
        for council in self.spans:
            uses = [("retained", "none", "")] * 2 + [("shared", service, "") for service in self.services]
            uses += [(word, draw.choice(self.services), who) for word, who in
                     (("managed", ""), ("bespoke", draw.choice(("", "hill", "vale"))), ("external", "mill_school"), ("company", ""), ("pass_through", ""))]
            letter = council[0].upper()
            self.centres[council] = [f"{letter}{number:02}" for number in range(len(uses))]
            rules.append(f"{council}_default,{council},,,,,,2018-04-01,,retained,none,,drawn,a_clerk,chief_accountant")
            for centre, (ownership, service, bearer) in zip(self.centres[council], uses):
                centres.append(f"{council},{centre},Centre,,GF,false,{BY}")
                # Published payments name departments, ledgers cost centres.
                for at, code in (("c", f"{centre},"), ("d", f",{centre}")):
                    if at == "c" or council == "dale":
                        rules.append(f"{council}_{centre}_{at},{council},,,{code},,2018-04-01,,{ownership},{service},{bearer},drawn,a_clerk,chief_accountant")
            centres.append(f"{council},{letter}90,Balance sheet,,GF,false,{BY}")
        self.table("cost_centre", "council,cost_centre,name,directorate,fund,capital", centres)
        self.table("department", "council,department,name,fund,capital", [f"dale,{centre},Department,GF,false,{BY}" for centre in self.centres["dale"]])
        head = "rule_id,council,feed,project,cost_centre,department,account,valid_from,valid_to,ownership,service,bearer,reason,author,approver"
        self.text["pipelines/reference/ownership_rule.csv"] = "".join(f"{row}\n" for row in [head, *sorted(rules, key=lambda row: row.split(",")[0].encode())])
        self.table("customer", "customer,name,kind", [f"mill_school,Mill School,academy,{BY}"])
        terms = {"mill_school": draw.choice(("price", "")), "town_shop": draw.choice(("full_cost", "price", ""))}
        self.table("agreement", "agreement,customer,service,legal_basis,terms,price,price_unit",
                   [f"{customer}_{service},{customer},{service},s1,{word},{'500.00,month' if word == 'price' else ','},{BY}"
                    for customer, word in terms.items() if word for service in self.services])
        self.table("organisation_name", "name,organisation", [f"{council.title()} Council,{council},{BY}" for council in self.spans])

    def scheme(self):
        draw = self.draw
        age = draw.choice((0, 0, 12))
        self.table("driver", "driver,name,unit,measure,quality,fed_by,max_age", [
            f"devices,Devices,device,stock,measured,{draw.choice(('*/device', ''))},12,{BY}",
            f"minutes,Minutes,minute,flow,measured,hill/use,{age},{BY}",
            f"pages,Pages,page,flow,estimated,,{age},{BY}"])
        steps = draw.sample(range(1, 20), len(self.services))
        self.pools, shares = [], []
        for service, step in zip(self.services, steps):
            driver = draw.choice(("devices", "minutes", "pages", "minutes", ""))
            if draw.random() < 0.9:
                self.pools.append(f"{service}_all,{service},,{driver},{step},{draw.choice(POLICIES)},{BY}")
            if draw.random() < 0.3:
                self.pools.append(f"{service}_goods,{service},supplies_and_services,{draw.choice(('pages', 'minutes', ''))},{step},{draw.choice(POLICIES)},{BY}")
            if draw.random() < 0.15:
                continue
            held = draw.choice((driver, "minutes", ""))
            agreed = not held or draw.random() < 0.8
            # The third council may be left out, for ever or for its first months.
            late = draw.choice(("", "", "", "2018-09-01", "never"))
            for council, (start, end) in self.spans.items():
                if council == "dale" and late == "never":
                    continue
                start = late if council == "dale" and late else start
                if not end or start < end:
                    weight = draw.randint(1, 60) if agreed else ""
                    shares.append(f"{service},{council},{weight},{held},{draw.choice(('', '3.00', '30.00', '0.00'))},{draw.choice(('true', 'false'))},"
                                  f"{start},{end},drawn,a_clerk,chief_accountant")
        self.table("pool", "pool,service,account_group,driver,step,zero_volume", self.pools)
        self.table("share", "service,partner,weight,driver,tolerance,exception", shares)

    def feeds(self):
        for council in self.spans:
            self.text[f"schemas/sources/{council}/general_ledger.odcs.yaml"] = LEDGER.format(council=council)
            self.text[f"pipelines/{council}/general_ledger.yaml"] = LEDGER_YAML.format(council=council)
            self.text[f"pipelines/{council}/general_ledger.sql"] = SQL
        if self.payments:
            self.text["schemas/sources/dale/spend.odcs.yaml"] = LEDGER.format(council="dale").replace("general_ledger", "spend")
            yaml = LEDGER_YAML.format(council="dale").replace("general_ledger", "spend").replace("ledger_line", "payment_line").replace("ledger_{year}", "spend_{year}")
            self.text["pipelines/dale/spend.yaml"] = re.sub(r"(?s)controls:.*?\nactive", "controls: none\nactive", yaml).replace("from: 2018-04-01", f"from: {self.payments}")
            self.text["pipelines/dale/spend.sql"] = PAYMENTS_SQL
            if self.payments == "2018-04-01":
                for name in ("schemas/sources/dale/general_ledger.odcs.yaml", "pipelines/dale/general_ledger.yaml", "pipelines/dale/general_ledger.sql"):
                    del self.text[name]
        self.text["schemas/sources/hill/use.odcs.yaml"] = USE.format(council="hill")
        self.text["pipelines/hill/use.yaml"] = VOLUME_YAML.format(contract="hill/use", files="use_{year}_{month}.csv", more="covers: {calendar: month, extent: one}")
        self.text["pipelines/hill/use.sql"] = "SELECT driver, client AS organisation, centre AS cost_centre, service, volume FROM extract\n"
        for council in self.spans:
            self.text[f"schemas/sources/{council}/device.odcs.yaml"] = (USE.format(council=council).replace(".use", ".device"))
            self.text[f"pipelines/{council}/device.yaml"] = VOLUME_YAML.format(contract=f"{council}/device", files="devices_{date}.csv", more="delivers: snapshot")
            self.text[f"pipelines/{council}/device.sql"] = "SELECT driver, client AS organisation, centre AS cost_centre, service, volume FROM extract\n"

    def volumes(self):
        draw, head = self.draw, "Driver,Client,Centre,Service,Volume"
        for number, (year, month) in MONTHS.items():
            for council in self.spans:
                if draw.random() < 0.6:
                    rows = [f"devices,,{centre},,{draw.randint(0, 40)}" for centre in self.centres[council]]
                    self.text[f"drop/{council}/device/devices_{year}-{month:02}-28.csv"] = "".join(f"{row}\n" for row in [head, *rows])
            if draw.random() < 0.9:
                rows = []
                for driver in ("minutes", "pages"):
                    if draw.random() < 0.85:
                        rows += [f"{driver},{who},,,{draw.randint(0, 900)}" for who in draw.sample(("hill", "vale", "dale", "mill_school", "town_shop", "nobody"), 4)]
                        rows += [f"{driver},,,{service},{draw.randint(0, 300)}" for service in draw.sample(self.services, draw.randint(0, len(self.services)))]
                        rows += [f"{driver},,{centre},,{draw.randint(0, 90)}" for centre in draw.sample(self.centres["hill"], 2)]
                self.text[f"drop/hill/use/use_{year}_{month:02}.csv"] = "".join(f"{row}\n" for row in [head, *rows])

    def charges(self):
        """(council, period) → lines of charges between partners: by both sides to the penny or nearly, in one month or in two, with a reference or without; or by one."""
        draw, numbers, booked = self.draw, (*MONTHS, 13), collections.defaultdict(list)
        for invoice in range(draw.randint(4, 10)):
            payer, payee = draw.sample(sorted(self.spans), 2)
            pence, reference = draw.randint(10_000, 500_000), f"INV-{invoice}"
            at = draw.randrange(len(numbers))
            for council, other, amount in ((payer, payee, pence), (payee, payer, -pence + draw.choice((0, 0, 3, 5, 6)))):
                if draw.random() < 0.85:
                    # A shared service's cost centre, or one of the council's own.
                    centre = self.centres[council][draw.choice((0, 2, 2, 2))]
                    number = numbers[min(at + draw.choice((0, 0, 1)), len(numbers) - 1)]
                    booked[council, number].append((centre, f"{other.title()} Council", draw.choice((reference, reference, f" {reference.lower()}", "")), amount))
        return booked

    def ledgers(self):
        booked_of = self.charges()
        for number in (*MONTHS, 13):
            year, month = MONTHS[min(number, 12)]
            last = "31" if number == 13 else "28"
            for council in self.spans:
                first = f"{year}-{month:02}-01"
                pays = council == "dale" and self.payments and self.payments <= first
                lines, total = ["Ref,Line,Posted,Centre,Account,Amount,Party,Invoice"], 0
                booked = [(self.draw.choice(self.centres[council]), self.draw.choice(("1000", "1010", "3000", "3000", "4000", "5000")), "", "",
                           self.draw.randint(-200_000, 900_000)) for _ in range(self.draw.randint(4, 14))]
                booked += [(centre, "6000", party, invoice, pence) for centre, party, invoice, pence in booked_of[council, number]]
                for line, (centre, account, party, invoice, pence) in enumerate(booked, 1):
                    total += pence
                    lines.append(f"{council[0]}{number},{line},{year}-{month:02}-{last if number == 13 else self.draw.randint(1, 28):0>2},{centre},{account},{pounds(pence)},{party},{invoice}")
                if not pays:
                    lines.append(f"{council[0]}{number},99,{year}-{month:02}-{last},{council[0].upper()}90,9000,{pounds(-total)},,")
                name = "spend/spend" if pays else "general_ledger/ledger"
                self.text[f"drop/{council}/{name}_2018-P{number:02}.csv"] = "".join(f"{row}\n" for row in lines)

    def write(self, replay):
        for name in ("pipelines/reference", "pipelines/hill", "pipelines/vale", "schemas/sources"):
            for path in sorted((replay.folder / name).rglob("*"), reverse=True):
                if path.is_file():
                    path.unlink()
        for council in self.spans:
            for feed in ("general_ledger", "device", *(("use",) if council == "hill" else ()), *(("spend",) if council == "dale" and self.payments else ())):
                (replay.folder / "drop" / council / feed).mkdir(parents=True, exist_ok=True)
        for name, text in self.text.items():
            replay.write(name, text)
        cost = replay.folder / "pipelines/cost/cost.yaml"
        cost.write_text(re.sub(r"(?m)^allocation:.*$", self.allocation, cost.read_text()))


# Seeds that have found something: a method that is only compared and refuses, periods that stand as they were beside open recharges.
FOUND = (203, 211)


def play(truecost, folder, seed):
    """Failures of one partnership, and how many of its periods were blocked."""
    drawn, replay = Drawn(seed), Replay(truecost, folder)
    replay.partnership("two_councils")
    drawn.write(replay)
    failed = 0
    for changed in ("", "refuse"):
        if changed:
            pools = [re.sub(r"(spread_evenly|leave_unallocated),2018", f"{changed},2018", pool) for pool in drawn.pools]
            drawn.table("pool", "pool,service,account_group,driver,step,zero_volume", pools)
            replay.write("pipelines/reference/pool.csv", drawn.text["pipelines/reference/pool.csv"])
        replay.truecost_of("run", may=(0, 1, 4))
        failed += oracle.main([str(folder), "--empty", *oracle.TABLES])
    return failed


def main(truecost, folder, first="1", count="16"):
    passed = failed = 0
    kinds = collections.Counter()
    for seed in (*range(int(first), int(first) + int(count)), *(seed for seed in FOUND if first == "0")):
        drawn = Drawn(seed)
        kinds.update(f"{one or 'none'}" for one in drawn.methods)
        try:
            wrong = play(truecost, Path(folder) / str(seed), seed)
        except ValueError as why:
            print(f"FAIL seed {seed}: {why}")
            wrong = 1
        print(f"{'FAIL' if wrong else 'ok  '} scheme {seed}: {len(drawn.services)} services, {' then '.join(one or 'none' for one in drawn.methods)}"
              f"{', payments from ' + drawn.payments if drawn.payments else ''}")
        passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"methods in force: {', '.join(f'{kind} {number} times' for kind, number in sorted(kinds.items()))}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
