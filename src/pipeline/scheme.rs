//! What rules and reference tables of true cost say together: bearers, pools and their steps, blankets, journals, dates.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CostModel, Feed, Service, ServiceKind, fed,
    known::refused,
    partnership::Head,
    reference::Faults,
    rules::{self, Cell},
    shares,
    typed::{Row, Tables, days_of_change, rows},
};
use crate::{
    diagnostic::{
        Diagnostic,
        codes::{config, reference},
    },
    domain::{Day, Method, Ownership},
};

/// Reports everything that cannot be so.
pub fn check(tables: &Tables, head: &Head, feeds: &[Feed], cost: &CostModel, faults: &mut Vec<Diagnostic>) {
    let customers: BTreeSet<&str> = customers(tables, head).collect();
    let companies: BTreeSet<&str> = head.companies.iter().map(|company| &*company.id).collect();
    if !refused("customer", faults) {
        // A catalogue that was taken over whole has hundreds of them.
        let mut nameless = Faults::default();
        rows(tables, rules::TABLE).filter_map(|row| bearer(row, &customers, &companies)).for_each(|fault| nameless.push("bearer", fault));
        faults.extend(nameless.into_all());
    }
    for table in WITH_PERIODS {
        faults.extend(rows(tables, table).flat_map(within_a_period));
    }
    shares::check(tables, &head.members, faults);
    one_pool_each(tables, faults);
    steps(tables, &head.services, cost, faults);
    faults.extend(rows(tables, "blanket").filter_map(blanket));
    one_base_each(tables, faults);
    one_sort_of_terms(tables, faults);
    fed::check(tables, feeds, faults);
    faults.extend(rows(tables, "payroll_journal").filter_map(journal));
}

/// Tables whose rows change with a period.
const WITH_PERIODS: [&str; 4] = ["agreement", "driver", "pool", "share"];

/// Everybody outside the partnership who may be served.
pub fn customers<'t>(tables: &'t Tables, head: &'t Head) -> impl Iterator<Item = &'t str> {
    let members = head.members.iter().filter(|member| member.role == super::Role::Customer).map(|member| &*member.organisation);
    rows(tables, "customer").filter_map(|row| row.text("customer")).chain(members)
}

/// Cost of a customer or a company has a name: without one nobody could be billed for it.
fn bearer(row: Row<'_>, customers: &BTreeSet<&str>, companies: &BTreeSet<&str>) -> Option<Diagnostic> {
    let (is_known, whom): (fn(&str, &BTreeSet<&str>, &BTreeSet<&str>) -> bool, _) = match Ownership::parse(row.word("ownership"))? {
        Ownership::External => (|who, customers, companies| customers.contains(who) || companies.contains(who), "customer or company"),
        Ownership::Company => (|who, _, companies| companies.contains(who), "company"),
        _ => return None,
    };
    let (rule, ownership) = (row.word("rule_id"), row.word("ownership"));
    let (seen, hint) = match row.text("bearer") {
        None => (format!("the rule `{rule}` makes cost `{ownership}` and names no bearer"), "Name it under `bearer`."),
        Some(who) if !is_known(who, customers, companies) => {
            (format!("the rule `{rule}` makes cost `{ownership}`, and its bearer `{who}` is no {whom}"), "Name another bearer.")
        }
        Some(_) => return None,
    };
    let expected = match whom {
        "company" => "a company of partnership.yaml",
        _ => "a customer of pipelines/reference/customer.csv, or a company of partnership.yaml",
    };
    Some(row.fault(reference::BEARER, seen).expected(expected).hint(hint))
}

/// A change of these rows is one of a whole period.
fn within_a_period(row: Row<'_>) -> impl Iterator<Item = Diagnostic> {
    ["valid_from", "valid_to"].into_iter().filter_map(move |name| {
        let day = row.day(name).filter(|day| day.ymd().2 != 1)?;
        let fault = row.fault(config::NOT_A_PERIOD_START, format!("`{name}` is {day}, in the middle of a period"));
        let hint = "Let the change come with the period before or after it.";
        Some(fault.expected("the first day of a month: shares, pools, drivers and agreements change with a period").hint(hint))
    })
}

