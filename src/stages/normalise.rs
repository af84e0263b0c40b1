//! Accepted rows → rows of the common table: one sign, one calendar, every row with its delivery and source row.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Date32Array, DictionaryArray, Int8Array, Int16Array, Int32Array, StringArray, UInt32Array,
    },
    compute::take_record_batch,
    datatypes::{DataType, Date32Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Schema, SchemaRef},
    record_batch::RecordBatch,
};

use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Calendar, Coverage, Day, DeliveryId, Pence, Period, counted},
    engine::Projection,
    lake::PARTITION_COLUMNS,
    schema::{Contract, Type, batch},
};

const DELIVERY_ID: &str = "delivery_id";

/// Rows and pounds of one delivery period, debits and credits apart (credits negative).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodTotals {
    pub rows: u64,
    pub debits: Pence,
    pub credits: Pence,
}

impl PeriodTotals {
    #[must_use]
    pub fn pence(&self) -> Pence {
        self.debits + self.credits
    }

    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.debits += other.debits;
        self.credits += other.credits;
    }

    fn count(&mut self, pence: Pence) {
        self.rows += 1;
        if pence < 0 { self.credits += pence } else { self.debits += pence }
    }
}

/// A row whose own date lies outside what its delivery covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside {
    pub source_row: i64,
    pub date: Day,
    pub pence: Pence,
}

/// Common rows of one piece of a delivery.
#[derive(Debug, Default)]
pub struct Normalised {
    /// In order of the period; within it in source order. Columns of the lake's files.
    pub parts: Vec<(Period, RecordBatch)>,
    pub totals: BTreeMap<Period, PeriodTotals>,
    pub outside: Vec<Outside>,
}

/// Turns the rows of one delivery.
pub struct Normaliser {
    projection: Projection,
    calendar: Calendar,
    coverage: Coverage,
    /// The delivery's id, of which every row has the one value.
    delivery: ArrayRef,
    /// The row's own date: the first `DATE` column of the common table.
    date_column: Option<String>,
    /// Columns of the lake's files, in contract order.
    schema: SchemaRef,
    required: Vec<String>,
}

impl Normaliser {
    #[must_use]
    pub fn new(projection: Projection, into: &Contract, calendar: Calendar, coverage: Coverage, delivery: &DeliveryId) -> Self {
        let stored = into.columns.iter().filter(|c| !PARTITION_COLUMNS.contains(&c.name.as_str()));
        let date_column = into.columns.iter().find(|c| c.kind == Type::Date).map(|c| c.name.to_string());
        let required = into.columns.iter().filter(|c| c.required).map(|c| c.name.to_string()).collect();
        let field = |column: &crate::schema::Column| match column.name.as_str() {
            DELIVERY_ID => column.field().with_data_type(one_of_few()),
            _ => column.field(),
        };
        let schema = Arc::new(Schema::new(stored.map(field).collect::<Vec<_>>()));
        let delivery: ArrayRef = Arc::new(StringArray::from_iter_values([delivery.as_str()]));
        Self { projection, calendar, coverage, delivery, date_column, schema, required }
    }

    /// # Errors
    /// Where the SQL cannot be evaluated on these rows, or leaves a required column empty.
    pub fn normalise(&self, accepted: &RecordBatch) -> Answer<Normalised> {
        let rows = self.projection.apply(accepted)?;
        let own = self.own_periods(&rows)?;
        let whole = self.complete(&rows, &own)?;
        let mut done = Normalised::default();
        let placed = self.place(&rows, &own, &mut done)?;
        for (period, indices) in placed {
            let part = if indices.len() == whole.num_rows() {
                whole.clone()
            } else {
                take_record_batch(&whole, &UInt32Array::from(indices)).map_err(|e| broken(&e.to_string()))?
            };
            done.parts.push((period, part));
        }
        Ok(done)
    }

