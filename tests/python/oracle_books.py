"""What the oracle reads: the partnership's YAML, its reference rows and the common tables of its lake. Pounds are whole pence."""

import csv
import datetime
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import deltalake
import yaml

DAY = datetime.timedelta(days=1)


def pence(pounds):
    """Pounds as decimals say them; more than two places would be a fault."""
    value = Decimal(pounds) * 100
    if value != int(value):
        raise ValueError(f"{pounds} is no whole number of pence")
    return int(value)


def half_away(value):
    """The nearest whole number, halves away from nought."""
    size = int(abs(value) + Fraction(1, 2))
    return -size if value < 0 else size


def half_dropped(value):
    """SI 2001/1004 reg 12(1): an exact half or less is disregarded; for values not below nought."""
    whole = int(value)
    return whole + (value - whole > Fraction(1, 2))


def split(amount, weights):
    """Largest remainder over {key: weight}; of equal remainders the lowest key, by bytes; sign-symmetric."""
    total, size, sign = sum(weights.values()), abs(amount), -1 if amount < 0 else 1
    if total <= 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError(f"weights that cannot split: {weights}")
    exact = {key: Fraction(size * weight, 1) / total for key, weight in weights.items()}
    parts = {key: int(value) for key, value in exact.items()}
    order = sorted(parts, key=lambda key: (parts[key] - exact[key], key.encode()))
    for key in order[: size - sum(parts.values())]:
        parts[key] += 1
    return {key: sign * part for key, part in parts.items()}


def fits(pattern, code):
    """How closely a pattern of a rule meets a code: None where it does not, higher is closer."""
    if pattern == "":
        return (0, 0)
    if code is None or code == "":
        return None
    if pattern.endswith("*"):
        return (1, len(pattern) - 1) if code.startswith(pattern[:-1]) else None
    if ".." in pattern:
        low, high = pattern.split("..")
        return (1, len(low)) if len(code) == len(low) and low <= code <= high else None
    return (2, 0) if pattern == code else None


class Period:
    """A delivery period: 1 is April, 13 the closing one, which is the last day of the year and counts as the twelfth."""

    def __init__(self, year, number):
        if not 1 <= number <= 13:
            raise ValueError(f"{year}/P{number:02}: there is no such period")
        self.year, self.number, self.key = year, number, (year, number)
        self.closes, self.index = number == 13, year * 12 + min(number, 12)
        month = (min(number, 12) + 2) % 12 + 1
        calendar = year + (number > 9)
        self.last = datetime.date(calendar + (month == 12), month % 12 + 1, 1) - DAY
        self.first = self.last if self.closes else datetime.date(calendar, month, 1)

    def clamp(self, day):
        return min(max(day, self.first), self.last)


def index_of(day):
    """The period in which a day lies, counted on over the years."""
    month = day.month - 3 if day.month > 3 else day.month + 9
    return (day.year - (day.month < 4)) * 12 + month


