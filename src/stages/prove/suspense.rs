//! What stands in suspense, code by code: for the report that shows it, and for the check that stops because of it.

use std::cmp::Reverse;

use arrow::{
    array::{Array, AsArray},
    datatypes::{Decimal128Type, Int64Type},
    record_batch::RecordBatch,
};
use serde_json::{Value, json};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::checks::CHECK_SUSPENSE},
    domain::{Pence, counted, decimal, pounds},
    engine::{Limits, Tables, ask},
};

/// Rows of a code that no rule covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InSuspense {
    pub council: String,
    /// The reference table that lacks a row: `account`, `cost_centre`, `ownership_rule`.
    pub lacks: &'static str,
    /// Empty where the line carries no code at all.
    pub code: String,
    pub rows: i64,
    pub pence: Pence,
    /// Debits and credits without their signs: what check 12 judges.
    pub absolute: Pence,
    pub first: String,
    pub last: String,
    /// Delivery and line of one of them.
    pub example: String,
}

impl InSuspense {
    /// As reports and the record of a stopped run hold it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"council": self.council, "table": self.lacks, "code": self.code, "rows": self.rows, "amount": decimal(self.pence),
            "first": self.first, "last": self.last, "example": self.example})
    }
}

const SQL: &str = "SELECT council, rule_id AS why, coalesce(CASE WHEN rule_id = 'no_account' THEN account WHEN rule_id = 'no_cost_centre' THEN cost_centre \
     ELSE coalesce(cost_centre, department) END, '') AS code, COUNT(*) AS n, SUM(amount) AS amount, \
     SUM(CASE WHEN amount < 0 THEN -amount ELSE amount END) AS absolute, \
     CAST(MIN(effective_date) AS VARCHAR) AS first_date, CAST(MAX(effective_date) AS VARCHAR) AS last_date, \
     MIN(delivery_id || ' ' || lpad(CAST(source_row AS VARCHAR), 12, ' ')) AS example \
     FROM cost_line WHERE ownership = 'suspense' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

/// Every code in suspense, by council and code. `tables` hold `cost_line`.
///
/// # Errors
/// TC11… where the lines cannot be read.
pub fn suspense(tables: &Tables) -> Answer<Vec<InSuspense>> {
    let batches = ask(SQL, tables, &Limits::default())?.collect::<Answer<Vec<_>>>()?;
    Ok(batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| in_suspense(batch, row))).collect())
}

fn in_suspense(batch: &RecordBatch, row: usize) -> InSuspense {
    let column = |at: usize| batch.columns().get(at).filter(|c| c.is_valid(row));
    let text = |at| column(at).and_then(|c| c.as_string_opt::<i32>()).map(|c| c.value(row).to_owned()).unwrap_or_default();
    let pence = |at| column(at).and_then(|c| c.as_primitive_opt::<Decimal128Type>()).map_or(0, |c| c.value(row));
    InSuspense {
        council: text(0),
        lacks: lacking(&text(1)),
        code: text(2),
        rows: column(3).and_then(|c| c.as_primitive_opt::<Int64Type>()).map_or(0, |c| c.value(row)),
        pence: pence(4),
        absolute: pence(5),
        first: text(6),
        last: text(7),
        example: text(8).split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// The reference table that lacks a row.
fn lacking(rule_id: &str) -> &'static str {
    match rule_id {
        "no_account" => "account",
        "no_cost_centre" => "cost_centre",
        _ => "ownership_rule",
    }
}

/// Codes that the report of check 12 names; the rest are counted.
const NAMED: usize = 5;

/// Check 12 in full: how much, the limit, and the codes behind it, the largest first. `file` is where the limit stands.
#[must_use]
pub fn over_limit(codes: &[InSuspense], limit: Pence, file: &str) -> Diagnostic {
    let sum: Pence = codes.iter().map(|c| c.absolute).sum();
    let mut largest: Vec<&InSuspense> = codes.iter().collect();
    largest.sort_by_key(|c| (Reverse(c.absolute), &c.council, &c.code));
    let named = |c: &&InSuspense| {
        let code = if c.code.is_empty() { "(no code)".to_owned() } else { format!("`{}`", c.code) };
        let rows = counted(c.rows.unsigned_abs(), "line");
        format!("{} {code} is not in {}.csv ({rows}, {})", c.council, c.lacks, pounds(c.absolute))
    };
    let mut list: Vec<String> = largest.iter().take(NAMED).map(named).collect();
    if codes.len() > NAMED {
        list.push(format!("and {}", counted((codes.len() - NAMED) as u64, "more code")));
    }
    Diagnostic::new(CHECK_SUSPENSE, format!("check 12: {} in suspense, without regard to sign: {}", pounds(sum), list.join("; ")))
        .place(Place::file(file))
        .expected(format!("at most {} (`suspense_limit`)", pounds(limit)))
        .outcome("nothing was published; the last release is unchanged")
        .hint("truecost suspense --csv, which prints the rows to fill in, then truecost run; `action: warn` would publish with suspense in sight")
}