    fn dates<'a>(&self, rows: &'a RecordBatch) -> Option<&'a Date32Array> {
        rows.column_by_name(self.date_column.as_deref()?)?.as_primitive_opt::<Date32Type>()
    }

    /// Each row's own period: as the SQL gives it, else from the row's date, else none.
    fn own_periods(&self, rows: &RecordBatch) -> Answer<Vec<Option<Period>>> {
        let years = rows.column_by_name("fiscal_year").and_then(|c| c.as_primitive_opt::<Int16Type>());
        let periods = rows.column_by_name("period").and_then(|c| c.as_primitive_opt::<Int8Type>());
        let dates = self.dates(rows);
        let mut last: Option<(i32, Period)> = None;
        let by_date = |row: usize, last: &mut Option<(i32, Period)>| {
            let day = dates.filter(|d| d.is_valid(row))?.value(row);
            match *last {
                Some((same, period)) if same == day => Some(period),
                _ => {
                    let period = self.calendar.period_of(Day(day));
                    *last = Some((day, period));
                    Some(period)
                }
            }
        };
        (0..rows.num_rows())
            .map(|row| {
                let year = years.filter(|y| y.is_valid(row)).map(|y| y.value(row));
                let period = periods.filter(|p| p.is_valid(row)).map(|p| p.value(row));
                match (year, period) {
                    (Some(year), Some(period)) => match u8::try_from(period) {
                        Ok(period @ 1..=13) => Ok(Some(Period { year, period })),
                        _ => Err(no_period(period)),
                    },
                    _ => Ok(by_date(row, &mut last)),
                }
            })
            .collect()
    }

    /// The rows with every column of the lake's files, checked for what is required.
    fn complete(&self, rows: &RecordBatch, own: &[Option<Period>]) -> Answer<RecordBatch> {
        let period_of = |own: &Option<Period>| own.unwrap_or_else(|| self.coverage.last());
        let columns = self.schema.fields().iter().map(|field| -> Answer<ArrayRef> {
            match field.name().as_str() {
                DELIVERY_ID => {
                    let first = Int32Array::from_value(0, rows.num_rows());
                    let same = DictionaryArray::<Int32Type>::try_new(first, self.delivery.clone());
                    Ok(Arc::new(same.map_err(|e| broken(&e.to_string()))?))
                }
                "fiscal_year" => Ok(Arc::new(own.iter().map(|p| Some(period_of(p).year)).collect::<Int16Array>())),
                "period" => Ok(Arc::new(own.iter().map(|p| i8::try_from(period_of(p).period).ok()).collect::<Int8Array>())),
                name => batch::column(rows, name).cloned(),
            }
        });
        let columns = columns.collect::<Answer<Vec<_>>>()?;
        for (field, column) in self.schema.fields().iter().zip(&columns) {
            if column.null_count() > 0 && self.required.contains(field.name()) {
                return Err(empty_column(rows, field.name(), column));
            }
        }
        RecordBatch::try_new(self.schema.clone(), columns).map_err(|e| broken(&e.to_string()))
    }

    /// Which rows go to which delivery period, and what they add up to.
    fn place(&self, rows: &RecordBatch, own: &[Option<Period>], done: &mut Normalised) -> Answer<BTreeMap<Period, Vec<u32>>> {
        let amounts = batch::column(rows, "amount")?.as_primitive::<Decimal128Type>();
        let source_rows = batch::big(rows, "source_row")?;
        let dates = self.dates(rows);
        let covered = self.coverage.days(self.calendar);
        let mut placed: BTreeMap<Period, Vec<u32>> = BTreeMap::new();
        let mut open: Option<(Period, Vec<u32>, PeriodTotals)> = None;
        for (row, own) in own.iter().enumerate() {
            let period = self.coverage.delivery_period(*own);
            let pence = if amounts.is_valid(row) { amounts.value(row) } else { 0 };
            if let Some(date) = dates.filter(|d| d.is_valid(row)).map(|d| Day(d.value(row))).filter(|d| *d < covered.0 || *d > covered.1) {
                done.outside.push(Outside { source_row: source_rows.value(row), date, pence });
            }
            // Rows mostly come sorted by date: stay with the period of the row before while it lasts.
            match &mut open {
                Some((same, indices, totals)) if *same == period => {
                    indices.push(row as u32);
                    totals.count(pence);
                }
                _ => {
                    close(open.take(), &mut placed, &mut done.totals);
                    let mut totals = PeriodTotals::default();
                    totals.count(pence);
                    open = Some((period, vec![row as u32], totals));
                }
            }
        }
        close(open, &mut placed, &mut done.totals);
        Ok(placed)
    }
}

/// Text as numbers into a few values.
fn one_of_few() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn close(
    open: Option<(Period, Vec<u32>, PeriodTotals)>,
    placed: &mut BTreeMap<Period, Vec<u32>>,
    totals: &mut BTreeMap<Period, PeriodTotals>,
) {
    if let Some((period, indices, sums)) = open {
        placed.entry(period).or_default().extend(indices);
        totals.entry(period).or_default().add(&sums);
    }
}

fn empty_column(rows: &RecordBatch, name: &str, column: &ArrayRef) -> Refusal {
    let empty: BooleanArray = (0..column.len()).map(|row| Some(column.is_null(row))).collect();
    let first = empty.iter().position(|is_null| is_null == Some(true)).unwrap_or(0);
    let line = batch::big(rows, "source_row").map(|lines| lines.value(first)).unwrap_or_default();
    Diagnostic::new(
        codes::sql::NO_VALUE,
        format!("the feed's SQL leaves `{name}` empty on {}, first on line {line}", counted(column.null_count() as u64, "row")),
    )
    .expected(format!("a value of `{name}` for every accepted row: its contract says `required: true`"))
    .outcome("the delivery was not accepted; the last accepted one stays")
    .hint("let the SQL give a value, or let the source's contract require the column, so that such rows are quarantined")
    .into()
}

fn no_period(seen: i8) -> Refusal {
    Diagnostic::new(codes::sql::NO_VALUE, format!("the feed's SQL gives {seen} as a period"))
        .expected("1 (the first month of the year) to 12, or 13 for closing entries")
        .outcome("the delivery was not accepted; the last accepted one stays")
        .hint("correct the SQL, or leave `period` out: it is then taken from the row's date")
        .into()
}

fn broken(why: &str) -> Refusal {
    Diagnostic::new(codes::checks::UNEXPLAINED, format!("rows could not be put into the common table: {why}"))
        .outcome("the delivery was not accepted; the last accepted one stays")
        .hint("this is a fault of truecost: report it")
        .into()
}