/// Rows of a table that agree in two columns and hold on common days, and have another word in a third: each with the first such row
/// before it.
fn apart<'t>(tables: &'t Tables, table: &'static str, keys: [&'static str; 2], word: &'static str) -> Vec<(Row<'t>, Row<'t>)> {
    let mut alike: BTreeMap<[&str; 2], Vec<Row<'_>>> = BTreeMap::new();
    let mut found = Vec::new();
    for row in rows(tables, table) {
        let same = alike.entry(keys.map(|key| row.word(key))).or_default();
        let other = same.iter().find(|other| other.word(word) != row.word(word) && other.span().overlaps(row.span()));
        found.extend(other.map(|other| (row, *other)));
        same.push(row);
    }
    found
}

/// On no day two pools for one service and account group.
fn one_pool_each(tables: &Tables, faults: &mut Vec<Diagnostic>) {
    for (row, other) in apart(tables, "pool", ["service", "account_group"], "pool") {
        let group = row.text("account_group").map_or_else(|| "every other account group".to_owned(), |group| format!("`{group}`"));
        let seen = format!(
            "`{}` and `{}` of line {} both hold {group} of `{}`",
            row.word("pool"),
            other.word("pool"),
            other.line(),
            row.word("service")
        );
        let hint = "Remove one of the two, name another account group, or let one end where the other begins.";
        faults.push(row.fault(reference::SCHEME, seen).expected("one pool for each service and account group on any day").hint(hint));
    }
}

/// A service has one step; where the method is `step`, every service that gives has one, and no two the same.
fn steps(tables: &Tables, services: &[Service], cost: &CostModel, faults: &mut Vec<Diagnostic>) {
    let pools: Vec<Row<'_>> = rows(tables, "pool").collect();
    let mut said: BTreeSet<(u64, u64)> = BTreeSet::new();
    let starts = cost.allocation.iter().map(|(from, _)| crate::domain::Span { from: Some(*from), to: None });
    for day in days_of_change(pools.iter().map(|row| row.span()).chain(starts)) {
        let held: Vec<Row<'_>> = pools.iter().copied().filter(|row| row.span().contains(day)).collect();
        let mut step_of: BTreeMap<&str, Row<'_>> = BTreeMap::new();
        for row in held.iter().filter(|row| row.whole("step").is_some()) {
            let first = step_of.entry(row.word("service")).or_insert(*row);
            if first.whole("step") != row.whole("step") && said.insert((first.line(), row.line())) {
                let seen = format!("`{}` has step {} here, and another on line {}", row.word("service"), step(*row), first.line());
                faults.push(row.fault(reference::SCHEME, seen).expected("one step for a service, in all its pools").hint(ONE_STEP));
            }
        }
        if cost.method_on(day) == Some(Method::Step) {
            let gives = |service: &str| services.iter().any(|known| *known.id == *service && known.kind != ServiceKind::Final);
            steps_apart(day, &held.into_iter().filter(|row| gives(row.word("service"))).collect::<Vec<_>>(), &step_of, &mut said, faults);
        }
    }
}

const ONE_STEP: &str = "Write the same step into all pools of the service.";

fn step(row: Row<'_>) -> String {
    row.whole("step").map_or_else(|| "none".to_owned(), |step| step.to_string())
}

