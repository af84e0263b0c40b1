//! From the proofs of deliveries and parts to tables: reconciliation, and what the checks are made on.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use serde_json::{Value, json};

use super::cost::CostSource;
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Pence, Period, counted, decimal, parse_pounds},
    lake::{ControlProof, DeliveryRecord, DeliveryState, LakeFile, PublishedPart, holder},
    pipeline::Partnership,
    schema::{Cell, Type, proof_table},
    stages::{classify::ClassifiedPart, publish::quarantined_pence},
};

/// The deliveries that stand behind these files, and those of the tables behind them that hold no row, by council, feed, periods.
#[must_use]
pub fn current<'k>(known: &'k [DeliveryRecord], sources: &[CostSource]) -> Vec<&'k DeliveryRecord> {
    let ids: BTreeSet<&str> = sources.iter().map(|s| s.delivery.as_str()).collect();
    let feeds: BTreeSet<(&str, &str)> = sources.iter().map(|s| (s.file.council.as_str(), s.file.feed.as_str())).collect();
    let is_empty = |r: &DeliveryRecord| {
        let of_feed = |o: &&DeliveryRecord| o.is_of(&r.council, &r.feed);
        let read = feeds.contains(&(r.council.as_str(), r.feed.as_str()));
        read && r.state == DeliveryState::Accepted && r.proof.periods.is_empty() && r.stands(&known.iter().filter(of_feed))
    };
    let mut records: Vec<_> = known.iter().filter(|r| ids.contains(r.delivery_id.as_str()) || is_empty(r)).collect();
    records.sort_by(|a, b| (&a.council, &a.feed, &a.coverage, &a.delivery_id).cmp(&(&b.council, &b.feed, &b.coverage, &b.delivery_id)));
    records
}

/// What is remembered of a part of `cost_line`: so a part that is taken over brings its proof along.
#[must_use]
pub fn class_facts(done: &ClassifiedPart) -> Value {
    let pair = |(rows, pence): (u64, Pence)| json!({"rows": rows, "amount": decimal(pence)});
    let income: BTreeMap<&String, Value> = done.income.iter().map(|(account, sums)| (account, pair(*sums))).collect();
    json!({
        "cost": pair(done.totals.cost),
        "not_cost": pair(done.totals.not_cost),
        "suspense": pair(done.totals.suspense),
        "income": income,
    })
}

fn rows_and_pence(facts: &Value) -> (u64, Pence) {
    let rows = facts.get("rows").and_then(Value::as_u64).unwrap_or(0);
    (rows, facts.get("amount").and_then(Value::as_str).and_then(parse_pounds).unwrap_or(0))
}

/// The stages of the reconciliation, in order.
pub const STAGES: [&str; 10] =
    ["source", "landed", "accepted", "quarantined", "not_data", "common", "cost", "not_cost", "suspense", "published"];

