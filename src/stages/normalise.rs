//! Accepted rows → rows of the common table: one sign, one calendar, every row with its delivery and source row.

mod months;
mod own;
mod rounding;
mod sent;
mod totals;

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Date32Array, DictionaryArray, Int8Array, Int16Array, Int32Array, Int64Array, StringArray,
        UInt32Array,
    },
    compute::take_record_batch,
    datatypes::{DataType, Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema, SchemaRef},
    record_batch::RecordBatch,
};

use crate::{
    decode::{Fault, RowResidue},
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Day, DeliveryId, OwnTime, Period, Placed, Placement, Standing, counted, is_sterling},
    engine::Projection,
    lake::PARTITION_COLUMNS,
    schema::{AS_AT, Contract, Form, batch},
};

pub use sent::Unlike;
pub use totals::{Group, Noted, PeriodTotals, Standings};

const DELIVERY_ID: &str = "delivery_id";
/// The column of a common table that says in which currency a row's amount is.
const CURRENCY: &str = "currency";

/// What became of the accepted rows of one piece of a delivery.
#[derive(Debug)]
pub enum Outcome {
    Normalised(Box<Normalised>),
    /// Some records have no place in the periods that the delivery covers: by their source row, why. Nothing was normalised.
    Unplaced(BTreeMap<u64, Fault>),
}

/// Common rows of one piece of a delivery.
#[derive(Debug, Default)]
pub struct Normalised {
    /// In order of the period; within it in source order. Columns of the lake's files.
    pub parts: Vec<(Period, RecordBatch)>,
    pub totals: BTreeMap<Period, PeriodTotals>,
    pub standings: Standings,
    /// The rows that lie outside what is covered, by their own period.
    pub outside: BTreeMap<Period, PeriodTotals>,
    /// Rows whose pounds are other than their record's columns hold, where the form is known by which they are compared.
    pub unlike: Unlike,
}

/// Turns the rows of one delivery.
pub struct Normaliser {
    projection: Projection,
    placement: Placement,
    /// The delivery's id, of which every row has the one value.
    delivery: ArrayRef,
    /// The row's own date, and its pounds, as the common table's contract names them.
    date_column: Option<String>,
    amount_column: Option<String>,
    /// Every row has to have its date.
    needs_date: bool,
    /// A column that counts, and may not be below nought.
    not_negative: Option<String>,
    /// Pounds have a column beside them that says in which currency they are.
    has_currency: bool,
    /// The day of which the delivery tells, where it is a snapshot.
    as_at: Option<Day>,
    /// Columns of the lake's files, in contract order.
    schema: SchemaRef,
    required: Vec<String>,
    /// What the pounds of a row add up, by which each is compared with its record.
    form: Option<Form>,
}

impl Normaliser {
    #[must_use]
    pub fn new(projection: Projection, into: &Contract, placement: Placement, delivery: &DeliveryId) -> Self {
        let stored = into.columns.iter().filter(|c| !PARTITION_COLUMNS.contains(&c.name.as_str()));
        let date_column = into.special.date.as_ref().map(ToString::to_string);
        let amount_column = into.special.amount.as_ref().map(ToString::to_string);
        let required = into.columns.iter().filter(|c| c.required).map(|c| c.name.to_string()).collect();
        let field = |column: &crate::schema::Column| match column.name.as_str() {
            DELIVERY_ID => column.field().with_data_type(one_of_few()),
            _ => column.field(),
        };
        let schema = Arc::new(Schema::new(stored.map(field).collect::<Vec<_>>()));
        let delivery: ArrayRef = Arc::new(StringArray::from_iter_values([delivery.as_str()]));
        Self {
            projection: projection.for_coverage(placement.coverage()),
            placement,
            delivery,
            date_column,
            amount_column,
            needs_date: into.special.date.as_ref().and_then(|name| into.column(name)).is_some_and(|column| column.required),
            not_negative: into.special.not_negative.as_ref().map(ToString::to_string),
            has_currency: into.special.amount.is_some() && into.columns.iter().any(|column| &*column.name == CURRENCY),
            as_at: None,
            schema,
            required,
            form: None,
        }
    }

    /// The same for a snapshot: every row tells of this day.
    #[must_use]
    pub fn as_at(self, day: Option<Day>) -> Self {
        Self { as_at: day, ..self }
    }

    /// Compares the pounds of every row with what its record holds by this form.
    #[must_use]
    pub fn held_to(self, form: Option<Form>) -> Self {
        Self { form, ..self }
    }

