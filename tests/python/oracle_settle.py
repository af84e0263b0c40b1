"""Recharges, settlement, trading, full cost, blankets and the bridge (issue 7, §§ 5, 9, 10 and 11). Pounds are whole pence."""

from collections import defaultdict
from fractions import Fraction

from oracle_allocate import where
from oracle_books import half_away, split


class Recharges:
    """Charges between the partners, matched period after period: a period looks at itself and earlier ones."""

    def __init__(self, books):
        self.books, self.sums = books, []
        self.pairs, self.unmatched, self.left = defaultdict(list), defaultdict(list), defaultdict(lambda: defaultdict(int))

    def period(self, period, parts):
        fresh = self.sums_of(period, parts)
        self.sums.extend(fresh)
        for one in fresh:
            self.left[period.key][one["council"]] += one["amount"]
        self.same_reference(period, fresh, lambda other: other["key"] == period.key)
        self.same_reference(period, fresh, lambda other: other["key"] < period.key and period.index - other["index"] <= self.books.window)
        self.without_reference(period, fresh)
        for one in self.sums:
            if one["open"]:
                self.unmatched[period.key].append({**one, "age": period.index - one["index"]})

    def sums_of(self, period, parts):
        names = {row["name"].strip().casefold(): row["organisation"] for row in self.books.rows("organisation_name", period.last)}
        found = defaultdict(lambda: {"amount": 0, "places": set()})
        for line in parts:
            if where(line) != "recharge":
                continue
            other = names.get((line["row"]["counterparty"] or "").strip().casefold(), "")
            # Whoever was never a partner by then is none of ours; a former one is.
            since = self.books.since(other)
            if other == line["council"] or since is None or line["day"] < since:
                other = ""
            reference = " ".join((line["row"]["reference"] or "").split()).casefold()
            one = found[line["council"], other, reference]
            one["amount"] += line["amount"]
            one["places"].add("retained" if line["class"][0] == "retained" else line["class"][1])
        return [{"council": council, "other": other, "reference": reference, "index": period.index, "key": period.key, "amount": one["amount"], "places": one["places"],
                 "open": one["amount"] != 0, "reason": None if other else "unknown_party", "dead": not other}
                for (council, other, reference), one in sorted(found.items())]

    def fit(self, one, other, within):
        return (one["open"] and other["open"] and not one["dead"] and not other["dead"] and (one["council"], one["other"]) == (other["other"], other["council"])
                and (one["amount"] > 0) != (other["amount"] > 0) and abs(one["amount"] + other["amount"]) <= within)

    def same_reference(self, period, fresh, near):
        for one in fresh:
            if not one["reference"]:
                continue
            others = [other for other in self.sums if other is not one and other["reference"] == one["reference"] and near(other)
                      and self.fit(one, other, self.books.tolerance)]
            if others:
                oldest = min(other["index"] for other in others)
                others = [other for other in others if other["index"] == oldest]
                if len(others) == 1:
                    self.pair(period, one, others[0], one["reference"])
                else:
                    for other in (one, *others):
                        other["reason"] = "ambiguous"

    def without_reference(self, period, fresh):
        def near(one):
            return [other for other in fresh if other is not one and not (one["reference"] and other["reference"]) and self.fit(one, other, 0)]

        meets = [(one, near(one)) for one in fresh]
        for one, others in meets:
            if not one["open"] or one["dead"] or not others:
                continue
            if len(others) == 1 and len(near(others[0])) == 1:
                self.pair(period, one, others[0], one["reference"] or others[0]["reference"])
            elif len(others) > 1:
                for other in (one, *others):
                    other["reason"] = "ambiguous"

    def pair(self, period, one, other, reference):
        payer, payee = (one, other) if one["amount"] > 0 else (other, one)
        if payee["places"] == {"retained"} or len(payee["places"]) > 1:
            for side in (payer, payee):
                side["reason"], side["dead"] = "not_shared" if payee["places"] == {"retained"} else "several_services", True
            return
        paid, received = payer["amount"], payee["amount"]
        self.pairs[period.key].append({"service": next(iter(payee["places"])), "payer": payer["council"], "payee": payee["council"], "reference": reference,
                                         "paid": paid, "received": received, "eliminated": paid, "difference": paid + received})
        for side in (payer, payee):
            side["open"] = False
            self.left[period.key][side["council"]] -= side["amount"]


