//! SQL's answers → [`Meanings`]; and what SQL is asked: codes and members as tables.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, Int32Array, StringArray},
    datatypes::Date32Type,
    record_batch::RecordBatch,
};

use super::{
    line::add_fixed,
    meaning::{Account, Class, Codes, CostCentre, Meanings, RULE_COLUMNS},
    policy::Policy,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Day, Ownership, Span},
    pipeline::rules::Cell,
    plan::code_schema,
    schema::batch,
};

/// The distinct codes as the table `code`.
pub fn code_table(codes: &Codes) -> Answer<RecordBatch> {
    let flat = codes.iter().flat_map(|((council, feed), found)| {
        // A feed without any code that matters still has its combination: one code that no rule can name.
        let none = found.is_empty().then_some((0, ""));
        let found = found.iter().map(|(place, code)| (*place, code.as_str())).chain(none);
        found.map(move |(place, code)| [council.as_str(), feed.as_str(), RULE_COLUMNS.get(place).copied().unwrap_or_default(), code])
    });
    let rows: Vec<[&str; 4]> = flat.collect();
    let text = |at: usize| -> ArrayRef { Arc::new(rows.iter().map(|row| row.get(at).copied()).collect::<StringArray>()) };
    RecordBatch::try_new(code_schema(), vec![text(0), text(1), text(2), text(3)]).map_err(|e| fault("code", &e.to_string()))
}

/// Lays out what SQL decided for looking up.
pub fn meanings(
    code_match: &RecordBatch,
    code_class: &RecordBatch,
    account_class: &RecordBatch,
    cost_centre_class: &RecordBatch,
    department_class: &RecordBatch,
    line_class: &RecordBatch,
) -> Answer<Meanings> {
    let mut meanings = Meanings::default();
    add_fixed(&mut meanings);
    meanings.policy = Policy::of(line_class, &mut meanings.classes)?;
    signatures(&mut meanings, code_match)?;
    classes(&mut meanings, code_class)?;
    let accounts = by_code(account_class, "account", |rows, row| {
        if Cell::parse_account(&rows.text("account", row)?).is_none_or(Cell::is_pattern) {
            return Err(fault(
                "account_class",
                &format!("it gives the pattern `{}` of account.csv as an account", rows.text("account", row)?),
            ));
        }
        Ok(Account {
            group: rows.text("account_group", row)?,
            statement: rows.text("statement", row)?,
            is_cost: rows.truth("is_cost", row)?,
            reserve_movement: rows.truth("reserve_movement", row)?,
            on_cost: rows.truth_if_there("on_cost", row)?,
            recharge: rows.truth_if_there("recharge", row)?,
        })
    })?;
    let centres = by_code(cost_centre_class, "cost_centre", |rows, row| {
        Ok(CostCentre { fund: rows.text("fund", row)?, capital: rows.truth("capital", row)? })
    })?;
    for (council, code, span, account) in accounts {
        let number = meanings.accounts.number(account);
        for meaning in meanings.feeds.iter_mut().filter(|((c, _), _)| *c == council).map(|(_, m)| m) {
            meaning.accounts.entry(code.clone()).or_default().add(span, number);
        }
    }
    for (council, code, span, centre) in centres {
        let number = meanings.cost_centres.number(centre);
        for meaning in meanings.feeds.iter_mut().filter(|((c, _), _)| *c == council).map(|(_, m)| m) {
            meaning.cost_centres.entry(code.clone()).or_default().add(span, number);
        }
    }
    let departments = by_code(department_class, "department", |rows, row| {
        Ok(CostCentre { fund: rows.text("fund", row)?, capital: rows.truth("capital", row)? })
    })?;
    for (council, code, span, department) in departments {
        let number = meanings.cost_centres.number(department);
        for meaning in meanings.feeds.iter_mut().filter(|((c, _), _)| *c == council).map(|(_, m)| m) {
            meaning.departments.entry(code.clone()).or_default().add(span, number);
        }
    }
    Ok(meanings)
}

