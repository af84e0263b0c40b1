"""Volumes, shares, the matrix from origin to final, and cells cut by it (issue 7, §§ 6 to 8), in exact fractions."""

from collections import defaultdict
from fractions import Fraction

from oracle_books import half_away, holds, index_of, split

NOT_DISTRIBUTED = "non_distributed"   # redundancy and pension strain: no pool covers them without naming them
METHODS = ("direct", "step", "step_reversed", "reciprocal")
UNALLOCATED = "unallocated"


class Blocked(Exception):
    """Nobody bears a cost: the period is not published."""


class Volumes:
    """Who used what: every driver of a period, placed."""

    def __init__(self, books, period, year):
        self.books, self.period, self.months = books, period, year
        self.pools = [row for row in books.rows("pool", period.first)]
        self.drivers = {row["driver"]: row for row in books.rows("driver", period.first)}
        self.givers = defaultdict(set)
        for row in [*self.pools, *books.rows("share", period.first)]:
            if row["driver"]:
                self.givers[row["driver"]].add(row["service"])
        self.carried, self.lacking = {}, {}
        # (driver, to_service, to_ownership, to_bearer) → volume; and (driver, service, council, cost_centre, reason) → volume.
        self.placed, self.unplaced = defaultdict(int), defaultdict(int)
        self.marked = set()
        if period.closes:
            # Placed as they were: what its own months had, added up.
            for months in year:
                for key, volume in months.volume.items():
                    self.placed[key] += volume
                self.marked |= {key for key in months.marked if key in months.volume}
            self.volume = dict(self.placed)
            return
        raw = self.raw()
        for driver in sorted({row[0] for row in raw}):
            lacks = self.lacks(driver)
            if lacks:
                self.lacking[driver] = lacks
        for driver, council, feed, centre, organisation, service, volume in raw:
            self.place(driver, council, feed, centre, organisation, service, volume)
        self.volume, was = {}, self.marked
        self.marked = set()
        for key, volume in self.placed.items():
            for giver in self.givers[key[0]]:
                if self.usable(giver, key):
                    self.volume[self.used_as(giver, key)] = volume
                    self.marked |= {self.used_as(giver, key)} if key in was else set()

    def raw(self):
        """(driver, council, feed, cost centre, organisation, service, volume) of what counts in the period."""
        found, flows = [], defaultdict(lambda: defaultdict(list))
        for (council, feed), (day, rows) in self.books.register("driver_volume", self.period).items():
            age = self.period.index - index_of(day)
            for row in rows:
                driver = self.drivers.get(row["driver"])
                if driver is None or age <= int(driver["max_age"] or 0):
                    self.carried[row["driver"], council, feed] = max(age, 0)
                    found.append(self.of(row))
        for row in self.books.lake["driver_volume"]:
            if row["as_at"] is None:
                flows[row["council"], row["feed"]][row["delivery_year"] * 12 + min(row["delivery_period"], 12)].append(row)
        for (council, feed), by_period in flows.items():
            for row in by_period.get(self.period.index, []):
                self.carried[row["driver"], council, feed] = 0
                found.append(self.of(row))
            if self.period.index not in by_period:
                earlier = max((index for index in by_period if index < self.period.index), default=None)
                for row in by_period.get(earlier, []):
                    driver = self.drivers.get(row["driver"])
                    if driver and self.period.index - earlier <= int(driver["max_age"] or 0):
                        self.carried[row["driver"], council, feed] = self.period.index - earlier
                        found.append(self.of(row))
        for name, row in self.drivers.items():
            if row["fed_by"].startswith("derived:"):
                for (council, centre, age), volume in self.derived(name, row).items():
                    # What an older register has placed is marked, whatever else its council brought.
                    feed = row["fed_by"] + (f" {age}" if age else "")
                    self.carried.setdefault((name, council, feed), age)
                    # A post, a payslip and a cost centre are of their council, the shared service among them.
                    found.append((name, council, feed, centre, council, "", volume))
        return found

    @staticmethod
    def of(row):
        return row["driver"], row["council"], row["feed"], row["cost_centre"] or "", row["organisation"] or "", row["service"] or "", row["volume"]

    def derived(self, name, driver):
        kind, found = driver["fed_by"].removeprefix("derived:"), defaultdict(set)
        posts, heads = {}, {}
        for (council, _), (day, rows) in self.books.register("assignment", self.period).items():
            age = self.period.index - index_of(day)
            for row in rows:
                if holds(row, self.period.last):
                    # A register that is too old places no payslip.
                    if age <= int(driver["max_age"] or 0) and row["cost_centre"]:
                        posts.setdefault((council, row["assignment"]), (row["cost_centre"], max(age, 0)))
                    if age <= int(driver["max_age"] or 0):
                        centre = row["cost_centre"] or ""
                        # One head, however many rows, registers and cost centres it has.
                        heads.setdefault((council, row["assignment"]), set()).add((not centre, age < 0, abs(age), centre, max(age, 0)))
            if kind == "headcount":
                self.carried[name, council, driver["fed_by"]] = max(age, 0)
        if kind == "headcount":
            for (council, assignment), rows in heads.items():
                *_, centre, age = min(rows)
                found[council, centre, age].add(assignment)
        in_period = (self.period.year, self.period.number)
        if kind == "payslips":
            slips = {}
            for row in self.books.lake["pay_line"]:
                # Pay without an assignment is on no payslip.
                if (row["delivery_year"], row["delivery_period"]) == in_period and row["assignment"] is not None:
                    self.carried[name, row["council"], driver["fed_by"]] = 0
                    slips.setdefault((row["council"], row["assignment"], row["pay_date"]), set()).update({row["cost_centre"] or ""} - {""})
            for (council, assignment, date), centres in slips.items():
                # One payslip, however many cost centres it is booked on.
                found[council, *posts.get((council, assignment), (min(centres, default=""), 0))].add((assignment, date))
        if kind == "cost_centres":
            for row in self.books.rows("cost_centre", self.period.last):
                self.carried[name, row["council"], driver["fed_by"]] = 0
                found[row["council"], row["cost_centre"], 0].add(row["cost_centre"])
        return {key: len(those) for key, those in found.items()}

    def lacks(self, driver):
        """The feed without which the driver has no volume; None where it is whole."""
        row = self.drivers.get(driver)
        if row is None or not row["fed_by"]:
            return None
        members = sorted({council for giver in self.givers[driver] for council in self.books.partners(giver, self.period.first)})
        if row["fed_by"].startswith("derived:"):
            wanted = [(council, row["fed_by"]) for council in members]
        elif row["fed_by"].startswith("*/"):
            wanted = [(council, row["fed_by"][2:]) for council in members]
        else:
            wanted = [tuple(row["fed_by"].split("/"))]
        for council, feed in wanted:
            age = self.carried.get((driver, council, feed))
            if age is None or age > int(row["max_age"] or 0):
                return f"{council}/{feed}"
        return None

    def place(self, driver, council, feed, centre, organisation, service, volume):
        def nowhere(reason, giver=""):
            if volume:
                self.unplaced[driver, giver, council, centre, reason] += volume

        if driver not in self.drivers:
            return nowhere("unknown_driver")
        if not centre and self.drivers[driver]["fed_by"].startswith("derived:"):
            return nowhere("no_place")
        if council != "shared":
            organisation = organisation or council
        own = organisation in self.books.councils if "shared" in (council, organisation) else organisation == council
        if organisation and not own:
            to = self.to_organisation(organisation)
        elif centre and organisation:
            cls = self.books.place_of(organisation, centre, self.period.last)
            if cls[0] == "suspense":
                return nowhere("suspense")
            to = self.to_class(cls, organisation)
        elif service:
            to = (service, "shared", "")
        elif organisation:
            to = self.to_organisation(organisation)
        else:
            return nowhere("no_place")
        if to is None:
            return nowhere("unknown_organisation")
        if driver in self.lacking:
            return nowhere("not_whole")
        if not self.givers[driver]:
            return nowhere("no_giver")
        key = (driver, *to)
        self.placed[key] += volume
        if self.carried.get((driver, council, feed), 0) > 0:
            self.marked.add(key)
        for giver in self.givers[driver]:
            why = self.why_not(giver, key)
            if why:
                nowhere(why, giver)
        return None

    def to_organisation(self, name):
        if name in self.books.councils:
            return "", "shared", name
        customers = {row["customer"]: row["kind"] for row in self.books.rows("customer", self.period.last)}
        if name in self.books.companies or customers.get(name) == "company":
            return "", "company", name
        return ("", "external", name) if name in customers else None

    def to_class(self, cls, council):
        ownership, service, bearer = cls
        if ownership == "shared":
            return service, "shared", ""
        if ownership == "retained":
            return "", "shared", council
        return service, ownership, bearer or council

    def why_not(self, giver, key):
        """Why a giver cannot give to a user."""
        _, service, ownership, bearer = key
        if service == "" and ownership == "shared" and not self.books.member(bearer, giver, self.period.last) and not self.is_served(bearer, giver):
            return "not_a_member"
        if bearer == "" and service != giver and self.books.services[giver] == "final":
            return "final_gives"
        return None

    def usable(self, giver, key):
        return self.why_not(giver, key) is None

    def is_served(self, council, giver):
        """Whether a council that is no partner of a service buys it: it uses it as a customer does."""
        agreed = any((row["customer"], row["service"]) == (council, giver) for row in self.books.rows("agreement", self.period.last))
        return agreed and not self.books.member(council, giver, self.period.last)

    def used_as(self, giver, key):
        driver, service, ownership, bearer = key
        is_bought = service == "" and ownership == "shared" and self.is_served(bearer, giver)
        return (driver, "", "external", bearer) if is_bought else key

    def counts(self, giver, key):
        """Whether a volume as it is published is one of this giver: a council may be its partner and another's customer."""
        _, service, ownership, bearer = key
        if service == "" and bearer in self.books.councils:
            return self.books.member(bearer, giver, self.period.last) if ownership == "shared" else self.is_served(bearer, giver)
        return self.usable(giver, key)

    def used(self, giver, driver):
        """What of a driver a service gives: to services, to partners, and to those who bear alone. Its own use is not among it."""
        services, partners, alone = defaultdict(int), defaultdict(int), defaultdict(int)
        # A closing period is the sum of its months, each as it was then: a former partner's use stays in the partners' part.
        months = self.months if self.period.closes else (self,)
        of_driver = [(key, volume) for month in months for key, volume in month.volume.items() if key[0] == driver and month.counts(giver, key)]
        for (_, service, ownership, bearer), volume in of_driver:
            if bearer == "":
                if service != giver:
                    services[service] += volume
            elif ownership == "shared":
                partners[bearer] += volume
            else:
                alone[service or giver, ownership, bearer] += volume
        return services, partners, alone


