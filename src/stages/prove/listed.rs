//! What is listed in published tables while the release goes on, counted for the last screen of a run.

use std::collections::{BTreeMap, BTreeSet};

use arrow::{
    array::{Array, StringArray},
    record_batch::RecordBatch,
};

use super::InSuspense;
use crate::{
    diagnostic::Answer,
    domain::{Payment, Pence, Period, counted, payments, pounds},
    schema::batch::{big, money, periods, text, text_at},
};

/// Tables in which something is listed; those that a release lacks list nothing.
pub const LISTING: [&str; 13] = [
    "payroll_difference",
    "pay_exception",
    "later_register",
    "blanket_left_out",
    "driver_register",
    "pool",
    "volume",
    "unplaced_volume",
    "allocation_share",
    "recharge_pair",
    "separation",
    "unmatched_recharge",
    "settlement",
];

/// Something that is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `1 payroll difference £1.37`.
    pub what: String,
    /// The command that shows it row by row.
    pub next: String,
}

/// What the tables of [`LISTING`] list, each kind once with its number. `tables` are those of the release, by name.
///
/// # Errors
/// TC1250 where a table has not the columns of its contract.
pub fn listed(tables: &BTreeMap<&'static str, RecordBatch>) -> Answer<Vec<Listed>> {
    let table = |name: &str| tables.get(name);
    let mut all = Vec::new();
    if let Some(differences) = table("payroll_difference") {
        let sum = money(differences, "absolute_difference")?.iter().flatten().sum();
        all.extend(some(differences.num_rows(), "payroll difference", &format!(" {}", pounds(sum)), "payroll_difference"));
    }
    if let Some(exceptions) = table("pay_exception") {
        all.extend(some(exceptions.num_rows(), "exception| of pay", &named(text(exceptions, "reason")?.iter()), "pay_exception"));
    }
    if let Some(later) = table("later_register") {
        all.extend(some(later.num_rows(), "later register| read", &named(text(later, "council")?.iter()), "later_register"));
    }
    if let Some(left_out) = table("blanket_left_out") {
        let what = "unit| left out by a blanket";
        all.extend(some(left_out.num_rows(), what, &named(text(left_out, "unit")?.iter()), "blanket_left_out"));
    }
    if let Some(register) = table("driver_register") {
        for (used, noun) in [("driver", "share| outside tolerance"), ("agreed_by_exception", "exception")] {
            let services = services_used(register, used)?;
            all.extend(some(services.len(), noun, &named(services.iter().map(|service| Some(*service))), "driver_register"));
        }
    }
    if let (Some(pools), Some(volumes), Some(shares)) = (table("pool"), table("volume"), table("allocation_share")) {
        let without = without_volume(pools, volumes, shares)?;
        let names: Vec<String> = without.iter().map(|(pool, policy)| format!("`{pool}`, {policy}")).collect();
        all.extend(some(without.len(), "pool| without volume", &named(names.iter().map(|name| Some(name.as_str()))), "pool"));
    }
    if let Some(unplaced) = table("unplaced_volume") {
        // What somebody uses of a service of which it is no member asks nothing of anybody: the table alone has it.
        let reasons: Vec<&str> = text(unplaced, "reason")?.iter().flatten().filter(|reason| *reason != "not_a_member").collect();
        let told = named(reasons.iter().map(|reason| Some(*reason)));
        all.extend(some(reasons.len(), "volume| in no denominator", &told, "unplaced_volume"));
    }
    if let Some(pairs) = table("recharge_pair") {
        let apart: Vec<Pence> = money(pairs, "difference")?.iter().flatten().filter(|pence| *pence != 0).map(Pence::abs).collect();
        let sum: Pence = apart.iter().sum();
        let shown = if sum < 100 { format!(" {sum}p apart") } else { format!(" {} apart", pounds(sum)) };
        all.extend(some(apart.len(), "recharge", &shown, "recharge_pair"));
    }
    if let Some(open) = table("unmatched_recharge") {
        let periods = periods(open)?;
        let of_lines = table("separation").map(self::periods).transpose()?.unwrap_or_default();
        let newest = of_lines.iter().chain(&periods).max();
        let amounts: Vec<Pence> = money(open, "amount")?.iter().map(|pence| pence.unwrap_or_default().abs()).collect();
        let at_its_end: Vec<Pence> = periods.iter().zip(amounts).filter(|(of, _)| Some(*of) == newest).map(|(_, pence)| pence).collect();
        let sum = format!(" without another side {}", pounds(at_its_end.iter().sum()));
        all.extend(some(at_its_end.len(), "recharge", &sum, "unmatched_recharge"));
    }
    Ok(all)
}