fn signatures(meanings: &mut Meanings, code_match: &RecordBatch) -> Answer<()> {
    let rows = Rows(code_match);
    let numbers = batch::integer(code_match, "signature")?;
    for row in 0..code_match.num_rows() {
        let kind = rows.text("kind", row)?;
        let place = RULE_COLUMNS
            .iter()
            .position(|name| *name == kind)
            .ok_or_else(|| fault("code_match", &format!("`{kind}` is no kind of code")))?;
        let key = (rows.text("council", row)?, rows.text("feed", row)?);
        let meaning = meanings.feeds.entry(key).or_default();
        let known = meaning.signatures.get_mut(place).ok_or_else(|| fault("code_match", "a kind out of place"))?;
        known.insert(rows.text("code", row)?, numbers.value(row) as u32);
    }
    Ok(())
}

fn classes(meanings: &mut Meanings, code_class: &RecordBatch) -> Answer<()> {
    let rows = Rows(code_class);
    let columns = ["sig_project", "sig_cost_centre", "sig_department", "sig_account"].map(|name| batch::integer(code_class, name));
    let [project, cost_centre, department, account] = columns;
    let columns: [&Int32Array; 4] = [project?, cost_centre?, department?, account?];
    for row in 0..code_class.num_rows() {
        let word = rows.text("ownership", row)?;
        let ownership = Ownership::parse(&word).ok_or_else(|| fault("code_class", &format!("`{word}` is no ownership")))?;
        let class = match ownership {
            Ownership::Suspense => Class::suspense("no_rule"),
            _ => Class {
                ownership,
                service: rows.text("service", row)?,
                bearer: rows.maybe("bearer", row)?,
                rule_id: rows.text("rule_id", row)?,
            },
        };
        let number = meanings.classes.number(class);
        let key = (rows.text("council", row)?, rows.text("feed", row)?);
        let signatures = columns.map(|c| c.value(row) as u32);
        let timeline = meanings.feeds.entry(key).or_default().classes.entry(signatures).or_default();
        timeline.add(rows.span(row)?, number);
    }
    Ok(())
}

type ByCode<T> = Vec<(String, String, Span, T)>;

fn by_code<T>(table: &RecordBatch, code: &str, mut read: impl FnMut(&Rows<'_>, usize) -> Answer<T>) -> Answer<ByCode<T>> {
    let rows = Rows(table);
    (0..table.num_rows()).map(|row| Ok((rows.text("council", row)?, rows.text(code, row)?, rows.span(row)?, read(&rows, row)?))).collect()
}

pub(super) struct Rows<'a>(pub &'a RecordBatch);

impl Rows<'_> {
    pub fn maybe(&self, name: &str, row: usize) -> Answer<Option<String>> {
        Ok(batch::text_at(batch::text(self.0, name)?, row).map(str::to_owned))
    }

    pub fn text(&self, name: &str, row: usize) -> Answer<String> {
        Ok(self.maybe(name, row)?.unwrap_or_default())
    }

    pub fn truth(&self, name: &str, row: usize) -> Answer<bool> {
        let values = batch::boolean(self.0, name)?;
        Ok(batch::truth_at(values, row))
    }

    /// False where the query of a partnership of the version before gives no such column.
    fn truth_if_there(&self, name: &str, row: usize) -> Answer<bool> {
        if self.0.column_by_name(name).is_some() { self.truth(name, row) } else { Ok(false) }
    }

    /// The first and last possible day stand for open ends.
    fn span(&self, row: usize) -> Answer<Span> {
        let day = |name: &str| -> Answer<Option<Day>> {
            let dates = batch::column(self.0, name)?.as_primitive_opt::<Date32Type>().ok_or_else(|| fault(name, "it is not a date"))?;
            Ok(batch::value_at(dates, row).map(Day))
        };
        Ok(Span { from: day("valid_from")?, to: day("valid_to")? })
    }
}

pub(super) fn fault(table: &str, what: &str) -> Refusal {
    Diagnostic::new(codes::checks::UNEXPLAINED, format!("the table `{table}` of the cost model cannot be used: {what}"))
        .outcome("nothing was published; the last release is unchanged")
        .hint("compare the query under pipelines/cost/classify with the reference partnership's (`truecost init` in an empty folder)")
        .into()
}