class Shares:
    """The share in force of every service (§ 8). What leaves a partner out was agreed with nobody: no share is in force."""

    def __init__(self, books, volumes, period):
        self.register, self.in_force = [], {}
        for service in books.services:
            rows = {row["partner"]: row for row in books.rows("share", period.first) if row["service"] == service}
            if rows and set(books.partners(service, period.first)) <= set(rows):
                self.settle(service, rows, volumes)

    def settle(self, service, rows, volumes):
        driver = next((row["driver"] for row in rows.values() if row["driver"]), "")
        agreed = {partner: int(row["weight"]) for partner, row in rows.items() if row["weight"]}
        known = bool(driver) and any(key[0] == driver for key in volumes.volume)
        used = {partner: volumes.volume.get((driver, "", "shared", partner), 0) for partner in rows}
        total, all_used = sum(agreed.values()), sum(used.values())
        apart = {}
        if agreed and known and all_used:
            apart = {partner: Fraction(used[partner], all_used) - Fraction(agreed.get(partner, 0), total) for partner in rows}
        outside = any(abs(gap) * 100 > Fraction(rows[partner]["tolerance"] or 3) for partner, gap in apart.items())
        if not agreed and not all_used:
            return
        if not agreed:
            word, weights = "driver_only", used
        elif not apart:
            word, weights = "agreed_only", agreed
        elif not outside:
            word, weights = "agreed", agreed
        elif all(row["exception"] == "true" for row in rows.values()):
            word, weights = "agreed_by_exception", agreed
        else:
            word, weights = "driver", used
        self.in_force[service] = weights
        for partner, row in rows.items():
            # Where nobody used anything the driver's share is nought, and nothing is compared.
            gap = apart.get(partner, Fraction(-agreed.get(partner, 0), total) if agreed and known else None)
            self.register.append({
                "service": service, "partner": partner, "agreed_weight": agreed.get(partner), "agreed_total": total or None, "driver": driver or None,
                "volume": used[partner] if known else None, "volume_total": all_used if known else None,
                "driver_minus_agreed": None if gap is None else f"{gap.numerator}/{gap.denominator}",
                "tolerance": Fraction(row["tolerance"] or 3) if driver else None, "used": word,
                "weight_in_force": weights[partner], "total_in_force": sum(weights.values()),
            })