/// The table `reconciliation`: rows and pounds per council, feed, period and stage.
///
/// What a delivery has as a whole and not per period (quarantined rows, non-data) stands in its last period.
///
/// # Errors
/// TC1250 where rows or pounds are lost or made between two stages.
pub fn reconciliation(records: &[&DeliveryRecord], parts: &[(CostSource, PublishedPart)]) -> Answer<Vec<Vec<Cell>>> {
    let mut table: BTreeMap<(String, String, Period), BTreeMap<&'static str, (u64, Option<Pence>)>> = BTreeMap::new();
    let mut faults = Vec::new();
    for (source, part) in parts {
        let key = (source.file.council.clone(), source.file.feed.clone(), source.file.period);
        let record = records.iter().find(|r| r.delivery_id == source.delivery);
        let text = source.file.period.to_string();
        let proof = record.and_then(|r| r.proof.periods.get(&text)).copied().unwrap_or_default();
        let stages = table.entry(key).or_default();
        let common = (source.file.rows, proof.amount);
        let facts = ["cost", "not_cost", "suspense"].map(|stage| rows_and_pence(part.facts.get(stage).unwrap_or(&Value::Null)));
        let classified = facts.iter().fold((0, 0), |sum, f| (sum.0 + f.0, sum.1 + f.1));
        if (proof.rows, proof.amount) != common || classified != common || part.rows != common.0 {
            faults.push(unexplained(source, common, classified, (proof.rows, proof.amount)));
        }
        // What belongs to the delivery as a whole stands in the last of its periods that has lines.
        let last = parts.iter().filter(|(s, _)| s.delivery == source.delivery).map(|(s, _)| s.file.period).max();
        let is_last = last == Some(source.file.period);
        let quarantined = record.filter(|_| is_last).map(|r| (r.proof.quarantined, quarantined_pence(r)));
        let (q_rows, q_pence) = quarantined.unwrap_or_default();
        let not_data = record.filter(|_| is_last).map_or(0, |r| r.proof.not_data_rows());
        let whole = (proof.rows + q_rows, Some(proof.amount + q_pence));
        stages.insert("source", whole);
        stages.insert("landed", whole);
        stages.insert("accepted", (proof.rows, Some(proof.amount)));
        stages.insert("quarantined", (q_rows, Some(q_pence)));
        stages.insert("not_data", (not_data, None));
        stages.insert("common", (common.0, Some(common.1)));
        for (stage, (rows, pence)) in ["cost", "not_cost", "suspense"].into_iter().zip(facts) {
            stages.insert(stage, (rows, Some(pence)));
        }
        stages.insert("published", (part.rows, Some(classified.1)));
    }
    if !faults.is_empty() {
        return Err(Refusal(faults));
    }
    let mut rows = Vec::new();
    for ((council, feed, period), stages) in table {
        for stage in STAGES {
            let Some((count, pence)) = stages.get(stage) else { continue };
            rows.push(vec![
                council.as_str().into(),
                feed.as_str().into(),
                i64::from(period.year).into(),
                i64::from(period.period).into(),
                stage.into(),
                (*count).into(),
                pence.map_or(Cell::Null, Cell::Pence),
            ]);
        }
    }
    Ok(rows)
}

fn unexplained(source: &CostSource, common: (u64, Pence), classified: (u64, Pence), accepted: (u64, Pence)) -> Diagnostic {
    let shown = |(rows, pence): (u64, Pence)| format!("{} {}", counted(rows, "row"), crate::domain::pounds(pence));
    Diagnostic::new(
        codes::checks::UNEXPLAINED,
        format!("{}: accepted {}, in the common table {}, classified {}", source.key(), shown(accepted), shown(common), shown(classified)),
    )
    .expected("the same rows and pounds at every stage")
    .outcome("nothing was published; the last release is unchanged")
    .hint("this is a fault of truecost: report it with the output of `truecost reconcile --json`")
}

/// Tables that only the checks read.
///
/// # Errors
/// TC1250 where a value does not fit.
pub fn check_tables(
    partnership: &Partnership,
    records: &[&DeliveryRecord],
    parts: &[(CostSource, PublishedPart)],
) -> Answer<Vec<(&'static str, RecordBatch)>> {
    Ok(vec![
        ("delivery_control", delivery_control(records)?),
        ("common_total", common_total(records, parts)?),
        ("sender_sign", sender_sign(records)?),
        ("income_account", income_account(parts)?),
        ("member_period", member_period(partnership, parts)?),
        ("company", company(partnership)?),
        ("suspense_limit", proof_table(&[("pounds", Type::Money)], &[vec![Cell::Pence(partnership.suspense_limit.pence)]])?),
    ])
}

fn delivery_control(records: &[&DeliveryRecord]) -> Answer<RecordBatch> {
    let columns = [
        ("delivery_id", Type::Text),
        ("council", Type::Text),
        ("feed", Type::Text),
        ("control", Type::Text),
        ("by_document", Type::Boolean),
        ("agreed", Type::Boolean),
        ("documents", Type::BigInt),
        ("difference", Type::Money),
    ];
    let rows: Vec<Vec<Cell>> = records
        .iter()
        .flat_map(|r| r.proof.controls.iter().map(move |c| (r, c)))
        .map(|(r, c)| {
            vec![
                r.delivery_id.as_str().into(),
                r.council.as_str().into(),
                r.feed.as_str().into(),
                c.control.as_str().into(),
                c.by_document.into(),
                c.held.into(),
                i64::from(c.by_document && !c.held).into(),
                Cell::Pence(c.difference),
            ]
        })
        .collect();
    proof_table(&columns, &rows)
}

