//! The period that the SQL gives a row, and the column of the record that says it where it is none.

use arrow::{array::Array, record_batch::RecordBatch};

use super::Normaliser;
use crate::{
    decode::Fault,
    diagnostic::codes::value,
    domain::{Identifier, Period},
    schema::batch,
};

/// Why the SQL gives a row no period, and which of its two columns is at fault; `None` where one of them is missing.
#[derive(Debug)]
pub(super) struct NoPeriod {
    fault: Fault,
    of: Option<&'static str>,
}

const YEAR: &str = "fiscal_year";
const PERIOD: &str = "period";

/// The period that the SQL gives a row; `None` where it gives none.
pub(super) fn period(year: Option<i16>, period: Option<i8>) -> Result<Option<Period>, Box<NoPeriod>> {
    let fault = |code, reason: String, value| Fault { column: None, code, reason, value };
    let half = |has: &str, lacks: &str| {
        let reason = format!("the feed's SQL gives the row a `{has}` and no `{lacks}`: which period it means cannot be told");
        Box::new(NoPeriod { fault: fault(value::HALF_A_PERIOD, reason, String::new()), of: None })
    };
    let none = |of, reason: &str, value: String| Box::new(NoPeriod { fault: fault(value::PERIOD, reason.to_owned(), value), of: Some(of) });
    match (year, period) {
        (None, None) => Ok(None),
        (Some(year), Some(_)) if year < 1 => {
            let reason = "no year that `fiscal_year` in the feed's SQL reads: a year as the samples printed it is expected, of two the second \
                          the one after the first, and near to theirs";
            Err(none(YEAR, reason, year.to_string()))
        }
        (Some(year), Some(number)) => {
            if let Ok(period @ 1..=13) = u8::try_from(number) {
                return Ok(Some(Period { year, period }));
            }
            let reason =
                "the feed's SQL gives a period that is none: 1 is the first month of the year, 12 its last, 13 holds closing entries";
            Err(none(PERIOD, reason, number.to_string()))
        }
        (Some(_), None) => Err(half(YEAR, PERIOD)),
        (None, Some(_)) => Err(half(PERIOD, YEAR)),
    }
}

impl Normaliser {
    /// The fault, with the column of the record that says so and its text, where it is one column.
    pub(super) fn at_its_column(&self, found: NoPeriod, records: &RecordBatch, source_row: i64) -> Fault {
        let NoPeriod { fault, of } = found;
        let said = of.and_then(|of| self.made_of(of, records)).and_then(|name| Some((name, text(records, name, source_row)?)));
        match said.and_then(|(name, text)| Some((Identifier::new(name).ok()?, text))) {
            Some((name, value)) => Fault { column: Some(name), value, ..fault },
            None => fault,
        }
    }

    /// The one column of the record that is read for a column of the SQL: of several the one that the other column does not read.
    fn made_of<'r>(&self, of: &str, records: &'r RecordBatch) -> Option<&'r str> {
        let reaches = self.projection.reaches();
        let reads = |of: &str, name: &str| reaches.get(of).is_some_and(|all| all.iter().any(|(_, column)| column == name));
        let schema = records.schema_ref();
        let all: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).filter(|name| reads(of, name)).collect();
        let other = if of == YEAR { PERIOD } else { YEAR };
        let own: Vec<&str> = all.iter().copied().filter(|name| !reads(other, name)).collect();
        match (all.as_slice(), own.as_slice()) {
            ([one], _) | (_, [one]) => Some(*one),
            _ => None,
        }
    }
}

/// The text of a column in the record of this line.
fn text(records: &RecordBatch, name: &str, source_row: i64) -> Option<String> {
    let lines = batch::big(records, "source_row").ok()?;
    let at = lines.values().iter().position(|line| *line == source_row)?;
    let column = records.column_by_name(name)?;
    let text = arrow::util::display::array_value_to_string(column, at).ok()?;
    column.is_valid(at).then_some(text)
}
