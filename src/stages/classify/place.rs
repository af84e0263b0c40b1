//! Kernel `place`: what a line on given codes and days would be, for what is no line of a ledger but goes by its codes.
//!
//! The same lookups as of lines, so nothing is decided twice.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, UInt32Array},
    compute::{cast, concat_batches, take_record_batch},
    datatypes::{DataType, Field, Int32Type, Schema, SchemaRef},
    record_batch::RecordBatch,
};

use super::{
    columns::LineColumns,
    line::Classifier,
    meaning::{Meaning, Meanings, RULE_COLUMNS},
    tables::{Rows, fault, meanings},
};
use crate::{
    diagnostic::Answer,
    domain::Day,
    pipeline::LOOKED_UP,
    plan::KernelInput,
    schema::{Type, batch},
};

/// Account group of an account that no row knows.
const UNKNOWN: &str = "unknown";

/// The first table under `from` that is not looked up in, with columns `council`, `feed`, `project`, `cost_centre`, `department`, `account` (empty =
/// none) and day → the same rows with their class. Codes have to be known, as a ledger's; days are brought into the period.
///
/// # Errors
/// TC1250 where a table cannot be used.
pub fn place(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    let [code_match, code_class, account, cost_centre, department, line_class] = LOOKED_UP.map(|name| input.table(name));
    let meanings = meanings(code_match?, code_class?, account?, cost_centre?, department?, line_class?)?;
    let days = input.period.map_or((Day(i32::MIN), Day(i32::MAX)), |period| input.partnership.calendar.days_of(period));
    let Some(schema) = input.gives.first() else { return Ok(Vec::new()) };
    let Some((_, asked)) = input.tables.iter().find(|(name, _)| !LOOKED_UP.contains(&name.as_str())) else {
        return Ok(vec![RecordBatch::new_empty(Arc::clone(schema))]);
    };
    let placed = of_feeds(asked)?.into_iter().map(|(feed, rows)| {
        let rows = take_record_batch(asked, &rows).map_err(|e| fault("place", &e.to_string()))?;
        placed(&meanings, &feed, days, &rows, schema)
    });
    let placed = placed.collect::<Answer<Vec<_>>>()?;
    Ok(vec![concat_batches(schema, &placed).map_err(|e| fault("place", &e.to_string()))?])
}

/// Numbers of the rows of each council and feed.
fn of_feeds(asked: &RecordBatch) -> Answer<BTreeMap<(String, String), UInt32Array>> {
    let rows = Rows(asked);
    let mut feeds: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for row in 0..asked.num_rows() {
        let number = u32::try_from(row).map_err(|_| fault("place", "it has too many rows"))?;
        feeds.entry((rows.text("council", row)?, rows.text("feed", row)?)).or_default().push(number);
    }
    Ok(feeds.into_iter().map(|(feed, rows)| (feed, UInt32Array::from(rows))).collect())
}

fn placed(meanings: &Meanings, feed: &(String, String), days: (Day, Day), rows: &RecordBatch, schema: &SchemaRef) -> Answer<RecordBatch> {
    let (empty, columns) = (Meaning::default(), columns());
    let classifier = Classifier::new(meanings, meanings.feeds.get(feed).unwrap_or(&empty), columns, days);
    let (classes, _) = classifier.classify(&as_lines(rows)?, None, &mut classifier.cube(false))?;
    let class = |name: &str| classes.iter().find(|(class, _)| *class == name).map(|(_, array)| array);
    let column = |field: &Arc<Field>| -> Answer<ArrayRef> {
        let array = match (field.name().as_str(), rows.column_by_name(field.name())) {
            (_, Some(column)) => Arc::clone(column),
            ("account_known", None) => {
                let group = class("account_group").ok_or_else(|| fault("place", "it has no account group"))?;
                let group = group.as_dictionary::<Int32Type>();
                let names = group.values().as_string::<i32>();
                let is_known = |key: Option<i32>| key.and_then(|key| batch::text_at(names, key.unsigned_abs() as usize)) != Some(UNKNOWN);
                Arc::new(group.keys().iter().map(|key| Some(is_known(key))).collect::<BooleanArray>())
            }
            (name, None) => Arc::clone(class(name).ok_or_else(|| fault("place", &format!("it has no `{name}`")))?),
        };
        cast(&array, field.data_type()).map_err(|e| fault("place", &e.to_string()))
    };
    let arrays = schema.fields().iter().map(column).collect::<Answer<Vec<_>>>()?;
    RecordBatch::try_new(Arc::clone(schema), arrays).map_err(|e| fault("place", &e.to_string()))
}

fn columns() -> LineColumns<'static> {
    LineColumns {
        rules: RULE_COLUMNS.map(Some),
        rules_else: [None; 4],
        date: Some("day"),
        amount: NOTHING,
        actual: None,
        codes_must_be_known: true,
    }
}

/// A column of noughts: what is placed has no amount.
const NOTHING: &str = "nothing";

/// The rows as lines are read: codes as dictionaries.
fn as_lines(rows: &RecordBatch) -> Answer<RecordBatch> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    for name in RULE_COLUMNS {
        let codes = cast(batch::column(rows, name)?, &coded).map_err(|e| fault("place", &e.to_string()))?;
        fields.push(Field::new(name, coded.clone(), true));
        arrays.push(codes);
    }
    fields.push(Field::new("day", DataType::Date32, true));
    arrays.push(Arc::clone(batch::column(rows, "day")?));
    let noughts = Decimal128Array::from_value(0, rows.num_rows()).with_data_type(Type::Money.arrow());
    fields.push(Field::new(NOTHING, noughts.data_type().clone(), true));
    arrays.push(Arc::new(noughts));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| fault("place", &e.to_string()))
}