/// What the step method needs on a day: a step for each service that gives, and each its own.
fn steps_apart(
    day: Day,
    giving: &[Row<'_>],
    step_of: &BTreeMap<&str, Row<'_>>,
    said: &mut BTreeSet<(u64, u64)>,
    faults: &mut Vec<Diagnostic>,
) {
    let mut taken: BTreeMap<i64, Row<'_>> = BTreeMap::new();
    let mut seen_services = BTreeSet::new();
    for row in giving.iter().filter(|row| seen_services.insert(row.word("service"))) {
        let service = row.word("service");
        let Some(step) = step_of.get(service).and_then(|row| row.whole("step")) else {
            if said.insert((row.line(), 0)) {
                let seen = format!("`{service}` gives to other services and has no step, and the method is `step` on {day}");
                faults.push(
                    row.fault(reference::SCHEME, seen).expected("a step for every service that is not final").hint("Give it a step."),
                );
            }
            continue;
        };
        let other = *taken.entry(step).or_insert(*row);
        if other.word("service") != service && said.insert((other.line(), row.line())) {
            let seen = format!(
                "`{service}` and `{}` of line {} both have step {step}, and the method is `step` on {day}",
                other.word("service"),
                other.line()
            );
            let hint = "Give one of the two another step.";
            faults.push(row.fault(reference::SCHEME, seen).expected("a step of its own for every service that is not final").hint(hint));
        }
    }
}

/// A blanket is a percentage of a base, or weights, and not both.
fn blanket(row: Row<'_>) -> Option<Diagnostic> {
    let (percent, weight) = (row.decimal("percent"), row.whole("weight"));
    let (kind, base) = (row.word("kind"), row.word("base"));
    let is_weighted = base == "weight";
    let seen = match (percent, weight) {
        (Some(_), Some(_)) => "`percent` and `weight` are both given",
        (None, None) => "neither `percent` nor `weight` is given",
        (Some(_), None) if is_weighted => "`base` is `weight`, and a percentage is given",
        (None, Some(_)) if !is_weighted => "a weight is given, and `base` is no `weight`",
        (None, Some(_)) if row.word("scope") == "all" => "a weight is given, and `scope` is `all`: it is the weight of one organisation",
        (None, Some(weight)) if weight < 0 => "`weight` is below nought",
        (Some(_), None) if kind == "on_cost" && base == "direct_cost" => {
            "`kind` is `on_cost`, and `base` is `direct_cost`, which no pay has"
        }
        (Some(_), None) if kind == "overhead" && base != "direct_cost" => {
            "`kind` is `overhead`, and `base` is not `direct_cost`: a bearer of overhead has no pay"
        }
        _ => return None,
    };
    let expected =
        "`percent` with a base `basic_pay` or `gross_pay` (on_cost) or `direct_cost` (overhead), or `weight` with the base `weight`";
    let hint = "A weight has an organisation as its scope.";
    Some(row.fault(reference::SCHEME, format!("blanket `{}`: {seen}", row.word("blanket"))).expected(expected).hint(hint))
}

/// Rows of one blanket are rates of one base: of several nobody could say what the blanket is of.
fn one_base_each(tables: &Tables, faults: &mut Vec<Diagnostic>) {
    for (row, other) in apart(tables, "blanket", ["blanket", "kind"], "base") {
        let seen = format!(
            "blanket `{}`: `base` is `{}` here, and `{}` on line {}",
            row.word("blanket"),
            row.word("base"),
            other.word("base"),
            other.line()
        );
        let hint = "Give one of the two another name: then it is a blanket of its own.";
        faults.push(row.fault(reference::SCHEME, seen).expected("one base for a blanket on any day").hint(hint));
    }
}

/// A customer pays a price for a service, or its full cost. Several agreements of one sort may stand beside each other.
fn one_sort_of_terms(tables: &Tables, faults: &mut Vec<Diagnostic>) {
    for (row, other) in apart(tables, "agreement", ["customer", "service"], "terms") {
        let seen = format!(
            "`{}` is to pay `{}` for `{}` by `{}`, and `{}` by `{}` of line {}, on the same days",
            row.word("customer"),
            row.word("terms"),
            row.word("service"),
            row.word("agreement"),
            other.word("terms"),
            other.word("agreement"),
            other.line()
        );
        let hint = "Let one end where the other begins, or write the same terms into both.";
        faults.push(row.fault(reference::SCHEME, seen).expected("`price` or `full_cost` for a customer and service on any day").hint(hint));
    }
}

/// A row of `payroll_journal` covers some lines, and not all.
fn journal(row: Row<'_>) -> Option<Diagnostic> {
    let cells = ["journal_source", "document"].map(|name| (name, row.word(name)));
    if let Some((name, text)) = cells.into_iter().find(|(_, text)| Cell::parse(text).is_none()) {
        let fault = row.fault(reference::VALUE, format!("`{name}` is `{}`", text.escape_debug()));
        return Some(
            fault.expected("nothing (any), an exact code, a prefix `ABC*`, or a range `A..B` whose ends are in order and as long"),
        );
    }
    let is_empty = cells.into_iter().all(|(_, text)| text.is_empty());
    let seen =
        || format!("the row `{}` names neither a journal source nor a document: it would cover the whole ledger", row.word("rule_id"));
    is_empty.then(|| row.fault(reference::VALUE, seen()).expected("`journal_source`, or `document`, or both"))
}
