//! The sender's pounds, added up by the decoder, against the rows that the SQL made of them.

use std::collections::BTreeMap;

use super::pass::Streamed;
use crate::{
    decode::{Sides, Tally},
    diagnostic::{Diagnostic, Place, codes},
    domain::{Pence, Period, counted, pounds},
    lake::{Residue, SenderProof},
    pipeline::Feed,
    schema::Form,
    stages::normalise::{PeriodTotals, Unlike},
};

/// What the decoder found by the form.
pub(super) fn sender_proof(form: &Form, tally: &Tally) -> SenderProof {
    let sums = tally.form;
    let row = |row: &Vec<crate::schema::Term>| row.iter().map(|term| (term.column.to_string(), term.minus)).collect();
    SenderProof {
        form: form.rows.iter().map(row).collect(),
        rows: form.counted.then_some(sums.rows),
        amount: sums.accepted.net(),
        debits: Some(sums.accepted.debits),
        quarantined: sums.rejected.net(),
        not_known_rows: sums.not_known,
        residue: residue_proof(sums.residue),
        quarantined_residue: residue_proof(sums.rejected_residue),
    }
}

/// What rounding took off, as the register keeps it.
pub(super) const fn residue_proof(residue: Sides) -> Residue {
    Residue { debits: residue.debits, credits: residue.credits }
}

/// Why the delivery is refused, where the common rows are other than the sender's: together, or row by row.
pub(super) fn not_as_sent(feed: &Feed, file: &str, form: &Form, sender: &SenderProof, streamed: &Streamed) -> Option<Diagnostic> {
    differs(feed, file, form, sender, &streamed.totals).or_else(|| row_by_row(feed, file, form, streamed.unlike))
}

/// In number, in debits or in credits.
fn differs(feed: &Feed, file: &str, form: &Form, sender: &SenderProof, totals: &BTreeMap<Period, PeriodTotals>) -> Option<Diagnostic> {
    let (mut rows, mut debits, mut credits): (u64, Pence, Pence) = (0, 0, 0);
    for totals in totals.values() {
        (rows, debits, credits) = (rows + totals.rows, debits + totals.debits, credits + totals.credits);
    }
    let sent_debits = sender.debits.unwrap_or(sender.amount);
    let sent_credits = sender.amount - sent_debits;
    if sender.rows.is_none_or(|sent| sent == rows) && (sent_debits, sent_credits) == (debits, credits) {
        return None;
    }
    let shown = |rows: u64, debits: Pence, credits: Pence| {
        format!("{}, debits {}, credits {}", counted(rows, "row"), pounds(debits), pounds(credits))
    };
    let seen = format!(
        "the SQL made {} of what the columns hold, which is {}",
        shown(rows, debits, credits),
        shown(sender.rows.unwrap_or(rows), sent_debits, sent_credits)
    );
    let report = Diagnostic::new(codes::control::SENDER_AMOUNT, seen)
        .place(Place::file(file))
        .expected(format!("rows that add up to `{form}` of the extract"))
        .outcome("the delivery was refused; the last accepted one stays")
        .hint(format!("look at `amount` in {}: where one of several columns is empty, write `coalesce(column, 0)`", feed.sql_file));
    Some(report)
}

/// Its sums agree and some rows do not: the SQL moved pounds from one row to another, and with them
/// from one period to another.
fn row_by_row(feed: &Feed, file: &str, form: &Form, unlike: Unlike) -> Option<Diagnostic> {
    let line = u64::try_from(unlike.first?).ok();
    let seen = format!("the SQL made other amounts of {} than their columns hold, though the sums agree", counted(unlike.rows, "row"));
    let report = Diagnostic::new(codes::control::SENDER_AMOUNT, seen)
        .place(Place { line, ..Place::file(file) })
        .expected(format!("in every row `{form}` of its own record"))
        .outcome("the delivery was refused; the last accepted one stays")
        .hint(format!("look at `amount` in {}: it takes pounds from some rows and gives them to others", feed.sql_file));
    Some(report)
}