class Settled:
    """What a period's allocated cost and pairs come to."""

    def __init__(self, books, period, allocation, pairs):
        self.books, self.period, self.allocation, self.pairs = books, period, allocation, pairs
        self.pair = defaultdict(int)
        self.results, self.shares = [], []
        self.settlement = defaultdict(lambda: [0, 0, 0])
        self.cost()
        self.trade()
        self.payments = self.pay()

    def cost(self):
        for (service, _, _, _, council, _), (_, _, bearer), _, amount in self.allocation.allocated:
            self.settlement["cost", service, council][0] += amount
            self.settlement["cost", service, bearer][1] += amount
            self.owes("cost", service, bearer, council, amount)
        for row in self.pairs:
            self.settlement["cost", row["service"], row["payer"]][2] += row["eliminated"]
            self.settlement["cost", row["service"], row["payee"]][2] -= row["eliminated"]
            self.owes("cost", row["service"], row["payer"], row["payee"], -row["eliminated"])

    def owes(self, kind, service, debtor, creditor, amount):
        if debtor != creditor:
            self.pair[kind, service, debtor, creditor] += amount
            self.pair[kind, service, creditor, debtor] -= amount

    def trade(self):
        agreements = {(row["service"], row["customer"]): row for row in self.books.rows("agreement", self.period.first)}
        parts = defaultdict(list)
        for cell, (service, _, bearer), _, amount in self.allocation.allocated:
            if bearer not in self.books.councils or self.is_sold_to(bearer, service, agreements) and bearer != cell[4]:
                parts[service, bearer].append((cell, amount))
        for (service, customer), rows in sorted(parts.items()):
            agreement = agreements.get((service, customer))
            if agreement is not None and agreement["terms"] == "full_cost":
                continue
            result, direct, used = {"income": 0, "direct": 0, "own_service": 0, "overhead": 0}, defaultdict(int), defaultdict(int)
            for (origin, ownership, group, _, council, _), amount in rows:
                used[council] += amount
                if ownership != "shared":
                    result["income" if group == "income" else "direct"] += amount
                    direct[council] += amount
                else:
                    result["own_service" if origin == service else "overhead"] += amount
            loss = sum(result.values())
            result["income"] = -result["income"]
            self.results.append({"service": service, "customer": customer, "agreement": agreement and agreement["agreement"],
                                 "legal_basis": agreement and agreement["legal_basis"], **result, "surplus": -loss})
            back = split(loss, self.carriers(service, direct, used))
            for partner, amount in back.items():
                self.shares.append({"service": service, "customer": customer, "partner": partner, "amount": amount})
                self.settlement["trading", service, partner][1] += amount
                self.owes("trading", service, partner, customer, amount)
            self.settlement["trading", service, customer][1] -= loss

    def is_sold_to(self, council, service, agreements):
        """A council that is no partner of a service by then and buys it at a price is a customer."""
        agreement = agreements.get((service, council))
        return agreement is not None and agreement["terms"] == "price" and not self.books.member(council, service, self.period.last)

    def carriers(self, service, direct, used):
        share = self.allocation.shares.in_force.get(service)
        if share:
            return share
        partners = dict.fromkeys(self.books.partners(service, self.period.first), 1)
        # With neither a direct line nor a partner the councils carry it in whose ledgers all that it uses stands.
        sizes = [{council: abs(amount) for council, amount in of.items() if amount} for of in (direct, used)]
        return sizes[0] or partners or sizes[1]

    def balance(self, row):
        return row[1] - row[0] - row[2]

    def pay(self):
        """Largest debtor to largest creditor, ties by key, until nil."""
        owe, payments = defaultdict(int), []
        for (_, _, organisation), row in self.settlement.items():
            owe[organisation] += self.balance(row)
        while any(owe.values()):
            debtor = min((name for name in owe if owe[name] > 0), key=lambda name: (-owe[name], name.encode()))
            creditor = min((name for name in owe if owe[name] < 0), key=lambda name: (owe[name], name.encode()))
            amount = min(owe[debtor], -owe[creditor])
            payments.append((debtor, creditor, amount))
            owe[debtor] -= amount
            owe[creditor] += amount
        return payments


