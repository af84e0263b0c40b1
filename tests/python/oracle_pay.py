"""Pay in the ledger, resolved; on-costs as paid, and by the rate card (issue 7, §§ 4 and 5)."""

from collections import defaultdict
from fractions import Fraction

from oracle_books import fits, half_away, half_dropped, holds, split

GROSS = ("basic", "allowance", "overtime", "absence", "statutory")
PAID = ("employer_ni", "employer_pension", "levy")
NEVER_SPLIT = ("redundancy", "pension_strain")
SMALL = "small_groups"
OWNERSHIPS = ("shared", "managed", "retained", "bespoke", "external", "company", "pass_through")


def text(cls):
    return "/".join(cls)


def lines_of(books, period):
    """Lines of a period, of ledgers and of the payments that stand in for them, each with the class that the rules give it."""
    found = [payment(books, period, row) for row in books.lake["payment_line"] if counts(books, period, row, "payments")]
    for row in books.lake["ledger_line"]:
        if not counts(books, period, row, "ledger"):
            continue
        council, day = row["council"], period.clamp(row["posting_date"] or period.first)
        account = books.account(council, row["account"], day)
        centre = books.centre(council, row["cost_centre"], day) if row["cost_centre"] else None
        cls = books.class_of(council, row["feed"], row["cost_centre"], row["account"], row["project"], day)
        is_cost = (account is None or account["is_cost"] == "true") and row["balance_type"] == "actual"
        if row["balance_type"] != "actual":
            # What was budgeted or ordered is no cost, whatever it stands on.
            cls = ("not_cost", "none", "")
        found.append({
            "row": row, "council": council, "day": day, "centre": row["cost_centre"] or "", "account": row["account"] or "", "class": cls,
            "amount": int(row["amount"] * 100), "is_cost": is_cost, "group": account["account_group"] if account else "unknown",
            "on_cost": bool(account) and account.get("on_cost") == "true", "recharge": bool(account) and account.get("recharge") == "true",
            "fund": centre["fund"] if centre else "unknown", "kind": "line", "part": 1,
        })
    return found


def counts(books, period, row, basis):
    return (row["delivery_year"], row["delivery_period"]) == period.key and books.basis(row["council"], period.first) == basis


def payment(books, period, row):
    """A published payment: money that was paid, by the codes that it has, else by its department and the text of its account."""
    council, day = row["council"], period.clamp(row["payment_date"] or period.last)
    code, centre_code = row["account"] or row["account_text"], row["cost_centre"]
    account = books.account(council, code, day)
    centre = books.centre(council, centre_code, day) if centre_code else books.department(council, row["department"], day)
    cls = books.class_of(council, row["feed"], centre_code, code, None, day, department=row["department"], must_know=False)
    return {
        "row": {**row, "counterparty": row["supplier"], "journal_source": None, "document": None}, "council": council, "day": day,
        "centre": centre_code or "", "account": code or "", "class": cls, "amount": int(row["amount"] * 100),
        "is_cost": account is None or account["is_cost"] == "true", "group": account["account_group"] if account else "unknown",
        "on_cost": bool(account) and account.get("on_cost") == "true", "recharge": bool(account) and account.get("recharge") == "true",
        "fund": centre["fund"] if centre else "unknown", "kind": "line", "part": 1,
    }


def from_payroll(books, line):
    for row in books.rows("payroll_journal", line["day"]):
        if row["council"] == line["council"] and fits(row["journal_source"], line["row"]["journal_source"]) and fits(row["document"], line["row"]["document"]):
            return True
    return False