class Books:
    """A partnership's folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.yaml = yaml.safe_load((self.folder / "pipelines/partnership.yaml").read_text())
        self.services = {name: row["kind"] for group in self.yaml["services"].values() for name, row in group["services"].items()}
        self.councils = list(self.yaml["councils"])
        self.companies = list(self.yaml.get("companies") or {})
        self.reference = {path.stem: self._rows(path) for path in (self.folder / "pipelines/reference").glob("*.csv")}
        cost = yaml.safe_load((self.folder / "pipelines/cost/cost.yaml").read_text())
        self.allocation = sorted((row["from"], row["method"]) for row in cost.get("allocation") or [])
        self.small_group = int(self.yaml.get("small_group", 5))
        recharge = self.yaml.get("recharge") or {}
        self.window = int(recharge.get("window", 1))
        self.tolerance = pence(str(recharge.get("tolerance", "0.00")))
        self.lake = {table: self._lake(table) for table in ("ledger_line", "payment_line", "pay_line", "assignment", "driver_volume")}
        self._accounts = defaultdict(list)
        for row in self.rows("account"):
            self._accounts[row["council"], row["account"]].append(row)
        self._account_patterns = [row for row in self.rows("account") if row["account"].endswith("*") or ".." in row["account"]]
        self._centres = defaultdict(list)
        for row in self.rows("cost_centre"):
            self._centres[row["council"], row["cost_centre"]].append(row)
        self._known = {}

    def _rows(self, path):
        with path.open(newline="", encoding="utf-8") as file:
            found = list(csv.DictReader(file))
        for row in found:
            for name in ("valid_from", "valid_to"):
                row[name] = datetime.date.fromisoformat(row[name]) if row[name] else None
        return found

    def _lake(self, table):
        place = self.folder / str(self.yaml["lake"]) / table
        if not (place / "_delta_log").is_dir():
            return []
        rows = deltalake.DeltaTable(str(place)).to_pyarrow_table().to_pylist()
        rows.sort(key=lambda row: (row["council"], row["feed"], row["delivery_year"], row["delivery_period"], row["delivery_id"], row["source_row"]))
        return rows

    def rows(self, table, day=None):
        """Rows of a reference table, those in force on a day."""
        found = self.reference.get(table, [])
        return found if day is None else [row for row in found if holds(row, day)]

    def periods(self):
        """Those for which a ledger has come, or payments where they stand in for it."""
        keys = {(row["delivery_year"], row["delivery_period"]) for table in ("ledger_line", "payment_line") for row in self.lake[table]}
        return [Period(*key) for key in sorted(keys)]

    def basis(self, council, day):
        """`ledger` or `payments`: from which extract a council's costs come."""
        standing = [row["basis"] for row in self.yaml["councils"][council]["cost_basis"] if row["from"] <= day]
        return standing[-1] if standing else None

    def since(self, organisation):
        """The first day on which it was a partner in anything; None: never. The shared service, where it is declared, always was."""
        if organisation == "shared" and organisation in self.councils:
            return datetime.date.min
        return min((row["from"] for row in self.yaml["members"] if row["organisation"] == organisation and row["role"] in ("partner", "host")), default=None)

    def served(self):
        """Customers, those of the partnership file among them."""
        return [row["customer"] for row in self.rows("customer")] + [row["organisation"] for row in self.yaml["members"] if row["role"] == "customer"]

    def memberships(self, organisation, service):
        for row in self.yaml["members"]:
            named = row["service"] == "all" or service in (row["service"] if isinstance(row["service"], list) else [row["service"]])
            if row["organisation"] == organisation and named and row["role"] in ("partner", "host"):
                yield row

    def member(self, organisation, service, day):
        return any(row["from"] <= day and (row.get("to") is None or day < row["to"]) for row in self.memberships(organisation, service))

    def partners(self, service, day):
        """Councils that are members of a service."""
        return [council for council in sorted(self.councils) if self.member(council, service, day)]

    def takes_part(self, council, day):
        # The shared service, where it is declared, hosts every service.
        return council == "shared" or any(self.member(council, service, day) for service in self.services)

    def account(self, council, code, day):
        """Its row, or None where no row names it on the day."""
        exact = [row for row in self._accounts.get((council, code), []) if holds(row, day)]
        if exact:
            return exact[0]
        near = [(fits(row["account"], code), row) for row in self._account_patterns if row["council"] == council and holds(row, day)]
        near = sorted(((rank, row) for rank, row in near if rank), key=lambda pair: pair[0])
        return near[-1][1] if near else None

    def centre(self, council, code, day):
        return next((row for row in self._centres.get((council, code), []) if holds(row, day)), None)

    def department(self, council, name, day):
        return next((row for row in self.rows("department", day) if (row["council"], row["department"]) == (council, name)), None)

    def method(self, day):
        standing = [method for start, method in self.allocation if start <= day]
        return standing[-1] if standing else None

    def rule(self, council, feed, codes, day):
        """(ownership, service, bearer) by the most specific rule; None where none covers it. `feed` None: rules that name one are not asked."""
        key = "rules", council, day
        if key not in self._known:
            self._known[key] = [row for row in self.rows("ownership_rule", day) if row["council"] in ("", council)]
        best = []
        for row in self._known[key]:
            ranks = [(2, 0) if row["council"] else (0, 0)]
            for name in ("feed", "project", "cost_centre", "department", "account"):
                ranks.append(fits(row[name], feed if name == "feed" else codes.get(name)))
            if None not in ranks:
                best.append((ranks, row))
        if not best:
            return None
        top = max(ranks for ranks, _ in best)
        won = [row for ranks, row in best if ranks == top]
        if len(won) > 1:
            raise ValueError(f"two rules tie: {[row['rule_id'] for row in won]}")
        # A company that is not named is the only one.
        nameless = won[0]["ownership"] == "company" and not won[0]["bearer"] and len(self.companies) == 1
        return won[0]["ownership"], won[0]["service"], self.companies[0] if nameless else won[0]["bearer"]

    def class_of(self, council, feed, centre, account, project, day, department=None, must_know=True):
        """What a line on these codes would be; codes of a ledger must be known, texts of a payment need not be."""
        key = council, feed, centre, account, project, day, department, must_know
        if key not in self._known:
            self._known[key] = self._class_of(*key)
        return self._known[key]

    def _class_of(self, council, feed, centre, account, project, day, department, must_know):
        found = self.account(council, account, day)
        if found is not None and found["is_cost"] != "true":
            return "not_cost", "none", ""
        if not self.takes_part(council, day):
            return "retained", "none", ""
        if must_know and (found is None or self.centre(council, centre, day) is None):
            return "suspense", "none", ""
        codes = {"project": project, "cost_centre": centre, "account": account, "department": department}
        return self.rule(council, feed, codes, day) or ("suspense", "none", "")

    def place_of(self, council, centre, day):
        """The class of a cost centre by itself, for volumes: rules that name anything else do not meet it."""
        key = council, centre, day
        if key not in self._known:
            if not self.takes_part(council, day):
                self._known[key] = "retained", "none", ""
            elif self.centre(council, centre, day) is None:
                self._known[key] = "suspense", "none", ""
            else:
                self._known[key] = self.rule(council, None, {"cost_centre": centre}, day) or ("suspense", "none", "")
        return self._known[key]

    def register(self, table, period):
        """Per feed the snapshot in force: its day, and its rows. The last on or before the period's end, else the first later one."""
        days = defaultdict(lambda: defaultdict(list))
        for row in self.lake[table]:
            if row["as_at"] is not None:
                days[row["council"], row["feed"]][row["as_at"]].append(row)
        found = {}
        for feed, by_day in days.items():
            earlier = [day for day in by_day if day <= period.last]
            day = max(earlier) if earlier else min(by_day)
            found[feed] = day, by_day[day]
        return found


def holds(row, day):
    return row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