    /// `residues` is what rounding took off the amounts of these rows, in file order.
    ///
    /// # Errors
    /// Where the SQL cannot be evaluated on these rows, or leaves a required column empty.
    pub fn normalise(&self, accepted: &RecordBatch, residues: &[RowResidue]) -> Answer<Outcome> {
        let rows = self.projection.apply(accepted)?;
        let (own, unplaced) = self.own_times(&rows, accepted)?;
        if !unplaced.is_empty() {
            return Ok(Outcome::Unplaced(unplaced));
        }
        let whole = self.complete(&rows, &own)?;
        let mut done = Normalised::default();
        if let (Some(form), Some(amount)) = (&self.form, self.amount_column.as_deref()) {
            done.unlike = sent::compare(form, accepted, &rows, batch::money(&rows, amount)?)?;
        }
        let placed = self.place(&rows, &own, &mut done)?;
        if let Some(form) = self.form.as_ref().filter(|_| !residues.is_empty()) {
            let periods = rounding::periods_of(form, accepted, &rows, residues, &placed)?;
            for (residue, period) in residues.iter().zip(periods) {
                let totals = done.totals.entry(period.unwrap_or_else(|| self.placement.coverage().last())).or_default();
                totals.residue = totals.residue.plus(residue.residue);
            }
        }
        for (period, indices) in placed {
            let part = if indices.len() == whole.num_rows() {
                whole.clone()
            } else {
                take_record_batch(&whole, &UInt32Array::from(indices)).map_err(|e| broken(&e.to_string()))?
            };
            done.parts.push((period, part));
        }
        Ok(Outcome::Normalised(done.into()))
    }