/// Who pays whom over the newest year that is settled: its summed balances are netted, since payments of periods are not added.
///
/// # Errors
/// TC1250 where the settlement has not the columns of its contract.
pub fn to_pay(tables: &BTreeMap<&'static str, RecordBatch>) -> Answer<Vec<Listed>> {
    let Some(settlement) = tables.get("settlement") else { return Ok(Vec::new()) };
    let (organisations, balances, periods) = (text(settlement, "organisation")?, money(settlement, "balance")?, periods(settlement)?);
    let Some(last) = periods.iter().max().copied() else { return Ok(Vec::new()) };
    let first = periods.iter().filter(|of| of.year == last.year).min().copied().unwrap_or(last);
    let mut net: BTreeMap<String, Pence> = BTreeMap::new();
    for (row, of) in periods.iter().enumerate() {
        if of.year == last.year {
            *net.entry(text_at(organisations, row).unwrap_or_default().to_owned()).or_default() += balances.value(row);
        }
    }
    let of = if first == last { last.to_string() } else { format!("{first} to P{:02}", last.period) };
    let next = "truecost query \"SELECT * FROM settlement\"";
    let pay = |payment: Payment| Listed {
        what: format!("{of}: {} pays {} {}", payment.payer, payment.payee, pounds(payment.pence)),
        next: next.to_owned(),
    };
    Ok(payments(&net).unwrap_or_default().into_iter().map(pay).collect())
}

/// Codes in suspense within the limit: what is over it is a warning, or stops. `None` where there are none.
#[must_use]
pub fn suspense_listed(codes: &[InSuspense]) -> Option<Listed> {
    let sum = codes.iter().map(|code| code.absolute).sum();
    let what = format!("{} in suspense {}", counted(codes.len() as u64, "code"), pounds(sum));
    (!codes.is_empty()).then(|| Listed { what, next: "truecost suspense".to_owned() })
}

/// `noun` is that of which there may be several, and after a bar what stands behind it.
fn some(number: usize, noun: &str, more: &str, table: &'static str) -> Option<Listed> {
    let (noun, behind) = noun.split_once('|').unwrap_or((noun, ""));
    let next = format!("truecost query \"SELECT * FROM {table}\"");
    (number > 0).then(|| Listed { what: format!("{}{behind}{more}", counted(number as u64, noun)), next })
}

/// Names that stand on the last screen; the others are counted.
const NAMED: usize = 3;

/// ` (hr; legal)`: each name once, in order.
fn named<'n>(names: impl Iterator<Item = Option<&'n str>>) -> String {
    let names: BTreeSet<&str> = names.flatten().collect();
    let first = names.iter().take(NAMED).copied().collect::<Vec<_>>().join("; ");
    let more = names.len().saturating_sub(NAMED);
    if more == 0 { format!(" ({first})") } else { format!(" ({first}; and {more} more)") }
}

/// Services whose share in force is of this kind. Where nothing was agreed, nothing is outside.
fn services_used<'r>(register: &'r RecordBatch, wanted: &str) -> Answer<BTreeSet<&'r str>> {
    let (services, used, agreed) = (text(register, "service")?, text(register, "used")?, big(register, "agreed_weight")?);
    let is_wanted = |row: &usize| text_at(used, *row) == Some(wanted) && agreed.is_valid(*row);
    Ok((0..register.num_rows()).filter(is_wanted).filter_map(|row| text_at(services, row)).collect())
}