class Matrix:
    """Origin → final of one set of pools by one method; every row sums to 1."""

    def __init__(self, books, volumes, shares, period, group, method):
        self.books, self.volumes, self.shares, self.period, self.group, self.method = books, volumes, shares, period, group, method
        self.pools = {}
        for row in volumes.pools:
            if row["account_group"] == "" and group != NOT_DISTRIBUTED and row["service"] not in self.pools or group and row["account_group"] == group:
                self.pools[row["service"]] = row
        self.steps = steps = {row["service"]: int(row["step"]) for row in volumes.pools if row["step"]}
        self.rank = {service: place for place, service in enumerate(sorted(steps, key=lambda service: (steps[service], service)))}
        self.flows = {service: self.flow(service) for service in books.services}
        self.rows = self.solve()

    def dropped(self, giver, taker):
        if self.method == "direct":
            return self.books.services[taker] != "final"
        if self.books.services[taker] == "final":
            # A final service is closed to those on higher steps where it has a step itself.
            return self.method == "step" and giver in self.steps and self.steps.get(taker, self.steps[giver]) < self.steps[giver]
        if self.method == "reciprocal" or giver not in self.rank or taker not in self.rank:
            return False
        later = self.rank[taker] > self.rank[giver]
        return later if self.method == "step_reversed" else not later

    def spread(self, service, weight):
        """`weight` over the partners by the share in force, or what the policy says."""
        share = {partner: part for partner, part in self.shares.in_force.get(service, {}).items() if part}
        if share:
            total = sum(share.values())
            return {(service, "shared", partner): Fraction(weight * part, total) for partner, part in share.items()}
        return self.policy(service, weight)

    def policy(self, service, weight):
        pool = self.pools.get(service)
        word = (pool["zero_volume"] or "refuse") if pool else "leave_unallocated"
        if word == "leave_unallocated":
            return {(service, "shared", UNALLOCATED): Fraction(weight)}
        if word == "spread_evenly":
            partners = self.books.partners(service, self.period.first)
            # With no partner left there is nobody to spread it over: cost that comes here is refused.
            if partners:
                return {(service, "shared", partner): Fraction(weight, len(partners)) for partner in partners}
        return {(service, "shared", "refused"): Fraction(weight)}

    def flow(self, service):
        """(to services, to finals) as parts of 1."""
        pool = self.pools.get(service)
        if pool is None:
            return {}, self.policy(service, 1)
        if not pool["driver"]:
            return {}, self.spread(service, 1)
        services, partners, alone = self.volumes.used(service, pool["driver"])
        services = {taker: volume for taker, volume in services.items() if volume and not self.dropped(service, taker)}
        partners, alone = sum(partners.values()), {final: volume for final, volume in alone.items() if volume}
        total = sum(services.values()) + partners + sum(alone.values())
        if total == 0:
            return {}, self.policy(service, 1)
        finals = {final: Fraction(volume) for final, volume in alone.items()}
        if partners:
            for final, part in self.spread(service, partners).items():
                finals[final] = finals.get(final, 0) + part
        return {taker: Fraction(volume, total) for taker, volume in services.items()}, {final: part / total for final, part in finals.items()}

    def solve(self):
        """Elimination over the fractions: X = flow to finals + flow to services · X."""
        take = {service: dict(flow[0]) for service, flow in self.flows.items()}
        rows = {service: dict(flow[1]) for service, flow in self.flows.items()}
        for one in take:
            own = 1 - take[one].pop(one, Fraction(0))
            if own == 0:
                raise Blocked(f"closed loop at {one}")
            take[one] = {other: part / own for other, part in take[one].items()}
            rows[one] = {final: part / own for final, part in rows[one].items()}
            for other in take:
                part = take[other].pop(one, None) if other != one else None
                if part:
                    for third, more in take[one].items():
                        take[other][third] = take[other].get(third, 0) + part * more
                    for final, more in rows[one].items():
                        rows[other][final] = rows[other].get(final, 0) + part * more
        for service, row in rows.items():
            if sum(row.values()) != 1:
                raise Blocked(f"{service}: its parts sum to {sum(row.values())}")
        return rows

    def gross(self, direct):
        """Direct cost and what is received of others: (I − Q)ᵀ g = direct, by elimination as in `solve`."""
        # Each service's gross is a sum over origins of direct × visits; visits solve V = I + Q V, row by row.
        take = {service: dict(flow[0]) for service, flow in self.flows.items()}
        visits = {service: {service: Fraction(1)} for service in take}
        for one in take:
            own = 1 - take[one].pop(one, Fraction(0))
            take[one] = {other: part / own for other, part in take[one].items()}
            visits[one] = {seen: part / own for seen, part in visits[one].items()}
            for other in take:
                part = take[other].pop(one, None) if other != one else None
                if part:
                    for third, more in take[one].items():
                        take[other][third] = take[other].get(third, 0) + part * more
                    for seen, more in visits[one].items():
                        visits[other][seen] = visits[other].get(seen, 0) + part * more
        found = defaultdict(Fraction)
        for origin, amount in direct.items():
            for seen, part in visits[origin].items():
                found[seen] += amount * part
        return found