    fn dates<'a>(&self, rows: &'a RecordBatch) -> Option<&'a Date32Array> {
        rows.column_by_name(self.date_column.as_deref()?)?.as_primitive_opt::<Date32Type>()
    }

    /// Each row's own period, as the SQL gives it, and its date; and the records that have no place, with the reason.
    fn own_times(&self, rows: &RecordBatch, accepted: &RecordBatch) -> Answer<(Vec<OwnTime>, BTreeMap<u64, Fault>)> {
        let years = rows.column_by_name("fiscal_year").and_then(|c| c.as_primitive_opt::<Int16Type>());
        let periods = rows.column_by_name("period").and_then(|c| c.as_primitive_opt::<Int8Type>());
        let source_rows = batch::big(rows, "source_row")?;
        let dates = self.dates(rows);
        let counts = self.not_negative.as_deref().and_then(|name| rows.column_by_name(name)?.as_primitive_opt::<Int64Type>());
        let currencies = rows.column_by_name(CURRENCY).filter(|_| self.has_currency).and_then(|c| c.as_string_opt::<i32>());
        let needs_time = self.placement.place(OwnTime::default()).is_none();
        let mut unplaced = BTreeMap::new();
        let mut own = Vec::with_capacity(rows.num_rows());
        for row in 0..rows.num_rows() {
            let year = years.filter(|y| y.is_valid(row)).map(|y| y.value(row));
            let period = periods.filter(|p| p.is_valid(row)).map(|p| p.value(row));
            let date = dates.filter(|d| d.is_valid(row)).map(|d| Day(d.value(row)));
            let mut no_place = |fault| {
                unplaced.entry(source_rows.value(row).cast_unsigned()).or_insert(fault);
            };
            let period = own::period(year, period).unwrap_or_else(|none| {
                no_place(self.at_its_column(*none, accepted, source_rows.value(row)));
                None
            });
            if needs_time && period.is_none() && date.is_none() {
                no_place(self.no_time());
            }
            if let Some(fault) = self.fault_of(date, counts, row).or_else(|| other_currency(currencies, row)) {
                no_place(fault);
            }
            own.push(OwnTime { period, date });
        }
        Ok((own, unplaced))
    }

    /// What makes a row of the table a faulty one: no date where each needs one, or a count below nought.
    fn fault_of(&self, date: Option<Day>, counts: Option<&Int64Array>, row: usize) -> Option<Fault> {
        if self.needs_date && self.as_at.is_none() && date.is_none() {
            let column = self.date_column.as_deref().unwrap_or_default();
            let reason = format!("no `{column}`, and every row of the table needs its day");
            return Some(Fault { column: None, code: codes::value::NO_TIME, reason, value: String::new() });
        }
        let count = counts.filter(|counts| counts.is_valid(row)).map(|counts| counts.value(row)).filter(|count| *count < 0)?;
        let column = self.not_negative.as_deref().unwrap_or_default();
        let reason = format!("`{column}` is below nought: something was counted, or it was not");
        Some(Fault { column: None, code: codes::control::BELOW_NOUGHT, reason, value: count.to_string() })
    }

    fn no_time(&self) -> Fault {
        let reason = format!(
            "neither a period nor a date, and the delivery covers {}: in which of them it counts cannot be told",
            self.placement.coverage()
        );
        Fault { column: None, code: codes::value::NO_TIME, reason, value: String::new() }
    }

    /// The rows with every column of the lake's files, checked for what is required.
    fn complete(&self, rows: &RecordBatch, own: &[OwnTime]) -> Answer<RecordBatch> {
        let periods = self.periods_of(own);
        let columns = self.schema.fields().iter().map(|field| -> Answer<ArrayRef> {
            match field.name().as_str() {
                DELIVERY_ID => {
                    let first = Int32Array::from_value(0, rows.num_rows());
                    let same = DictionaryArray::<Int32Type>::try_new(first, self.delivery.clone());
                    Ok(Arc::new(same.map_err(|e| broken(&e.to_string()))?))
                }
                AS_AT if self.as_at.is_some() => {
                    let day = self.as_at.map(|day| day.0).unwrap_or_default();
                    Ok(Arc::new(Date32Array::from_value(day, rows.num_rows())))
                }
                "fiscal_year" => Ok(Arc::new(periods.iter().map(|p| Some(p.year)).collect::<Int16Array>())),
                "period" => Ok(Arc::new(periods.iter().map(|p| i8::try_from(p.period).ok()).collect::<Int8Array>())),
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

    /// The row's own period: as the SQL gives it, else that of its date, else the one that the delivery covers.
    fn periods_of(&self, own: &[OwnTime]) -> Vec<Period> {
        let calendar = self.placement.calendar();
        let mut last: Option<(Day, Period)> = None;
        let by_date = |day: Day, last: &mut Option<(Day, Period)>| match *last {
            Some((same, period)) if same == day => period,
            _ => last.insert((day, calendar.period_of(day))).1,
        };
        let period = |own: &OwnTime| match (own.period, own.date) {
            (Some(period), _) => period,
            (None, Some(day)) => by_date(day, &mut last),
            (None, None) => self.placement.coverage().last(),
        };
        own.iter().map(period).collect()
    }

    /// The period that the row gives itself, or that its date lies in.
    fn own_period(&self, own: OwnTime) -> Period {
        let by_date = || own.date.map(|day| self.placement.calendar().period_of(day));
        own.period.or_else(by_date).unwrap_or_else(|| self.placement.coverage().last())
    }

    /// Which rows go to which delivery period, and what they add up to.
    fn place(&self, rows: &RecordBatch, own: &[OwnTime], done: &mut Normalised) -> Answer<BTreeMap<Period, Vec<u32>>> {
        let amounts = self.amount_column.as_deref().map(|name| batch::money(rows, name)).transpose()?;
        let source_rows = batch::big(rows, "source_row")?;
        let mut placed: BTreeMap<Period, Vec<u32>> = BTreeMap::new();
        let mut open: Option<(Period, Vec<u32>, PeriodTotals)> = None;
        let mut last: Option<(OwnTime, Placed)> = None;
        let of_months = self.of_months(source_rows, own);
        for (row, own) in own.iter().enumerate() {
            let place = match last {
                Some((same, place)) if same == *own => place,
                _ => {
                    let place = self.placement.place(*own).ok_or_else(|| broken("a row has no period"))?;
                    last = Some((*own, place));
                    place
                }
            };
            let pence = amounts.filter(|amounts| amounts.is_valid(row)).map_or(0, |amounts| amounts.value(row));
            let noted = Noted { source_row: source_rows.value(row), own: *own, pence };
            let place = if pence == 0 && of_months.get(row) == Some(&true) { self.not_yet(place, *own) } else { place };
            self.count(noted, place.standing, &mut done.standings);
            if place.standing == Standing::Outside {
                let totals = done.outside.entry(self.own_period(*own)).or_default();
                totals.count(pence);
                own.date.into_iter().for_each(|day| totals.dated(day));
            }
            // Rows mostly come sorted by date: stay with the period of the row before while it lasts.
            match &mut open {
                Some((same, indices, totals)) if *same == place.period => {
                    indices.push(row as u32);
                    totals.count(pence);
                    own.date.into_iter().for_each(|day| totals.dated(day));
                }
                _ => {
                    close(open.take(), &mut placed, &mut done.totals);
                    let mut totals = PeriodTotals::default();
                    totals.count(pence);
                    own.date.into_iter().for_each(|day| totals.dated(day));
                    open = Some((place.period, vec![row as u32], totals));
                }
            }
        }
        close(open, &mut placed, &mut done.totals);
        Ok(placed)
    }

    fn count(&self, row: Noted, standing: Standing, counts: &mut Standings) {
        // One row inside is enough to know: after a few rows of an honest file nothing is asked any more of those inside.
        let is_asked = standing == Standing::Outside || !counts.outside_exchanged;
        let outside_exchanged = is_asked && self.placement.is_outside_exchanged(row.own);
        counts.outside_exchanged |= outside_exchanged;
        match standing {
            Standing::Inside => {}
            Standing::DateOutside => counts.date_outside.count(row),
            Standing::Outside => {
                counts.outside.count(row);
                counts.inside_exchanged += u64::from(!outside_exchanged);
            }
        }
        if row.own.date.is_some_and(|day| self.placement.is_within_closed_year(day)) {
            counts.in_closed_year.count(row);
        }
    }
}

/// An amount of another currency is no pounds.
fn other_currency(currencies: Option<&StringArray>, row: usize) -> Option<Fault> {
    let word = currencies.and_then(|all| batch::text_at(all, row)).map(str::trim).filter(|word| !word.is_empty())?;
    let reason = "its `currency` is not `GBP`: an amount of another currency is no pounds".to_owned();
    (!is_sterling(word)).then(|| Fault { column: None, code: codes::control::OTHER_CURRENCY, reason, value: word.to_owned() })
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

fn broken(why: &str) -> Refusal {
    Diagnostic::new(codes::checks::UNEXPLAINED, format!("rows could not be put into the common table: {why}"))
        .outcome("the delivery was not accepted; the last accepted one stays")
        .hint("this is a fault of truecost: report it")
        .into()
}