fn common_total(records: &[&DeliveryRecord], parts: &[(CostSource, PublishedPart)]) -> Answer<RecordBatch> {
    let columns = [
        ("council", Type::Text),
        ("feed", Type::Text),
        ("delivery_id", Type::Text),
        ("delivery_year", Type::SmallInt),
        ("delivery_period", Type::TinyInt),
        ("lines", Type::BigInt),
        ("amount", Type::Money),
    ];
    let rows: Vec<Vec<Cell>> = parts
        .iter()
        .map(|(s, _)| {
            let proof = records.iter().find(|r| r.delivery_id == s.delivery).and_then(|r| r.proof.periods.get(&s.file.period.to_string()));
            vec![
                s.file.council.as_str().into(),
                s.file.feed.as_str().into(),
                s.delivery.as_str().into(),
                i64::from(s.file.period.year).into(),
                i64::from(s.file.period.period).into(),
                s.file.rows.into(),
                Cell::Pence(proof.map_or(0, |p| p.amount)),
            ]
        })
        .collect();
    proof_table(&columns, &rows)
}

/// What the sender's own columns net to, against the common table: net always, debits and credits where they come apart.
fn sender_sign(records: &[&DeliveryRecord]) -> Answer<RecordBatch> {
    let columns = [
        ("delivery_id", Type::Text),
        ("council", Type::Text),
        ("feed", Type::Text),
        ("side", Type::Text),
        ("sender_amount", Type::Money),
        ("common_amount", Type::Money),
    ];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for record in records {
        let of = |name: &str| record.proof.columns.get(name).map(|m| m.accepted);
        let net = record.proof.pence();
        let debits: Pence = record.proof.periods.values().map(|p| p.debits).sum();
        let mut row = |side: &str, sender: Pence, common: Pence| {
            rows.push(vec![
                record.delivery_id.as_str().into(),
                record.council.as_str().into(),
                record.feed.as_str().into(),
                side.into(),
                Cell::Pence(sender),
                Cell::Pence(common),
            ]);
        };
        match (of("amount"), of("debit"), of("credit")) {
            (Some(amount), ..) => {
                // A control on `-amount` says that the sender's credits are positive, and that the SQL turns them.
                let turned = record.proof.controls.iter().any(|c| is_of_one(c, "amount", true));
                row("net", if turned { -amount } else { amount }, net);
            }
            (None, Some(debit), Some(credit)) => {
                row("net", debit - credit, net);
                // A reversal written in red makes a debit of a negative credit: then only the net can be held together.
                let one_side = |name: &str| record.proof.columns.get(name).is_some_and(|m| !m.both_signs);
                let declared = record.proof.controls.iter().any(|c| c.held && is_of_one(c, "debit", false));
                if declared && one_side("debit") && one_side("credit") {
                    row("debits", debit, debits);
                    row("credits", -credit, net - debits);
                }
            }
            // Several rows were made of one record, each of another column: what the sender adds up is what the rows add up to.
            _ => {
                let made: u64 = record.proof.periods.values().map(|p| p.rows).sum();
                if let Some(sum) = declared_sum(record).filter(|_| made > record.proof.accepted) {
                    row("net", sum, net);
                }
            }
        }
    }
    proof_table(&columns, &rows)
}

/// Whether the control adds up this column alone, as it is or taken off.
fn is_of_one(control: &ControlProof, column: &str, taken_off: bool) -> bool {
    matches!(control.terms.as_slice(), [(name, off)] if name == column && *off == taken_off)
}

/// The accepted amounts of the columns that the sender's control adds up: `sum(april + may) = footer.total`.
fn declared_sum(record: &DeliveryRecord) -> Option<Pence> {
    let columns = &record.proof.columns;
    // A control of one column among several does not say how the others are signed.
    let names_all = |control: &&ControlProof| columns.keys().all(|column| control.terms.iter().any(|(name, _)| name == column));
    let amount = |(name, taken_off): &(String, bool)| columns.get(name).map(|m| if *taken_off { -m.accepted } else { m.accepted });
    let mut controls = record.proof.controls.iter().filter(|c| !c.by_document && !c.terms.is_empty()).filter(names_all);
    controls.find_map(|control| control.terms.iter().map(amount).sum())
}