class Allocation:
    """All matrices of a period, and the cells cut by them."""

    def __init__(self, books, period, parts, year=()):
        self.books, self.period = books, period
        self.volumes = Volumes(books, period, year)
        self.shares = Shares(books, self.volumes, period)
        self.method = books.method(period.first)
        self.named = sorted({row["account_group"] for row in self.volumes.pools if row["account_group"]} | {NOT_DISTRIBUTED})
        self.cells = defaultdict(int)
        for line in parts:
            if where(line) == "cell":
                ownership, service, bearer = line["class"]
                # Shared cost is borne by whom it is shared with; of other cost the council bears what names nobody.
                bearer = "" if ownership == "shared" else bearer or line["council"]
                self.cells[ownership, service, bearer, line["group"], line["on_cost"], line["council"], line["fund"]] += line["amount"]
        methods = METHODS if self.method else ()
        self.matrices, self.compared = {}, {}
        for method in METHODS if self.method else ():
            try:
                for group in ("", *self.named):
                    self.matrices[group, method] = Matrix(books, self.volumes, self.shares, period, group, method)
                self.compared[method] = self.cut(method)
            except Blocked:
                # By a method that is not in force a pool may refuse: then there is nothing to compare with it.
                if method == self.method:
                    raise
                self.compared[method] = None
        self.allocated = self.compared[self.method] if self.method else self.cut(None)

    def cut(self, method):
        """Rows of allocated_cost: (cell without its bearer, final, placement, pence)."""
        found = []
        for (ownership, service, bearer, group, on_cost, council, fund), amount in sorted(self.cells.items()):
            cell = service, ownership, group, on_cost, council, fund
            if ownership != "shared":
                found.append((cell, (service, ownership, bearer), "direct", amount))
                continue
            if method is None:
                found.append((cell, (service, "shared", council), UNALLOCATED, amount))
                continue
            row = self.matrices[group if group in self.named else "", method].rows.get(service, {(service, "shared", UNALLOCATED): Fraction(1)})
            if amount and any(final[2] == "refused" for final in row):
                raise Blocked(f"{service}: no volume, and its pool refuses that")
            names = {"/".join(final): final for final, part in row.items() if part}
            for name, part in split(amount, {name: row[final] for name, final in names.items()}).items():
                final = names[name]
                left = final[2] == UNALLOCATED
                found.append((cell, (*final[:2], council) if left else final, UNALLOCATED if left else "allocated", part))
        return found

    def direct(self, group):
        """Shared cost by service of one set of pools."""
        found = defaultdict(int)
        for (ownership, service, _, of, *_), amount in self.cells.items():
            if ownership == "shared" and (of == group if group else of not in self.named):
                found[service] += amount
        return found

    def gross(self):
        """(pool set, service) → (direct, gross), exact pence."""
        found = {}
        if self.method is None:
            return found
        for group in ("", *self.named):
            direct, matrix = self.direct(group), self.matrices[group, self.method]
            has = {service for service in direct}
            # Whatever its pounds come to: a cell of nought goes on as others do.
            while more := {other for service in has & set(matrix.flows) for other, part in matrix.flows[service][0].items() if part} - has:
                has |= more
            gross = matrix.gross(direct)
            # In a set of its own a service stands with its cost, whether a pool takes that on or not.
            for service in (set(gross) | has if group else matrix.pools):
                if not group or service in has:
                    found[group or "all", service] = direct.get(service, 0), gross.get(service, Fraction(0))
        return found


def where(line):
    """Where a line part stands, by the order of § 9: nowhere, suspense, recharge, retained or a cell."""
    if not line["is_cost"] or line["class"][0] == "not_cost":
        return "no_cost"
    if line["class"][0] == "suspense":
        return "suspense"
    if line["recharge"]:
        return "recharge"
    return "retained" if line["class"][0] == "retained" else "cell"


def rounded(direct, gross):
    """(direct, received, gross) in whole pence."""
    whole = half_away(gross)
    return direct, whole - direct, whole
