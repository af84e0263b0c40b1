//! A feed's SQL over one of its contracts, and the sender's amounts behind it.

use std::collections::BTreeMap;

use super::common;
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::contract::DROPPED},
    domain::Pence,
    engine::{Declared, Given, Projection},
    lake::{Counted, DeliveryProof, DeliveryRecord, Measure, Residue, SenderProof},
    pipeline::{Delivers, Feed, Partnership, Positive},
    schema::{Column, Contract, Form},
};

/// The planned SQL of a feed and the form of its amounts; no form where the common table has no amount.
///
/// # Errors
/// TC0801 to TC0806, TC0814 and TC0815.
pub fn project(feed: &Feed, contract: &Contract, into: &Contract) -> Answer<(Projection, Option<Form>)> {
    let (sql_file, sql) = feed.sql_of(contract);
    let projection = Projection::plan_with(sql, sql_file, contract, into, given(feed))?;
    let declared = Declared { credits_positive: feed.positive == Positive::Credits, amount: feed.declared_amount() };
    let named = declared.amount.iter().flatten().flatten().find(|(column, _)| contract.column(column).is_some_and(Column::is_dropped));
    if let Some((column, _)) = named {
        return Err(Diagnostic::new(DROPPED, format!("`amount` of {} names `{column}`, which the contract drops", feed.name()))
            .place(Place::file(feed.file.clone()))
            .expected(format!("columns that {} keeps", contract.file))
            .outcome("nothing was run; no data was read or changed")
            .into());
    }
    let form = projection.form(contract, &declared)?;
    Ok((projection, form))
}

/// What the delivery itself gives, and how many rows a record becomes.
fn given(feed: &Feed) -> Given {
    Given { rows_many: feed.rows_many, as_at: feed.delivers == Delivers::Snapshot }
}

/// The records, those of the version before with the sender's amounts: by the form of the feed as it is now, over the sums of the
/// extract's columns that they hold. Where that cannot be told they stay without, and check 42 says so.
#[must_use]
pub fn with_sender(partnership: &Partnership, records: &[&DeliveryRecord]) -> Vec<DeliveryRecord> {
    // Deliveries of a table without pounds never have one: the SQL of a feed is planned once, however many there are.
    let mut forms: BTreeMap<[&str; 4], Option<Form>> = BTreeMap::new();
    let mut all = Vec::with_capacity(records.len());
    for record in records {
        let mut complete = DeliveryRecord::clone(record);
        if record.proof.sender.is_none() {
            let of = [&*record.council, &record.feed, &record.contract, &record.table];
            let form = forms.entry(of).or_insert_with(|| form_behind(partnership, record));
            complete.proof.sender = form.as_ref().and_then(|form| from_columns(form, &record.proof));
        }
        all.push(complete);
    }
    all
}

fn form_behind(partnership: &Partnership, record: &DeliveryRecord) -> Option<Form> {
    let feed = partnership.feed(&record.council, &record.feed)?;
    let (_, contract) = feed.contracts.iter().find(|(_, contract)| contract.name == record.contract)?;
    project(feed, contract, common(partnership, &record.table).ok()?).ok()?.1
}

fn from_columns(form: &Form, proof: &DeliveryProof) -> Option<SenderProof> {
    let sum = |of: fn(&Measure) -> Pence| -> Option<Pence> {
        let signed = |term: &crate::schema::Term| {
            let pence = proof.columns.get(&*term.column).map(of)?;
            Some(if term.minus { -pence } else { pence })
        };
        form.terms().map(signed).sum()
    };
    let amount = sum(|column| column.accepted)?;
    // A control over all rows, the quarantined ones too, cannot have held without what these hold.
    let tied = proof.controls.iter().any(|c| c.held && c.measure == Counted::Pounds && !c.by_document && !c.terms.is_empty());
    Some(SenderProof {
        form: form.rows.iter().map(|row| row.iter().map(|term| (term.column.to_string(), term.minus)).collect()).collect(),
        rows: form.counted.then_some(proof.accepted * form.rows.len() as u64),
        amount,
        debits: None,
        quarantined: sum(|column| column.quarantined)?,
        not_known_rows: if tied { 0 } else { proof.quarantined },
        // The version before read no parts of a penny.
        residue: Residue::default(),
        quarantined_residue: Residue::default(),
    })
}