fn income_account(parts: &[(CostSource, PublishedPart)]) -> Answer<RecordBatch> {
    let columns = [
        ("council", Type::Text),
        ("account", Type::Text),
        ("delivery_year", Type::SmallInt),
        ("lines", Type::BigInt),
        ("amount", Type::Money),
    ];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (source, part) in parts {
        let Some(income) = part.facts.get("income").and_then(Value::as_object) else { continue };
        for (account, sums) in income {
            let (count, pence) = rows_and_pence(sums);
            rows.push(vec![
                source.file.council.as_str().into(),
                account.as_str().into(),
                i64::from(source.file.period.year).into(),
                count.into(),
                Cell::Pence(pence),
            ]);
        }
    }
    proof_table(&columns, &rows)
}

/// Which council is a partner in which service in which period. `unknown` stands for membership of some service.
fn member_period(partnership: &Partnership, parts: &[(CostSource, PublishedPart)]) -> Answer<RecordBatch> {
    let columns =
        [("organisation", Type::Text), ("service", Type::Text), ("delivery_year", Type::SmallInt), ("delivery_period", Type::TinyInt)];
    let periods: BTreeSet<Period> = parts.iter().map(|(s, _)| s.file.period).collect();
    let mut found: BTreeSet<(String, String, Period)> = BTreeSet::new();
    for period in periods {
        let (first, last) = partnership.calendar.days_of(period);
        for member in &partnership.members {
            let span = member.span;
            let overlaps = span.from.is_none_or(|from| from <= last) && span.to.is_none_or(|to| to > first);
            let partner = matches!(member.role, crate::pipeline::Role::Partner | crate::pipeline::Role::Host);
            if !overlaps || !partner {
                continue;
            }
            let organisation = member.organisation.to_string();
            let services = partnership.services.iter().filter(|s| member.service.as_ref().is_none_or(|one| *one == s.id));
            found.extend(services.map(|s| (organisation.clone(), s.id.to_string(), period)));
            found.insert((organisation, "unknown".into(), period));
        }
    }
    let row = |(organisation, service, period): &(String, String, Period)| {
        vec![organisation.as_str().into(), service.as_str().into(), i64::from(period.year).into(), i64::from(period.period).into()]
    };
    proof_table(&columns, &found.iter().map(row).collect::<Vec<_>>())
}

fn company(partnership: &Partnership) -> Answer<RecordBatch> {
    let rows: Vec<Vec<Cell>> = partnership.companies.iter().map(|c| vec![c.id.as_str().into(), c.dormant.into()]).collect();
    proof_table(&[("company", Type::Text), ("dormant", Type::Boolean)], &rows)
}

/// No code was looked at anew: the checks on rules were made when the parts were.
///
/// # Errors
/// None in practice: the columns are fixed.
pub fn no_code_class() -> Answer<RecordBatch> {
    let columns = [
        ("council", Type::Text),
        ("feed", Type::Text),
        ("valid_from", Type::Date),
        ("valid_to", Type::Date),
        ("rule_id", Type::Text),
        ("tied", Type::BigInt),
    ];
    proof_table(&columns, &[])
}

/// A period that must wait for a required feed.
#[must_use]
pub fn blocked(period: Period, lacking: &[String]) -> Diagnostic {
    Diagnostic::warning(
        codes::control::PERIOD_BLOCKED,
        format!("{period} is not published: {} has no accepted delivery for it", lacking.join(", ")),
    )
    .expected("every required feed of the basis in use, for every period that is published")
    .outcome("its lines wait in the lake; the other periods are published")
    .hint(format!(
        "put the file into the feed's folder (`truecost plan` says what is there) and type truecost run; or say `required: false` in {}",
        lacking.iter().map(|feed| format!("pipelines/{feed}.yaml")).collect::<Vec<_>>().join(", ")
    ))
}

/// A period that is published although a required feed has brought nothing for it, because the feed says `missing: carry`.
#[must_use]
pub fn carried(period: Period, lacking: &[String]) -> Diagnostic {
    Diagnostic::warning(
        codes::control::PERIOD_BLOCKED,
        format!("{period} is published without {}, which has no accepted delivery for it", lacking.join(", ")),
    )
    .expected("every required feed of the basis in use, for every period that is published")
    .outcome("what the feed brought before stays as it is; nothing stands in for what is missing (`missing: carry`)")
    .hint("put the file into the feed's folder and type truecost run; or say `missing: block`, so that such a period waits")
}