def full_cost(allocation):
    found = defaultdict(lambda: {"pay": 0, "on_cost": 0, "other": 0, "income": 0, "overhead": 0, "has": set()})
    for (origin, _, group, on_cost, _, _), final, _, amount in allocation.allocated:
        row = found[final]
        # The golden example's script: income is income, whichever service it comes from.
        name = "income" if group == "income" else "overhead" if origin != final[0] else "on_cost" if on_cost else "pay" if group == "employees" else "other"
        row[name] += amount
        row["has"] |= {"on_cost"} if on_cost else set()
        row["has"] |= {"overhead"} if origin != final[0] else set()
        row["has"] |= {"premises"} if group == "premises" else set()
        row["has"] |= {"depreciation"} if group.startswith("depreciation") else set()
    return found


def blankets(books, period, allocation, on_cost):
    """Rows of blanket_comparison. Units without a base above nought are left out, and their true amount with them."""
    rows, found = books.rows("blanket", period.first), []
    for name in sorted({row["blanket"] for row in rows}):
        own = [row for row in rows if row["blanket"] == name]
        kind = own[0]["kind"]
        base, true = on_cost_units(own[0], on_cost) if kind == "on_cost" else overhead_units(books, allocation)
        scopes = {row["scope"]: row for row in own}
        if any(row["weight"] for row in own):
            weights = {row["scope"]: int(row["weight"]) for row in own if row["weight"]}
            charged = level = split(sum(true.values()), weights)
            units = sorted(set(true) | set(weights))
            base = {unit: weights.get(unit, 0) * 100 for unit in units}
        else:
            council = {unit: unit.split("/")[0] for unit in base}
            percent = {unit: Fraction((scopes.get(council[unit]) or scopes["all"])["percent"]) for unit in base if council[unit] in scopes or "all" in scopes}
            units = sorted(unit for unit in percent if base[unit] > 0)
            charged = {unit: half_away(base[unit] * percent[unit] / 100) for unit in units}
            level = split(sum(true.get(unit, 0) for unit in units), {unit: base[unit] for unit in units}) if units else {}
        for unit in units:
            found.append({"blanket": name, "kind": kind, "unit": unit, "base": base[unit], "blanket_amount": charged.get(unit, 0),
                          "level_amount": level.get(unit, 0), "true_amount": true.get(unit, 0), "rate_effect": level.get(unit, 0) - charged.get(unit, 0),
                          "distribution_effect": true.get(unit, 0) - level.get(unit, 0)})
    return found


def on_cost_units(row, on_cost):
    names = {"/".join((one["council"], *one["class"])): one for one in on_cost}
    return {name: one[row["base"]] or 0 for name, one in names.items()}, {name: one["on_cost"] for name, one in names.items()}


def overhead_units(books, allocation):
    base, true = defaultdict(int), defaultdict(int)
    for (origin, *_), (_, _, bearer), _, amount in allocation.allocated:
        support = books.services.get(origin) == "support"
        true[bearer] += amount * support
        base[bearer] += amount * (not support)
    return base, true


def bridge(parts, allocation, pairs, left):
    """council → item → pence, for every council with a ledger."""
    found = {}
    for council in sorted({line["council"] for line in parts}):
        mine = [line for line in parts if line["council"] == council]
        item = {"total": sum(line["amount"] for line in mine if where(line) != "no_cost")}
        for name in ("retained", "suspense"):
            item[name] = sum(line["amount"] for line in mine if where(line) == name)
        item["recharge_eliminated"] = sum(row["eliminated"] * ((row["payer"] == council) - (row["payee"] == council)) for row in pairs)
        item["recharge_difference"] = sum(row["difference"] for row in pairs if row["payee"] == council)
        item["recharge_unmatched"] = left.get(council, 0)
        item["allocated"] = sum(row[3] for row in allocation.allocated if row[0][4] == council)
        found[council] = item
    return found
