//! What feed SQL may read of its delivery beside the columns of the file, and what it says of a row's own period.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Int8Array, Int16Array, RecordBatch},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{common::DataFusionError, sql::sqlparser::ast::Query};

use super::{
    fit::{Fit, output_span},
    script::Script,
    shape,
};
use crate::{
    diagnostic::{Answer, Diagnostic, codes::config::HALF_A_PERIOD},
    domain::Coverage,
    schema::Contract,
};

const YEAR: &str = "delivery_year";
const PERIOD: &str = "delivery_period";

/// `delivery_year` and `delivery_period`, where feed SQL reads them and the file has no such columns itself.
///
/// The first is null where the delivery covers periods of several years, the second where it covers several periods: a row's own period
/// may be made from these, and must not become the last that is covered because several are.
#[derive(Clone, Debug, Default)]
pub(super) struct Covered {
    /// Which of them the SQL reads, in the order in which they follow the columns of the file.
    names: Vec<&'static str>,
    year: Option<i16>,
    period: Option<i8>,
}

impl Covered {
    /// What `query` reads of them, beside the columns of `extract`.
    pub fn read_by(query: &Query, extract: &Contract) -> Self {
        let read = shape::names_read(query);
        let names = [YEAR, PERIOD].into_iter().filter(|name| extract.column(name).is_none() && read.contains(*name));
        Self { names: names.collect(), ..Self::default() }
    }

    /// The same for a delivery that covers these periods.
    pub fn of(self, coverage: &Coverage) -> Self {
        let year = Some(coverage.first().year).filter(|year| *year == coverage.last().year);
        let period = match coverage.periods() {
            [only] => i8::try_from(only.period).ok(),
            _ => None,
        };
        Self { year, period, ..self }
    }

    /// The columns of the file, then these.
    pub fn after(&self, file: &SchemaRef) -> SchemaRef {
        let kind = |name: &str| if name == YEAR { DataType::Int16 } else { DataType::Int8 };
        let more = self.names.iter().map(|name| Arc::new(Field::new(*name, kind(name), true)));
        Arc::new(Schema::new(file.fields().iter().cloned().chain(more).collect::<Vec<_>>()))
    }

    /// Records with these behind the columns of the file, where the SQL reads them.
    pub fn add(&self, records: &RecordBatch, file: &SchemaRef) -> Result<RecordBatch, DataFusionError> {
        if self.names.is_empty() {
            return Ok(records.clone());
        }
        let rows = records.num_rows();
        let mut arrays: Vec<ArrayRef> = records.columns().iter().take(file.fields().len()).cloned().collect();
        arrays.extend(self.names.iter().map(|name| -> ArrayRef {
            if *name == YEAR {
                Arc::new(std::iter::repeat_n(self.year, rows).collect::<Int16Array>())
            } else {
                Arc::new(std::iter::repeat_n(self.period, rows).collect::<Int8Array>())
            }
        }));
        Ok(RecordBatch::try_new(self.after(file), arrays)?)
    }
}

/// A row's own period is a year and a period: one without the other says nothing, and is not left out in silence. `own` are the two.
///
/// # Errors
/// `TC0630` where the SQL gives one of them.
pub(super) fn whole_period(script: &Script, query: &Query, fit: &Fit, own: &[&str]) -> Answer<()> {
    let (lacks, gives): (Vec<&str>, Vec<&str>) = own.iter().copied().partition(|name| fit.leaves_out(name));
    let ([lacks], [gives]) = (lacks.as_slice(), gives.as_slice()) else { return Ok(()) };
    let report = Diagnostic::new(HALF_A_PERIOD, format!("the SQL gives `{gives}` and no `{lacks}`"))
        .expected("both, or neither: a row's own period is a year and a period of it")
        .hint(format!(
            "Add `… AS {lacks}` (what the delivery covers can be read as `{YEAR}` and `{PERIOD}`), or leave `{gives}` out: the period is \
             then that of the row's date."
        ));
    Err(script.at(report, output_span(query, gives)).into())
}
