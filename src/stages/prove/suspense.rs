//! What stands in suspense, code by code: for the report that shows it, and for the check that stops because of it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
};

use arrow::{
    array::{Array, AsArray},
    datatypes::{Decimal128Type, Int64Type},
    record_batch::RecordBatch,
};
use serde_json::{Value, json};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::checks::CHECK_SUSPENSE},
    domain::{Pence, counted, decimal, fold_code, pounds},
    engine::{Limits, Tables, ask},
    pipeline::Partnership,
    schema::{batch, suggest::look_alike},
};

/// Rows of a code that no rule covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InSuspense {
    pub council: String,
    /// The reference table that lacks a row: `account`, `cost_centre`, `ownership_rule`.
    pub lacks: &'static str,
    /// The code that no row knows, folded. Empty where the line carries no code at all.
    pub code: String,
    /// Column of that table in which the code stands: `account`, `cost_centre`, `department`.
    pub column: &'static str,
    /// A known code that looks like it, `None` where there is none.
    pub looks_like: Option<String>,
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
    /// Takes in rows of a code that looks the same.
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.pence += other.pence;
        self.absolute += other.absolute;
        self.last = std::mem::take(&mut self.last).max(other.last);
        if other.first < self.first {
            (self.first, self.example) = (other.first, other.example);
        }
    }

    /// As reports and the record of a stopped run hold it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"council": self.council, "table": self.lacks, "column": self.column, "code": self.code,
            "looks_like": self.looks_like, "rows": self.rows, "amount": decimal(self.pence),
            "first": self.first, "last": self.last, "example": self.example})
    }
}

/// In the order of council, table, column and code. What a rule would turn on: the cost centre or the department; where the line has
/// neither, its account, and then its project.
const SQL: &str = "SELECT council, rule_id AS why, \
     CASE WHEN rule_id = 'no_account' THEN 'account' WHEN rule_id = 'no_cost_centre' OR cost_centre <> '' THEN 'cost_centre' \
     WHEN department <> '' THEN 'department' WHEN coalesce(nullif(account, ''), account_text) <> '' THEN 'account' WHEN project <> '' THEN 'project' ELSE 'cost_centre' END AS place, \
     coalesce(CASE WHEN rule_id = 'no_account' THEN account WHEN rule_id = 'no_cost_centre' THEN cost_centre \
     ELSE coalesce(nullif(cost_centre, ''), nullif(department, ''), nullif(account, ''), nullif(account_text, ''), project) END, '') AS code, COUNT(*) AS n, \
     SUM(amount) AS amount, SUM(CASE WHEN amount < 0 THEN -amount ELSE amount END) AS absolute, \
     CAST(MIN(effective_date) AS VARCHAR) AS first_date, CAST(MAX(effective_date) AS VARCHAR) AS last_date, \
     MIN(delivery_id || ' ' || lpad(CAST(source_row AS VARCHAR), 12, ' ')) AS example \
     FROM cost_line WHERE ownership = 'suspense' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";

/// Every code in suspense, by council and code, those that look alike together. `tables` hold `cost_line`.
///
/// # Errors
/// TC11… where the lines cannot be read.
pub fn suspense(partnership: &Partnership, tables: &Tables) -> Answer<Vec<InSuspense>> {
    let batches = ask(SQL, tables, &Limits::default())?.collect::<Answer<Vec<_>>>()?;
    let mut codes: BTreeMap<(String, &'static str, String, &'static str), InSuspense> = BTreeMap::new();
    for found in batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| in_suspense(batch, row))) {
        let key = (found.council.clone(), found.lacks, found.code.clone(), found.column);
        match codes.entry(key) {
            Entry::Vacant(place) => drop(place.insert(found)),
            Entry::Occupied(mut place) => place.get_mut().add(found),
        }
    }
    let mut codes: Vec<InSuspense> = codes.into_values().collect();
    name_look_alikes(partnership, &mut codes)?;
    Ok(codes)
}

fn in_suspense(batch: &RecordBatch, row: usize) -> InSuspense {
    let column = |at: usize| batch.columns().get(at).filter(|c| c.is_valid(row));
    let text = |at| column(at).and_then(|c| c.as_string_opt::<i32>()).map(|c| c.value(row).to_owned()).unwrap_or_default();
    let pence = |at| column(at).and_then(|c| c.as_primitive_opt::<Decimal128Type>()).map_or(0, |c| c.value(row));
    InSuspense {
        council: text(0),
        lacks: lacking(&text(1)),
        column: RULE_CODES.into_iter().find(|name| *name == text(2)).unwrap_or("cost_centre"),
        code: fold_code(&text(3)).into_owned(),
        looks_like: None,
        rows: column(4).and_then(|c| c.as_primitive_opt::<Int64Type>()).map_or(0, |c| c.value(row)),
        pence: pence(5),
        absolute: pence(6),
        first: text(7),
        last: text(8),
        example: text(9).split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Columns of an ownership rule that hold codes of lines.
const RULE_CODES: [&str; 4] = ["cost_centre", "department", "account", "project"];

/// The reference table that lacks a row.
fn lacking(rule_id: &str) -> &'static str {
    match rule_id {
        "no_account" => "account",
        "no_cost_centre" => "cost_centre",
        _ => "ownership_rule",
    }
}

/// For each code a known one that looks like it.
fn name_look_alikes(partnership: &Partnership, codes: &mut [InSuspense]) -> Answer<()> {
    for found in codes {
        let Some(known) = partnership.references.get(found.lacks) else { continue };
        let column = batch::text(&known.rows, found.column)?;
        let councils = batch::text(&known.rows, "council")?;
        let of_council =
            councils.iter().zip(column.iter()).filter(|(council, _)| council.is_none_or(|c| c.is_empty() || c == found.council));
        found.looks_like = look_alike(&found.code, of_council.filter_map(|(_, code)| code)).map(str::to_owned);
    }
    Ok(())
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
        let near = c.looks_like.as_ref().map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
        format!("{} {code} is not in {}.csv ({rows}, {}{near})", c.council, c.lacks, pounds(c.absolute))
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
