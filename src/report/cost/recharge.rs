//! What became of a charge between partners: the sum in which a line was compared, and the pair that it is a side of.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    diagnostic::Answer,
    domain::{Pence, Period, counted, decimal, pounds, reference_key},
    engine::Tables,
    pipeline::Partnership,
    report::row::{Row, each},
};

/// A line of a recharge, by what it is added up with others.
#[derive(Clone, Debug)]
pub(super) struct RechargeLine<'l> {
    /// Delivery, row of its file, council in whose ledger it stands.
    pub of: (&'l str, u64, &'l str),
    /// As it came; empty where it has none.
    pub reference: &'l str,
    /// Of its effect, `2018-04-12`.
    pub day: &'l str,
    pub period: Period,
}

/// Lines of one council with one counterparty and reference, booked in one period; as `recharge_sum` has them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sum {
    council: String,
    /// Empty: no partner.
    other: String,
    reference: String,
    period: Period,
    lines: i64,
    /// Positive: the council paid.
    amount: Pence,
}

/// A row of `recharge_pair`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    period: Period,
    service: String,
    payer: String,
    payee: String,
    reference: String,
    paid: Pence,
    received: Pence,
    eliminated: Pence,
    difference: Pence,
}

/// A row of `unmatched_recharge`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    /// At the end of which it is open.
    period: Period,
    other: String,
    reference: String,
    age_periods: i64,
    booked_period: i64,
    amount: Pence,
    reason: String,
}

