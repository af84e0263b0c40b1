//! Rows that are not accepted: told why, kept as they came, and their amounts counted.

use super::{
    super::{
        columns::CellFault,
        faults, lacking,
        records::{Records, Row},
        reject::{Fault, RejectedRow, ValueFault},
        value::date::DateFault,
    },
    Pass,
};
use crate::{diagnostic::Diagnostic, schema::DateFormat};

/// Stands in the quarantine for a field that the contract drops.
const MASKED: &str = "***";

impl Pass<'_> {
    /// The record as it came, but for the fields of columns that the contract drops; nothing of a personal feed.
    pub(super) fn raw_text(&self, row: Row<'_>) -> String {
        if self.judge.subject.secret {
            return String::new();
        }
        let plans = self.judge.plans.iter().zip(&self.header.places);
        let mut dropped: Vec<usize> = plans.filter(|(plan, _)| plan.dropped).filter_map(|(_, place)| *place).collect();
        dropped.sort_unstable();
        let mut raw = String::new();
        let mut from = row.start;
        for place in dropped {
            let Some((start, end)) = row.span(place) else { continue };
            raw.push_str(&self.judge.as_it_came(self.text.get(from..start).unwrap_or_default()));
            raw.push_str(if start < end { MASKED } else { "" });
            from = end;
        }
        raw.push_str(&self.judge.as_it_came(self.text.get(from..row.end()).unwrap_or_default()));
        raw
    }

    #[cold]
    pub(super) fn reject(&mut self, rows: &Records, first: usize, faults: &[CellFault]) {
        let Some(at) = faults.first().map(|fault| fault.row) else { return };
        let Some(row) = rows.row(at) else { return };
        if self.kinds.is_header_again(row) {
            return self.report_header(row);
        }
        if self.kinds.is_header_elsewhere(row) {
            return self.report_moved(row);
        }
        let mut told = Vec::with_capacity(faults.len());
        for fault in faults {
            match fault.fault {
                ValueFault::Date(kind @ (DateFault::OtherOrder | DateFault::ShortYear)) => {
                    let fault = self.refused_date(row.line, fault.column, kind);
                    self.report(row.line, fault);
                }
                _ => told.extend(self.tell(row, *fault)),
            }
        }
        self.leave_out(rows, first, at, told, faults);
    }

    /// Takes a row out of those that are accepted: `told` is why, `faults` are those of its values.
    pub(super) fn leave_out(&mut self, rows: &Records, first: usize, at: usize, mut told: Vec<Fault>, faults: &[CellFault]) {
        let Some(row) = rows.row(at) else { return };
        if self.judge.subject.secret {
            told.iter_mut().for_each(|fault| fault.value.clear());
        }
        self.left_out.push(first + at);
        self.rejected.push(RejectedRow { source_row: row.line, raw: self.raw_text(row), faults: told });
        self.count_rejected(first + at, faults);
    }

    /// Rows that a person leaves out, and that have no fault of their own.
    #[cold]
    pub(super) fn leave_out_by_hand(&mut self, rows: &Records, first: usize, faults: &[CellFault]) {
        for (at, line) in rows.lines.iter().enumerate() {
            if let Some(fault) = self.judge.left_out_by_hand(*line)
                && faults.iter().all(|fault| fault.row != at)
            {
                self.leave_out(rows, first, at, vec![fault], &[]);
            }
        }
    }

    fn refused_date(&self, line: u64, column: usize, kind: DateFault) -> Diagnostic {
        let formats: Vec<String> = self
            .judge
            .contract
            .columns
            .get(column)
            .map(|c| c.rules.dates.iter().map(|f: &DateFormat| f.text.clone()).collect())
            .unwrap_or_default();
        let formats = if formats.is_empty() { vec!["yyyy-mm-dd".to_owned()] } else { formats };
        let name = self.judge.plans.get(column).map_or("", |plan| &*plan.name);
        match kind {
            DateFault::ShortYear => faults::short_year(&self.judge.subject, line, name, &formats),
            _ => faults::date_order(&self.judge.subject, line, name, &formats),
        }
    }

    fn tell(&self, row: Row<'_>, fault: CellFault) -> Option<Fault> {
        if fault.fault == ValueFault::NoAmount {
            let names = self.judge.amounts.any_of(&self.judge.contract);
            let reason = format!("none of {names} has a value, and together they are the amount");
            return Some(Fault { column: None, code: fault.fault.code(), reason, value: String::new() });
        }
        let plan = self.judge.plans.get(fault.column)?;
        let place = self.header.place(fault.column);
        let value = place
            .and_then(|place| self.kinds.field(row, place))
            .map_or_else(String::new, |f| String::from_utf8_lossy(&f.text).into_owned());
        let mut reason = fault.fault.reason(plan, &self.judge.contract);
        if let Some(word) = self.judge.contract.column(&plan.name).and_then(|column| lacking::word(fault.fault, &column.rules, &value)) {
            reason.push_str("; ");
            reason.push_str(&word);
        }
        Some(Fault { column: Some(plan.name.clone()), code: fault.fault.code(), reason, value })
    }

    /// Counts the amounts of a rejected row, those that could be read.
    fn count_rejected(&mut self, row: usize, faults: &[CellFault]) {
        let judge = self.judge;
        let mut not_known = false;
        for (sum, at) in self.tally.sums.iter_mut().zip(judge.money_columns()) {
            sum.rejected.count(self.columns.get(at).map_or(0, |column| column.pence(row)));
            let unread = faults.iter().any(|fault| match fault.fault {
                ValueFault::Amount(_) => fault.column == at,
                ValueFault::Side => judge.signs.iter().any(|sign| sign.money == at && sign.by == fault.column),
                _ => false,
            });
            sum.unread += u64::from(unread);
            not_known |= unread && judge.amounts.has(at);
        }
        self.tally.form.rejected.add(judge.amounts.of(&self.columns, row));
        self.tally.form.not_known += u64::from(not_known);
    }
}