/// Every row that was accepted is in the lake: per period, the files hold as many rows as the delivery's proof says.
///
/// # Errors
/// TC1250 with every period in which rows are missing.
pub fn all_there(known: &[DeliveryRecord], table: &str, files: &[&LakeFile]) -> Answer<()> {
    let mut faults = Vec::new();
    for record in known.iter().filter(|r| r.table == table && r.state == DeliveryState::Accepted) {
        if record.lost {
            faults.push(not_in_lake(record));
            continue;
        }
        for (text, proof) in &record.proof.periods {
            let Some(period) = Period::parse(text) else { continue };
            let stands = holder(known, &record.council, &record.feed, period).is_some_and(|r| r.delivery_id == record.delivery_id);
            let of_it = |f: &&&LakeFile| f.council == record.council && f.feed == record.feed && f.period == period;
            let rows: u64 = files.iter().filter(of_it).map(|f| f.rows).sum();
            if stands && rows != proof.rows {
                let seen =
                    format!("{}/{} {text}: {} accepted, {rows} in lake/{table}", record.council, record.feed, counted(proof.rows, "row"));
                faults.push(
                    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
                        .expected("every accepted row in its common table")
                        .outcome("nothing was published; the last release is unchanged")
                        .hint("put the table's folder back; or move it aside and run again: deliveries are brought in from their landed bytes"),
                );
            }
        }
    }
    let waits = |f: &LakeFile| {
        let covers = |r: &DeliveryRecord| r.covers().is_some_and(|covers| covers.contains(f.period));
        known.iter().any(|r| r.lost && r.is_of(&f.council, &f.feed) && covers(r))
    };
    let ownerless = |f: &&&LakeFile| f.rows > 0 && holder(known, &f.council, &f.feed, f.period).is_none() && !waits(f);
    faults.extend(files.iter().filter(ownerless).map(|f| ownerless_rows(table, f)));
    if faults.is_empty() { Ok(()) } else { Err(Refusal(faults)) }
}

/// Rows in a common table that no accepted delivery stands for.
fn ownerless_rows(table: &str, file: &LakeFile) -> Diagnostic {
    let feed = format!("{}/{}", file.council, file.feed);
    let seen = format!("{feed} {}: {} in lake/{table} of no accepted delivery", file.period, counted(file.rows, "row"));
    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
        .expected("a delivery in the register for every row of a common table")
        .outcome("nothing was published; the last release is unchanged")
        .hint(format!("truecost run --force {feed}"))
}

/// An accepted delivery that waits to be brought in again.
fn not_in_lake(record: &DeliveryRecord) -> Diagnostic {
    let covers = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let seen = format!(
        "{}/{} {covers}: the rows of delivery {} are not in lake/{}",
        record.council, record.feed, record.delivery_id, record.table
    );
    let feed = format!("{}/{}", record.council, record.feed);
    let hint = if record.last_attempt.is_some() {
        format!(
            "it was refused when it was judged again: correct what refused it, or bring a newer file for {covers}; then truecost run {feed}"
        )
    } else {
        format!("bring it in again from its landed bytes: truecost run {feed}")
    };
    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
        .expected("every accepted row in its common table")
        .outcome("nothing was published; the last release is unchanged")
        .hint(hint)
}

#[must_use]
pub fn no_query(table: &str) -> Refusal {
    Diagnostic::new(codes::sql::NAME, format!("no query of pipelines/cost/classify fills `{table}`"))
        .expected(format!("a file {table}.sql in pipelines/cost/classify"))
        .outcome("nothing was published; the last release is unchanged")
        .hint("take it from the reference partnership: `truecost init` in an empty folder")
        .into()
}

#[must_use]
pub fn no_contract(kind: &str, table: &str) -> Refusal {
    Diagnostic::new(codes::sql::NAME, format!("there is no contract schemas/{kind}/{table}.odcs.yaml"))
        .expected("a contract for every table that the program fills")
        .outcome("nothing was published; the last release is unchanged")
        .hint("take it from the reference partnership: `truecost init` in an empty folder")
        .into()
}

#[must_use]
pub fn does_not_fit(table: &str, error: &arrow::error::ArrowError) -> Refusal {
    Diagnostic::new(
        codes::sql::COLUMNS,
        format!("schemas/published/{table}.odcs.yaml and schemas/reference/{table}.odcs.yaml differ: {error}"),
    )
    .expected("the same types, and no required column that the reference table lacks")
    .outcome("nothing was published; the last release is unchanged")
    .hint("correct one of the two contracts")
    .into()
}