/// Pools whose driver has no volume in a period in which their cost is shared, and what happens to it.
fn without_volume(pools: &RecordBatch, volumes: &RecordBatch, shares: &RecordBatch) -> Answer<BTreeMap<String, String>> {
    let (drivers, amounts) = (text(volumes, "driver")?, big(volumes, "volume")?);
    let driven: BTreeSet<(&str, Period)> = periods(volumes)?
        .into_iter()
        .enumerate()
        .filter(|(row, _)| amounts.value(*row) > 0)
        .filter_map(|(row, period)| Some((text_at(drivers, row)?, period)))
        .collect();
    let (sets, services) = (text(shares, "pool_set")?, text(shares, "service")?);
    let mut shared: BTreeMap<(&str, &str), BTreeMap<Period, usize>> = BTreeMap::new();
    for (row, period) in periods(shares)?.into_iter().enumerate() {
        let key = (text_at(sets, row).unwrap_or_default(), text_at(services, row).unwrap_or_default());
        *shared.entry(key).or_default().entry(period).or_default() += 1;
    }
    let column = |name| -> Answer<&StringArray> { text(pools, name) };
    let (names, service, group) = (column("pool")?, column("service")?, column("account_group")?);
    let (driver, policy) = (column("driver")?, column("zero_volume")?);
    let mut without = BTreeMap::new();
    for row in 0..pools.num_rows() {
        let of = |array| text_at(array, row).filter(|text| !text.is_empty());
        let Some(driver) = of(driver) else { continue };
        let key = (of(group).unwrap_or("all"), of(service).unwrap_or_default());
        let mut lacking = shared.get(&key).into_iter().flatten().filter(|(period, _)| !driven.contains(&(driver, **period)));
        let Some((_, finals)) = lacking.next_back() else { continue };
        let becomes = match of(policy) {
            Some("spread_evenly") => format!("spread evenly over {finals}"),
            Some("leave_unallocated") => "left unallocated".to_owned(),
            _ => continue,
        };
        without.insert(of(names).unwrap_or_default().to_owned(), becomes);
    }
    Ok(without)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Cell, Type, proof_table};

    fn table(columns: &[(&str, Type)], rows: &[Vec<Cell>]) -> RecordBatch {
        proof_table(columns, rows).unwrap()
    }

    fn whats(tables: &BTreeMap<&'static str, RecordBatch>) -> Vec<String> {
        listed(tables).unwrap().into_iter().map(|listed| listed.what).collect()
    }

    #[test]
    fn each_kind_is_counted_once() {
        let mut tables = BTreeMap::new();
        assert_eq!(whats(&tables), [""; 0]);
        let absolute = [("absolute_difference", Type::Money)];
        tables.insert("payroll_difference", table(&absolute, &[vec![Cell::Pence(137)], vec![Cell::Pence(1)]]));
        let register = [("service", Type::Text), ("used", Type::Text), ("agreed_weight", Type::BigInt)];
        let row = |service: &str, used: &str, agreed: Cell| vec![service.into(), used.into(), agreed];
        let rows = [
            row("legal", "driver", Cell::Whole(70)),
            row("legal", "driver", Cell::Whole(30)),
            row("print", "driver", Cell::Null),
            row("hr", "agreed_by_exception", Cell::Whole(50)),
            row("ict", "agreed", Cell::Whole(62)),
        ];
        tables.insert("driver_register", table(&register, &rows));
        tables.insert("recharge_pair", table(&[("difference", Type::Money)], &[vec![Cell::Pence(-3)], vec![Cell::Pence(0)]]));
        tables.insert(
            "unplaced_volume",
            table(&[("reason", Type::Text)], &[vec!["suspense".into()], vec!["not_a_member".into()], vec!["suspense".into()]]),
        );
        let expected = [
            "2 payroll differences £1.38",
            "1 share outside tolerance (legal)",
            "1 exception (hr)",
            "2 volumes in no denominator (suspense)",
            "1 recharge 3p apart",
        ];
        assert_eq!(whats(&tables), expected);
    }

    #[test]
    fn a_year_is_netted_and_its_payments_are_not_added() {
        let columns =
            [("organisation", Type::Text), ("delivery_year", Type::SmallInt), ("delivery_period", Type::TinyInt), ("balance", Type::Money)];
        let row = |who: &str, year: i64, period: i64, pence: Pence| vec![who.into(), year.into(), period.into(), Cell::Pence(pence)];
        let rows = [
            row("a", 2017, 12, 900),
            row("b", 2017, 12, -900),
            row("a", 2018, 1, 500),
            row("b", 2018, 1, -500),
            row("a", 2018, 3, -200),
            row("b", 2018, 3, 200),
        ];
        let tables = BTreeMap::from([("settlement", table(&columns, &rows))]);
        let shown: Vec<String> = to_pay(&tables).unwrap().into_iter().map(|listed| listed.what).collect();
        assert_eq!(shown, ["2018/P01 to P03: a pays b £3.00"]);
        assert_eq!(to_pay(&BTreeMap::new()).unwrap(), []);
    }

    #[test]
    fn only_what_is_open_at_the_end_of_the_newest_period_is_counted() {
        let columns = [("delivery_year", Type::SmallInt), ("delivery_period", Type::TinyInt), ("amount", Type::Money)];
        let row = |period: i64, pence: Pence| vec![Cell::Whole(2018), period.into(), Cell::Pence(pence)];
        let rows = [row(1, -15_000), row(1, 700), row(2, -15_000)];
        let mut tables = BTreeMap::from([("unmatched_recharge", table(&columns, &rows))]);
        assert_eq!(whats(&tables), ["1 recharge without another side £150.00"]);
        tables.insert("separation", table(&columns, &[row(3, 1)]));
        assert_eq!(whats(&tables), [""; 0], "it was matched in June");
    }

    #[test]
    fn a_pool_without_volume_says_what_happens() {
        let when = || [Cell::Whole(2018), Cell::Whole(1)];
        let years = [("delivery_year", Type::SmallInt), ("delivery_period", Type::TinyInt)];
        let texts = |names: &[&'static str]| names.iter().map(|name| (*name, Type::Text)).collect::<Vec<_>>();
        let pool = |cells: [&str; 5]| cells.map(Cell::from).to_vec();
        let pools = [pool(["ict_all", "ict", "", "devices", "refuse"]), pool(["ict_print", "ict", "print", "pages", "spread_evenly"])];
        let share = |set: &str, bearer: &str| [vec![set.into(), "ict".into(), bearer.into()], when().to_vec()].concat();
        let mut tables = BTreeMap::new();
        tables.insert("pool", table(&texts(&["pool", "service", "account_group", "driver", "zero_volume"]), &pools));
        let columns = [texts(&["pool_set", "service", "bearer"]), years.to_vec()].concat();
        tables.insert("allocation_share", table(&columns, &[share("print", "a"), share("print", "b"), share("all", "a")]));
        let volumes = [texts(&["driver"]), years.to_vec(), vec![("volume", Type::BigInt)]].concat();
        let volume = |driver: &str, volume: i64| [vec![driver.into()], when().to_vec(), vec![volume.into()]].concat();
        tables.insert("volume", table(&volumes, &[volume("devices", 4), volume("pages", 0)]));
        assert_eq!(whats(&tables), ["1 pool without volume (`ict_print`, spread evenly over 2)"]);
        let names = ["d", "a", "e", "c", "b"].map(Some);
        assert_eq!(named(names.into_iter()), " (a; b; c; and 2 more)");
        assert_eq!(some(2, "pool| without volume", "", "pool").unwrap().what, "2 pools without volume");
        tables.insert("volume", table(&volumes, &[volume("devices", 4), volume("pages", 1)]));
        assert_eq!(whats(&tables), [""; 0]);
    }
}
