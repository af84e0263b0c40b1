//! What the checks are made on beside what is about to be published: the proofs of deliveries and parts, and what the partnership says.

use std::collections::BTreeSet;

use arrow::record_batch::RecordBatch;
use serde_json::Value;

use crate::{
    diagnostic::Answer,
    domain::{Pence, Period, counted, parse_pounds, pounds},
    lake::{Counted, DeliveryProof, DeliveryRecord, LeftOutProof, PublishedPart, Residue},
    pipeline::{Basis, Partnership},
    plan::{CostSource, LEFT_OUT},
    schema::{
        Cell, Type,
        batch::{self, Default},
        proof_table,
    },
};

/// Tables of [`check_tables`] that are published with the release, where they have a contract.
pub const PUBLISHED_PROOFS: [&str; 5] = ["delivery_control", "common_total", "sender_amount", "member_period", "left_out"];

/// What `class_total` is where its contract has no such columns.
pub const CLASSES_OF_THE_VERSION_BEFORE: [(&str, Default); 3] =
    [("part_kind", Default::Word("line")), ("on_cost", Default::False), ("recharge", Default::False)];

/// Tables that the checks read.
///
/// # Errors
/// TC1250 where a value does not fit.
pub fn check_tables(
    partnership: &Partnership,
    records: &[&DeliveryRecord],
    parts: &[(CostSource, PublishedPart)],
) -> Answer<Vec<(&'static str, RecordBatch)>> {
    let mut tables = vec![
        ("delivery_control", delivery_control(records)?),
        ("common_total", common_total(records, parts)?),
        ("sender_amount", sender_amount(records)?),
        ("left_out", left_out(records)?),
        ("income_account", income_account(parts)?),
        ("member_period", member_period(partnership, parts)?),
        ("company", company(partnership)?),
        ("review", review(partnership)?),
        ("payroll_limit", proof_table(&[("pounds", Type::Money)], &[vec![Cell::Pence(partnership.payroll_limit.pence)]])?),
        ("small_group", proof_table(&[("persons", Type::BigInt)], &[vec![partnership.small_group.into()]])?),
        ("suspense_limit", proof_table(&[("pounds", Type::Money)], &[vec![Cell::Pence(partnership.suspense_limit.pence)]])?),
    ];
    let rounded = rounded_off(records)?;
    if rounded.num_rows() > 0 {
        tables.push(("rounded_off", rounded));
    }
    Ok(tables)
}

/// What rounding each row to pence took off, of the deliveries of which it took anything: as the decoder added it up, and over the periods.
fn rounded_off(records: &[&DeliveryRecord]) -> Answer<RecordBatch> {
    let columns = [
        ("delivery_id", Type::Text),
        ("council", Type::Text),
        ("feed", Type::Text),
        ("sender_debits", Type::Quantity),
        ("common_debits", Type::Quantity),
        ("sender_credits", Type::Quantity),
        ("common_credits", Type::Quantity),
    ];
    let row = |record: &&DeliveryRecord| {
        let common = record.proof.periods.values().fold(Residue::default(), |sum, period| sum.plus(period.residue));
        let sender = record.proof.sender.as_ref().map_or(Residue::default(), |sender| sender.residue);
        if sender.is_nought() && common.is_nought() {
            return None;
        }
        Some(vec![
            record.delivery_id.as_str().into(),
            record.council.as_str().into(),
            record.feed.as_str().into(),
            Cell::Millionths(sender.debits),
            Cell::Millionths(common.debits),
            Cell::Millionths(sender.credits),
            Cell::Millionths(common.credits),
        ])
    };
    proof_table(&columns, &records.iter().filter_map(row).collect::<Vec<_>>())
}