class Pay:
    """The pay of one period: what it pays into which class, and the parts of the ledger's lines."""

    def __init__(self, books, period, lines):
        self.books, self.period = books, period
        self.posts = defaultdict(list)
        for (council, _), (_, rows) in books.register("assignment", period).items():
            for row in rows:
                self.posts[council, row["assignment"]].append(row)
        self.elements = defaultdict(list)
        for row in books.rows("pay_element"):
            self.elements[row["council"], row["element"]].append(row)
        self.pay = [row for row in books.lake["pay_line"] if (row["delivery_year"], row["delivery_period"]) == (period.year, period.number)]
        self.councils = {row["council"] for row in self.pay}
        self.parts, self.differences = [], []
        self.resolve(lines)
        self.on_cost = self.reckon(lines)

    def element(self, row):
        """What an element is on the day of pay; None where no row says so."""
        return next((one for one in self.elements.get((row["council"], row["element"]), []) if holds(one, row["pay_date"])), None)

    def category(self, row):
        found = self.element(row)
        return found["category"] if found else "other"

    def counts(self, row, what):
        found = self.element(row)
        return found is not None and found[what] == "true"

    def on_cost_account(self, row):
        found = self.books.account(row["council"], row["account"], self.period.clamp(row["pay_date"]))
        return found is not None and found["is_cost"] == "true"

    def weights(self, council, assignment, centre, account, day, may_split=True):
        """Class → weight of an assignment's pay on a day."""
        rows = [row for row in self.posts.get((council, assignment), []) if holds(row, day)]
        said = [row for row in rows if any(row[name] not in (None, "") for name in ("weight", "ownership", "service", "bearer"))]
        one_span = len({(row["valid_from"], row["valid_to"]) for row in rows}) == 1
        one_span = one_span and all(self.is_class(row) for row in said if row["weight"])
        if may_split and said and one_span and self.books.takes_part(council, day) and sum(row["weight"] or 0 for row in said) > 0:
            weights = defaultdict(int)
            for row in said:
                weights[row["ownership"] or "", row["service"] or "none", self.bearer(row)] += row["weight"] or 0
            return {cls: weight for cls, weight in weights.items() if weight}
        return {self.books.class_of(council, None, centre, account, "", day): 1}

    def is_class(self, row):
        """Whether cost can stand in the class that a split names: nobody bears it who is not known."""
        service, ownership, bearer = row["service"] or "none", row["ownership"], self.bearer(row)
        served = {*self.books.companies, *self.books.served()}
        who = {"company": set(self.books.companies), "external": served}.get(ownership, {"", *self.books.councils, *served})
        return ownership in OWNERSHIPS and bearer in who and (service in self.books.services or ownership == "retained" and service == "none")

    def bearer(self, row):
        """A company that is not named is the only one."""
        companies = self.books.companies
        return companies[0] if row["ownership"] == "company" and not row["bearer"] and len(companies) == 1 else row["bearer"] or ""

    def shared_out(self, amount, *place):
        """An amount by class, cut once."""
        weights = self.weights(*place)
        names = {text(cls): cls for cls in weights}
        return {names[name]: part for name, part in split(amount, {text(cls): weight for cls, weight in weights.items()}).items()}

    def resolve(self, lines):
        paid, people = defaultdict(int), defaultdict(set)
        # A council whose costs are payments, or whose ledger is not there, resolves no pay.
        with_ledger = {line["council"] for line in lines if "balance_type" in line["row"]}
        for row in self.pay:
            if self.on_cost_account(row) and row["council"] in with_ledger:
                key = row["council"], row["assignment"], row["cost_centre"] or "", row["account"], self.period.clamp(row["pay_date"])
                paid[(*key, self.category(row) not in NEVER_SPLIT)] += int(row["amount"] * 100)
                people[key[:5]] |= {row["person"]} - {None}
        groups, behind = defaultdict(lambda: defaultdict(int)), defaultdict(set)
        for (council, assignment, centre, account, day, may), amount in paid.items():
            for cls, part in self.shared_out(amount, council, assignment, centre, account, day, may).items():
                groups[council, centre, account][cls] += part
                who = people[council, assignment, centre, account, day]
                behind[council, centre, account, cls] |= who
                behind[council, centre, account] |= who
        ledger = defaultdict(list)
        for line in lines:
            if line["council"] in self.councils and line["is_cost"] and from_payroll(self.books, line):
                ledger[line["council"], line["centre"], line["account"]].append(line)
            else:
                self.parts.append(line)
        few = defaultdict(list)
        for key in sorted(set(ledger) | set(groups)):
            group, pay = ledger.get(key, []), groups.get(key, {})
            in_ledger, in_pay = sum(line["amount"] for line in group), sum(pay.values())
            if in_ledger != in_pay:
                reason = "amounts_differ" if group and pay else "no_pay_line" if group else "no_ledger_line"
                row = [in_ledger, in_pay, in_ledger - in_pay, abs(in_ledger - in_pay), reason, behind.get(key, set())]
                # Lines without pay tell of no person.
                if reason != "no_pay_line" and len(row[5]) < self.books.small_group:
                    few[key[0]].append((key, row))
                else:
                    self.differences.append((key, row))
            if group:
                self.staircase(key, group, pay, in_ledger - in_pay, behind)
        for council, rows in few.items():
            self.differences.append(((council, SMALL, ""), together([row for _, row in rows])))

    def staircase(self, key, group, pay, difference, behind):
        """Classes laid along the lines: the difference first, then pay by size and key; lines and classes keep their amounts."""
        small = self.books.small_group
        if not pay:
            # Lines without pay keep their class.
            self.parts.extend({**line, "kind": "payroll_difference" if difference else line["kind"]} for line in group)
            return
        steps = [[cls, amount, "pay" if len(behind[(*key, cls)]) >= small else "pay_small"] for cls, amount in pay.items() if amount]
        steps.sort(key=lambda step: (abs(step[1]), text(step[0]).encode()))
        if difference:
            steps.insert(0, [group[0]["class"], difference, "payroll_difference"])
        if not steps:
            self.parts.extend(group)
            return
        left, at = [line["amount"] for line in group], 0
        for number, line in enumerate(group):
            part = 0
            while at < len(steps):
                step = steps[at]
                if at == len(steps) - 1:
                    piece = left[number]
                elif number == len(group) - 1:
                    piece = step[1]
                elif left[number] == 0:
                    break
                elif (left[number] > 0) != (step[1] > 0):
                    piece = left[number]
                else:
                    piece = min(left[number], step[1], key=abs)
                if piece:
                    part += 1
                    self.parts.append({**line, "part": part, "amount": piece, "class": step[0], "kind": step[2]})
                left[number] -= piece
                step[1] -= piece
                if step[1] == 0 and at < len(steps) - 1:
                    at += 1
                elif left[number] == 0:
                    break
            if part == 0:
                self.parts.append(line)

    # ── On-costs ────────────────────────────────────────────────────────────────────────────────

    def reckon(self, lines):
        """Rows of on_cost, small groups together: [{council, class, …}]."""
        rows = defaultdict(lambda: {"persons": set(), "unknown": set(), "recomputed_ni": 0, "recomputed_pension": 0,
                                    **{name: 0 for name in ("gross_pay", "basic_pay", *PAID)}})
        self.as_paid(rows)
        self.by_rate_card(rows)
        found = []
        for council in sorted({key[0] for key in rows}):
            found.extend(self.small({cls: row for (of, cls), row in rows.items() if of == council}, council))
        for council in sorted({line["council"] for line in lines} - self.councils):
            found.extend(self.by_ledger(council))
        return found

    def as_paid(self, rows):
        sums, people = defaultdict(int), defaultdict(set)
        for row in self.pay:
            if self.on_cost_account(row):
                key = row["council"], row["assignment"], row["cost_centre"] or "", row["account"], self.period.clamp(row["pay_date"]), self.category(row)
                sums[key] += int(row["amount"] * 100)
                people[key] |= {row["person"]} - {None}
        for (council, assignment, centre, account, day, category), amount in sums.items():
            for cls, part in self.shared_out(amount, council, assignment, centre, account, day, category not in NEVER_SPLIT).items():
                row = rows[council, cls]
                row["persons"] |= people[council, assignment, centre, account, day, category]
                if category in GROSS:
                    row["gross_pay"] += part
                if category == "basic":
                    row["basic_pay"] += part
                if category in PAID:
                    row[category] += part

    def by_rate_card(self, rows):
        by_person = defaultdict(list)
        for row in self.pay:
            # Pay without a person is taken assignment by assignment: nobody can say whose it is.
            by_person[row["council"], row["person"] or ("", row["assignment"]), row["pay_date"]].append(row)
        for (council, _, date), lines in by_person.items():
            self.insurance(rows, council, date, lines)
            by_assignment = defaultdict(list)
            for row in lines:
                by_assignment[row["assignment"]].append(row)
            for assignment, own in by_assignment.items():
                self.pension(rows, council, assignment, date, own)

    def in_force(self, council, assignment, date):
        return [row for row in self.posts.get((council, assignment), []) if holds(row, self.period.clamp(date))]

    def sums(self, lines, what):
        """(assignment, cost centre, account) → pence that count, of a person's lines of one pay date."""
        found = defaultdict(int)
        for row in lines:
            if self.counts(row, what):
                found[row["assignment"], row["cost_centre"] or "", row["account"]] += int(row["amount"] * 100)
        return found

    def insurance(self, rows, council, date, lines):
        # Pay that is no earnings says nothing of letters and pay bases.
        lines = [row for row in lines if self.counts(row, "niable")]
        sums = self.sums(lines, "niable")
        if not sums:
            return
        posts = [self.in_force(council, assignment, date) for assignment in {row["assignment"] for row in lines}]
        # An assignment that the register lacks has no letter.
        letters = {post["ni_letter"] for of_one in posts for post in of_one or [{"ni_letter": None}]}
        bases = {row["pay_basis"] for row in lines}
        methods = {post["ni_method"] for of_one in posts for post in of_one} - {None, "period"}
        due = None
        if len(letters) == 1 and None not in letters and len(bases) == 1 and None not in bases and not methods:
            due = self.due(next(iter(letters)), next(iter(bases)), date, sum(sums.values()))
        self.pass_on(rows, council, date, due, sums, "recomputed_ni")

    def due(self, letter, basis, date, earnings):
        rates = {(row["rate"], row["basis"]): Fraction(row["value"]) for row in self.books.rows("rate_card", date) if row["scope"] == letter}
        percent, threshold = rates.get(("employer_ni", "")), rates.get(("employer_ni_threshold", basis))
        # A letter has a second threshold or has none, whatever the pay basis for which it is written down.
        second = any(rate == "employer_ni_upper_threshold" or rate == "employer_ni_threshold" and of.startswith("upper_") for rate, of in rates)
        if second or percent is None or threshold is None:
            return None
        return half_dropped(max(Fraction(0), earnings - threshold * 100) * percent / 100)

    def pension(self, rows, council, assignment, date, lines):
        sums = self.sums(lines, "pensionable")
        if not sums:
            return
        funds = {post["pension_fund"] for post in self.in_force(council, assignment, date)}
        due = None
        if len(funds) == 1 and None not in funds:
            rate = [row for row in self.books.rows("rate_card", date) if row["rate"] == "employer_pension" and row["scope"] == next(iter(funds))]
            if rate:
                due = half_away(Fraction(sum(sums.values())) * Fraction(rate[0]["value"]) / 100)
        self.pass_on(rows, council, date, due, sums, "recomputed_pension")

    def pass_on(self, rows, council, date, due, sums, column):
        """What is due goes to its sums by their earnings, and on by the split of the assignment; what is not known reaches the same rows."""
        keys = {"/".join(part or "" for part in key): key for key in sums}
        if due:
            parts = split(due, {name: sums[key] for name, key in keys.items()})
        else:
            parts = dict.fromkeys(keys, 0)
        for name, part in parts.items():
            assignment, centre, account = keys[name]
            found = self.books.account(council, account, self.period.clamp(date))
            if found is None or found["is_cost"] != "true":
                continue
            for cls, piece in self.shared_out(part, council, assignment, centre, account, self.period.clamp(date)).items():
                row = rows[council, cls]
                if due is None:
                    row["unknown"].add(assignment)
                    row[column] = None
                elif row[column] is not None:
                    row[column] += piece

    def small(self, rows, council):
        """The rows of a council, those of fewer persons than a small group put together."""
        order = sorted(rows, key=lambda cls: (len(rows[cls]["persons"]), text(cls).encode()))
        merged = [cls for cls in order if len(rows[cls]["persons"]) < self.books.small_group]
        rest = [cls for cls in order if cls not in merged]
        while merged and rest and len(set().union(*(rows[cls]["persons"] for cls in merged))) < self.books.small_group:
            merged.append(rest.pop(0))
        found = [self.row(council, cls, [rows[cls]]) for cls in rest]
        if merged:
            found.append(self.row(council, ("", SMALL, ""), [rows[cls] for cls in merged]))
        return found

    def row(self, council, cls, rows):
        """One row, or several added up, each person and assignment once."""
        add = {name: None if any(row[name] is None for row in rows) else sum(row[name] for row in rows)
               for name in ("gross_pay", "basic_pay", *PAID, "recomputed_ni", "recomputed_pension")}
        return {"council": council, "class": cls, "source": "payroll", "persons": len(set().union(*(row["persons"] for row in rows))), **add,
                "on_cost": sum(add[name] for name in PAID), "not_recomputed": len(set().union(*(row["unknown"] for row in rows)))}

    def by_ledger(self, council):
        found = defaultdict(lambda: [0, 0])
        for line in self.parts:
            if line["council"] == council and line["is_cost"] and (line["on_cost"] or line["group"] == "employees") and line["class"][0] != "suspense":
                found[line["class"]][line["on_cost"]] += line["amount"]
        empty = dict.fromkeys(("persons", "basic_pay", *PAID, "recomputed_ni", "recomputed_pension", "not_recomputed"))
        return [{"council": council, "class": cls, "source": "from_ledger", **empty, "gross_pay": pay, "on_cost": on} for cls, (pay, on) in found.items()]


def together(rows):
    """payroll_difference rows of few persons, added up; one reason if they have one."""
    reasons = {row[4] for row in rows}
    return [*(sum(row[at] for row in rows) for at in range(4)), reasons.pop() if len(reasons) == 1 else "amounts_differ", set()]