/// What became of a sum.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate<'r> {
    /// Its lines add up to nought.
    Settled,
    /// One pair; or several, of which the tables do not tell which it is.
    Paired(Vec<&'r Pair>),
    /// At the end of the last period.
    Open(&'r Open),
    /// The tables hold neither: they were not made from what `recharge_sum` says.
    Untold,
}

/// Text that goes on after why the line is in no cell, and the same for programs. Both empty where the partnership's tables do not say.
///
/// # Errors
/// TC11….
pub(super) fn became(partnership: &Partnership, tables: &Tables, line: &RechargeLine<'_>) -> Answer<(String, Map<String, Value>)> {
    let has = |table: &str, column: &str| {
        partnership.contracts.get(&format!("published/{table}")).is_some_and(|contract| contract.column(column).is_some())
    };
    // The version before did not tell all of them apart.
    if !has("recharge_sum", "other") || !has("recharge_pair", "pair") || !has("unmatched_recharge", "booked_period") {
        return Ok((String::new(), Map::new()));
    }
    let (_, _, council) = line.of;
    let Some(sum) = sum_of(tables, line)? else { return Ok((String::new(), Map::new())) };
    let of_council = |sql: &str| sql.replace("$council", council);
    let pairs = each(tables, &of_council(include_str!("sql/recharge_pair.sql")), pair)?;
    let open = each(tables, &of_council(include_str!("sql/recharge_open.sql")), open)?;
    Ok(told(&sum, &fate(&sum, &pairs, &open)))
}

/// The sum in which a line is: by its reference, and by its counterparty's name where several partners share one.
fn sum_of(tables: &Tables, line: &RechargeLine<'_>) -> Answer<Option<Sum>> {
    let (delivery, row, council) = line.of;
    let sql = include_str!("sql/recharge_sum.sql")
        .replace("$council", council)
        .replace("$fiscal_year", &line.period.year.to_string())
        .replace("$period", &line.period.period.to_string());
    let sums = each(tables, &sql, |row| {
        Ok(Sum {
            council: council.to_owned(),
            other: row.text("other")?,
            reference: row.text("reference")?,
            period: line.period,
            lines: row.whole("lines")?.unwrap_or_default(),
            amount: row.pence("amount")?,
        })
    })?;
    let reference = reference_key(line.reference);
    let mut sums: Vec<Sum> = sums.into_iter().filter(|sum| sum.reference == reference).collect();
    if sums.len() > 1 {
        let sql = include_str!("sql/recharge_other.sql")
            .replace("$delivery", delivery)
            .replace("$row", &row.to_string())
            .replace("$day", line.day);
        let others: BTreeSet<String> = each(tables, &sql, |row| row.text("organisation"))?.into_iter().collect();
        let named = sums.iter().position(|sum| others.contains(&sum.other));
        let at = named.or_else(|| sums.iter().position(|sum| sum.other.is_empty()));
        return Ok(at.map(|at| sums.swap_remove(at)));
    }
    Ok(sums.pop())
}

/// `[year, period]` of a row.
fn period(row: &Row<'_>) -> Answer<Period> {
    let number = |name: &str| Ok::<_, crate::diagnostic::Refusal>(row.whole(name)?.unwrap_or_default());
    let (year, period) = (number("delivery_year")?, number("delivery_period")?);
    Ok(Period { year: i16::try_from(year).unwrap_or_default(), period: u8::try_from(period).unwrap_or_default() })
}

fn pair(row: &Row<'_>) -> Answer<Pair> {
    Ok(Pair {
        period: period(row)?,
        service: row.text("service")?,
        payer: row.text("payer")?,
        payee: row.text("payee")?,
        reference: row.text("reference")?,
        paid: row.pence("paid")?,
        received: row.pence("received")?,
        eliminated: row.pence("eliminated")?,
        difference: row.pence("difference")?,
    })
}

fn open(row: &Row<'_>) -> Answer<Open> {
    Ok(Open {
        period: period(row)?,
        other: row.text("other")?,
        reference: row.text("reference")?,
        age_periods: row.whole("age_periods")?.unwrap_or_default(),
        booked_period: row.whole("booked_period")?.unwrap_or_default(),
        amount: row.pence("amount")?,
        reason: row.text("reason")?,
    })
}

/// Months since the beginning of time; the closing period counts as the last month.
fn month(period: Period) -> i64 {
    i64::from(period.year) * 12 + i64::from(period.period.min(12))
}

/// A sum is open in every period from its own until it is matched, so the pair is of the first period in which it is not.
fn fate<'r>(sum: &Sum, pairs: &'r [Pair], open: &'r [Open]) -> Fate<'r> {
    if sum.amount == 0 {
        return Fate::Settled;
    }
    let is_it = |row: &&Open| {
        let at = (row.other.as_str(), row.reference.as_str(), row.amount) == (sum.other.as_str(), sum.reference.as_str(), sum.amount);
        at && row.booked_period == i64::from(sum.period.period) && month(row.period) - row.age_periods == month(sum.period)
    };
    let last_open = open.iter().filter(is_it).max_by_key(|row| row.period);
    let after = last_open.map(|row| row.period);
    let is_side = |pair: &&Pair| {
        let is_payer = pair.payer == sum.council && pair.payee == sum.other && pair.paid == sum.amount;
        let is_payee = pair.payee == sum.council && pair.payer == sum.other && pair.received == sum.amount;
        // Where one side has no reference, the pair shows the one that there is.
        (is_payer || is_payee) && (sum.reference.is_empty() || pair.reference == sum.reference)
    };
    let later = |pair: &&Pair| after.map_or(pair.period >= sum.period, |after| pair.period > after);
    let sides: Vec<&Pair> = pairs.iter().filter(is_side).filter(later).collect();
    match (sides.iter().map(|pair| pair.period).min(), last_open) {
        (Some(first), _) => Fate::Paired(sides.into_iter().filter(|pair| pair.period == first).collect()),
        (None, Some(row)) => Fate::Open(row),
        (None, None) => Fate::Untold,
    }
}

fn told(sum: &Sum, fate: &Fate<'_>) -> (String, Map<String, Value>) {
    let lines = counted(sum.lines.unsigned_abs(), "line");
    let with = if sum.other.is_empty() { "no partner" } else { sum.other.as_str() };
    let under = if sum.reference.is_empty() { "without a reference".to_owned() } else { format!("under `{}`", sum.reference) };
    let mut text = format!("  {} with {with} {under} in {}: {lines}, {}\n", sum.council, sum.period, pounds(sum.amount));
    let mut value = Map::new();
    let mut put = |key: &str, more: Value| value.insert(key.to_owned(), more);
    put("other", sum.other.as_str().into());
    put("reference", sum.reference.as_str().into());
    put("lines", sum.lines.into());
    put("amount", decimal(sum.amount).into());
    match fate {
        Fate::Settled => text.push_str("  settled: these lines add up to nought\n"),
        Fate::Paired(pairs) => {
            if pairs.len() > 1 {
                text.push_str("  it is one of these pairs, which agree in all that would tell them apart:\n");
            }
            pairs.iter().for_each(|pair| text.push_str(&pair_text(pair)));
            put("pairs", pairs.iter().map(|pair| pair_value(pair)).collect());
        }
        Fate::Open(row) => {
            let why = if row.reason.is_empty() { String::new() } else { format!(": {}", row.reason) };
            text.push_str(&format!("  without another side at the end of {}{why} (unmatched_recharge)\n", row.period));
            put("open", json!({"period": row.period.to_string(), "age_periods": row.age_periods, "reason": row.reason}));
        }
        Fate::Untold => {}
    }
    (text, value)
}

fn pair_text(pair: &Pair) -> String {
    let left = if pair.difference == 0 { String::new() } else { format!("; {} stays on the payee's side", pounds(pair.difference)) };
    format!(
        "  pair of {}, {}: {} paid {}, {} received {}; {} is taken out on both sides{left} (recharge_pair)\n",
        pair.period,
        pair.service,
        pair.payer,
        pounds(pair.paid),
        pair.payee,
        pounds(-pair.received),
        pounds(pair.eliminated)
    )
}

fn pair_value(pair: &Pair) -> Value {
    json!({
        "period": pair.period.to_string(), "service": pair.service, "payer": pair.payer, "payee": pair.payee, "reference": pair.reference,
        "paid": decimal(pair.paid), "received": decimal(pair.received), "eliminated": decimal(pair.eliminated), "difference": decimal(pair.difference),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(year: i16, period: u8) -> Period {
        Period { year, period }
    }

    fn sum(amount: Pence, reference: &str, period: Period) -> Sum {
        Sum { council: "a".into(), other: "b".into(), reference: reference.into(), period, lines: 1, amount }
    }

    fn pair_of(period: Period, reference: &str, paid: Pence, received: Pence) -> Pair {
        let (service, payer, payee, reference) = ("ict".into(), "a".into(), "b".into(), reference.into());
        Pair { period, service, payer, payee, reference, paid, received, eliminated: paid, difference: paid + received }
    }

    fn open_of(period: Period, age_periods: i64, booked: u8, amount: Pence) -> Open {
        Open { period, other: "b".into(), reference: "x".into(), age_periods, booked_period: booked.into(), amount, reason: String::new() }
    }

    #[test]
    fn a_sum_is_a_side_of_the_pair_of_the_first_period_in_which_it_is_not_open() {
        let (own, next) = (of(2018, 12), of(2019, 1));
        let pairs = [pair_of(own, "x", 500, -500), pair_of(next, "x", 500, -498), pair_of(of(2019, 2), "x", 500, -500)];
        let open = [open_of(own, 0, 12, 500)];
        assert_eq!(fate(&sum(500, "x", own), &pairs, &open), Fate::Paired(vec![&pairs[1]]), "open in its own period");
        assert_eq!(fate(&sum(500, "x", own), &pairs, &[]), Fate::Paired(vec![&pairs[0]]), "matched at once");
        assert_eq!(fate(&sum(500, "", own), &pairs, &[]), Fate::Paired(vec![&pairs[0]]), "the pair shows the other's reference");
        // A sum of the closing period is as old as one of the twelfth, and another one.
        assert_eq!(fate(&sum(500, "x", of(2018, 13)), &pairs[..1], &open), Fate::Untold);
        assert_eq!(fate(&sum(500, "y", own), &pairs, &open), Fate::Untold);
        assert_eq!(fate(&sum(0, "x", own), &pairs, &open), Fate::Settled);
    }

    #[test]
    fn what_is_open_to_the_last_is_told_with_its_age_and_the_payees_side_is_found() {
        let own = of(2018, 1);
        let open = [open_of(own, 0, 1, 500), open_of(of(2018, 2), 1, 1, 500), open_of(of(2018, 2), 1, 1, 499)];
        let alone = sum(500, "x", own);
        assert_eq!(fate(&alone, &[], &open), Fate::Open(&open[1]));
        assert!(told(&alone, &Fate::Open(&open[1])).0.ends_with("  without another side at the end of 2018/P02 (unmatched_recharge)\n"));
        let pairs = [pair_of(own, "x", 500, -500), pair_of(own, "x", 500, -500)];
        let payee = Sum { council: "b".into(), other: "a".into(), ..sum(-500, "x", own) };
        assert_eq!(fate(&payee, &pairs, &[]), Fate::Paired(vec![&pairs[0], &pairs[1]]), "nothing tells the two apart");
    }
}