/// Feeds of which an earlier month stands in for one that they have not brought: with its lines, and those that stand for nothing.
///
/// # Errors
/// TC1250 where a value does not fit.
pub fn carried_feed(parts: &[(CostSource, PublishedPart)]) -> Answer<RecordBatch> {
    let columns = [
        ("council", Type::Text),
        ("feed", Type::Text),
        ("delivery_year", Type::SmallInt),
        ("delivery_period", Type::TinyInt),
        ("carried_from", Type::Text),
        ("lines", Type::BigInt),
        ("amount", Type::Money),
        ("left_out", Type::Text),
    ];
    let row = |(source, part): &(CostSource, PublishedPart)| -> Option<Vec<Cell>> {
        let carried = source.carried?;
        let left_out = rows_and_pence(part.facts.get(LEFT_OUT).unwrap_or(&Value::Null));
        Some(vec![
            source.file.council.as_str().into(),
            source.file.feed.as_str().into(),
            i64::from(source.file.period.year).into(),
            i64::from(source.file.period.period).into(),
            carried.from.to_string().into(),
            source.file.rows.saturating_sub(left_out.0).into(),
            Cell::Pence(carried.pence - left_out.1),
            match left_out {
                (0, _) => "".into(),
                (rows, pence) => format!("; {} on recharge accounts, {}, left out", counted(rows, "line"), pounds(pence)).into(),
            },
        ])
    };
    proof_table(&columns, &parts.iter().filter_map(row).collect::<Vec<_>>())
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

/// What each delivery left out of its rows, by reason: rows, what the contract says that they hold, and their pounds in the extract's
/// own sign (null where they hold none, or no pounds).
fn left_out(records: &[&DeliveryRecord]) -> Answer<RecordBatch> {
    let columns = [
        ("delivery_id", Type::Text),
        ("council", Type::Text),
        ("feed", Type::Text),
        ("reason", Type::Text),
        ("holds", Type::Text),
        ("lines", Type::BigInt),
        ("amount", Type::Money),
    ];
    let each = records.iter().flat_map(|r| r.proof.left_out.iter().map(move |(reason, left)| (r, reason, left)));
    let row = |(r, reason, left): (&&DeliveryRecord, &String, &LeftOutProof)| {
        vec![
            r.delivery_id.as_str().into(),
            r.council.as_str().into(),
            r.feed.as_str().into(),
            reason.as_str().into(),
            left.holds.as_deref().map_or(Cell::Null, Cell::from),
            left.rows.into(),
            left.pence.map_or(Cell::Null, Cell::Pence),
        ]
    };
    proof_table(&columns, &each.map(row).collect::<Vec<_>>())
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
        .map(|(s, part)| {
            let left_out = rows_and_pence(part.facts.get(LEFT_OUT).unwrap_or(&Value::Null));
            let proof = records.iter().find(|r| r.delivery_id == s.delivery).and_then(|r| r.proof.periods.get(&s.file.period.to_string()));
            vec![
                s.file.council.as_str().into(),
                s.file.feed.as_str().into(),
                s.delivery.as_str().into(),
                i64::from(s.file.period.year).into(),
                i64::from(s.file.period.period).into(),
                s.file.rows.saturating_sub(left_out.0).into(),
                Cell::Pence(s.carried.map_or_else(|| proof.map_or(0, |p| p.amount), |carried| carried.pence - left_out.1)),
            ]
        })
        .collect();
    proof_table(&columns, &rows)
}

/// What the sender's own columns add up to, against the common table: rows, net, debits and credits of every delivery, and what rounding
/// each row to pence took off: added up by the decoder, and over the periods into which the rows went.
///
/// A side that is not known is null: rows where the SQL chooses among them, debits and credits of an entry of the version before. Where no
/// net is known there was nothing to compare, and check 42 says so.
fn sender_amount(records: &[&DeliveryRecord]) -> Answer<RecordBatch> {
    let columns = [
        ("delivery_id", Type::Text),
        ("council", Type::Text),
        ("feed", Type::Text),
        ("sender_rows", Type::BigInt),
        ("common_rows", Type::BigInt),
        ("sender_debits", Type::Money),
        ("common_debits", Type::Money),
        ("sender_credits", Type::Money),
        ("common_credits", Type::Money),
        ("sender_amount", Type::Money),
        ("common_amount", Type::Money),
        ("not_known_rows", Type::BigInt),
        ("controlled", Type::Boolean),
        ("sender_residue", Type::Quantity),
        ("common_residue", Type::Quantity),
    ];
    let pence = |pence: Option<Pence>| pence.map_or(Cell::Null, Cell::Pence);
    let row = |record: &&DeliveryRecord| {
        let proof = &record.proof;
        let sender = proof.sender.as_ref();
        let debits: Pence = proof.periods.values().map(|p| p.debits).sum();
        let sent_debits = sender.and_then(|s| s.debits);
        vec![
            record.delivery_id.as_str().into(),
            record.council.as_str().into(),
            record.feed.as_str().into(),
            sender.and_then(|s| s.rows).map_or(Cell::Null, Cell::from),
            proof.periods.values().map(|p| p.rows).sum::<u64>().into(),
            pence(sent_debits),
            Cell::Pence(debits),
            pence(sender.and_then(|s| Some(s.amount - s.debits?))),
            Cell::Pence(proof.pence() - debits),
            pence(sender.map(|s| s.amount)),
            Cell::Pence(proof.pence()),
            record.not_known_rows().into(),
            is_controlled(proof).into(),
            Cell::Millionths(sender.map_or(0, |s| s.residue.net())),
            Cell::Millionths(proof.periods.values().map(|p| p.residue.net()).sum()),
        ]
    };
    // Of rows without pounds there is nothing to compare.
    proof_table(&columns, &records.iter().filter(|record| !record.proof.no_pounds).map(row).collect::<Vec<_>>())
}

/// Whether a control of the feed adds up pounds: then all of them have to be known.
fn is_controlled(proof: &DeliveryProof) -> bool {
    proof.controls.iter().any(|control| control.measure == Counted::Pounds && !control.terms.is_empty())
}

/// Lines and pounds of each income account, of ledgers. A payment that is posted to an income account gives income back: there a debit
/// is what is to be expected, and shows no sign that was turned.
fn income_account(parts: &[(CostSource, PublishedPart)]) -> Answer<RecordBatch> {
    let columns = [
        ("council", Type::Text),
        ("account", Type::Text),
        ("delivery_year", Type::SmallInt),
        ("lines", Type::BigInt),
        ("amount", Type::Money),
    ];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (source, part) in parts.iter().filter(|(source, _)| source.basis == Basis::Ledger) {
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

/// Who wrote and who approved every row of every reference table.
fn review(partnership: &Partnership) -> Answer<RecordBatch> {
    let columns = [("place", Type::Text), ("author", Type::Text), ("approver", Type::Text)];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for table in partnership.references.values() {
        let (author, approver) = (batch::text(&table.rows, "author")?, batch::text(&table.rows, "approver")?);
        let cell = |column, row| batch::text_at(column, row).map_or(Cell::Null, Cell::from);
        let row = |(row, line): (usize, &u64)| vec![format!("{}, line {line}", table.file).into(), cell(author, row), cell(approver, row)];
        rows.extend(table.lines.iter().enumerate().map(row));
    }
    proof_table(&columns, &rows)
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

/// The table `payroll_difference` where a partnership resolves no pay: what check 5 reads of it.
///
/// # Errors
/// TC1250 where a value does not fit.
pub fn no_payroll_difference() -> Answer<RecordBatch> {
    let columns = [
        ("council", Type::Text),
        ("delivery_year", Type::SmallInt),
        ("delivery_period", Type::TinyInt),
        ("absolute_difference", Type::Money),
    ];
    proof_table(&columns, &[])
}

/// What [`crate::stages::classify`] remembered of a part under a name.
pub(super) fn rows_and_pence(facts: &Value) -> (u64, Pence) {
    let rows = facts.get("rows").and_then(Value::as_u64).unwrap_or(0);
    (rows, facts.get("amount").and_then(Value::as_str).and_then(parse_pounds).unwrap_or(0))
}
