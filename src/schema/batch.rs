//! Typed columns of a batch by name, for code that reads tables whose contract has been checked.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int8Array, Int16Array, Int32Array, Int64Array,
        PrimitiveArray, StringArray, new_null_array,
    },
    datatypes::{
        ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Int8Type, Int16Type, Int32Type, Int64Type, Schema, SchemaRef,
    },
    error::ArrowError,
    record_batch::RecordBatch,
};

use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::{Day, Pence, Period},
};

/// The column, whatever its type.
pub fn column<'a>(batch: &'a RecordBatch, name: &str) -> Answer<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| mismatch(batch, name, "a column of this name"))
}

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident -> $array:ty, $get:expr, $what:literal;)*) => {
        $($(#[$doc])*
        pub fn $name<'a>(batch: &'a RecordBatch, name: &str) -> Answer<&'a $array> {
            let get: fn(&'a ArrayRef) -> Option<&'a $array> = $get;
            get(column(batch, name)?).ok_or_else(|| mismatch(batch, name, $what))
        })*
    };
}

typed! {
    /// `VARCHAR`.
    text -> StringArray, |a| a.as_string_opt::<i32>(), "text";
    /// `DATE`.
    date -> Date32Array, |a| a.as_primitive_opt::<Date32Type>(), "dates";
    /// `DECIMAL(18,2)`.
    money -> Decimal128Array, |a| a.as_primitive_opt::<Decimal128Type>(), "amounts";
    /// `DECIMAL(18,6)`, in millionths.
    quantity -> Decimal128Array, |a| a.as_primitive_opt::<Decimal128Type>().filter(|a| a.scale() == 6), "quantities";
    /// `BOOLEAN`.
    boolean -> BooleanArray, |a| a.as_boolean_opt(), "truth values";
    /// `TINYINT`.
    tiny -> Int8Array, |a| a.as_primitive_opt::<Int8Type>(), "8-bit integers";
    /// `SMALLINT`.
    small -> Int16Array, |a| a.as_primitive_opt::<Int16Type>(), "16-bit integers";
    /// `INTEGER`.
    integer -> Int32Array, |a| a.as_primitive_opt::<Int32Type>(), "32-bit integers";
    /// `BIGINT`.
    big -> Int64Array, |a| a.as_primitive_opt::<Int64Type>(), "64-bit integers";
}

/// The text at a row, `None` for null.
#[must_use]
pub fn text_at(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

/// The value at a row, `None` for null.
#[must_use]
pub fn value_at<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}

/// The truth at a row, false for null.
#[must_use]
pub fn truth_at(array: &BooleanArray, row: usize) -> bool {
    array.is_valid(row) && array.value(row)
}

/// The delivery period of each row; nought where it is null.
///
/// # Errors
/// TC1250 where a column is not there or has another type.
pub fn periods(batch: &RecordBatch) -> Answer<Vec<Period>> {
    let (years, periods) = (small(batch, "delivery_year")?, tiny(batch, "delivery_period")?);
    let period = |(year, period): (Option<i16>, Option<i8>)| Period {
        year: year.unwrap_or_default(),
        period: period.and_then(|period| u8::try_from(period).ok()).unwrap_or_default(),
    };
    Ok(years.iter().zip(periods).map(period).collect())
}

/// A table whose values are read one by one, by the name of the column and the number of the row.
///
/// Each way of reading fails with TC1250 where the column is not there or has another type.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'b>(pub &'b RecordBatch);

impl<'b> Rows<'b> {
    #[must_use]
    pub fn count(self) -> usize {
        self.0.num_rows()
    }

    /// `None` for null, and for an empty text.
    ///
    /// # Errors
    /// As said of the type.
    pub fn maybe(self, name: &str, row: usize) -> Answer<Option<&'b str>> {
        Ok(text_at(text(self.0, name)?, row).filter(|text| !text.is_empty()))
    }

    /// Empty for null.
    ///
    /// # Errors
    /// As said of the type.
    pub fn text(self, name: &str, row: usize) -> Answer<&'b str> {
        Ok(self.maybe(name, row)?.unwrap_or_default())
    }

    /// Nought for null.
    ///
    /// # Errors
    /// As said of the type.
    pub fn pence(self, name: &str, row: usize) -> Answer<Pence> {
        Ok(value_at(money(self.0, name)?, row).unwrap_or_default())
    }

    /// # Errors
    /// As said of the type.
    pub fn day(self, name: &str, row: usize) -> Answer<Option<Day>> {
        Ok(value_at(date(self.0, name)?, row).map(Day))
    }

    /// A whole number of any width; `None` for null.
    ///
    /// # Errors
    /// As said of the type.
    pub fn whole(self, name: &str, row: usize) -> Answer<Option<i64>> {
        Ok(match column(self.0, name)?.data_type() {
            DataType::Int8 => value_at(tiny(self.0, name)?, row).map(i64::from),
            DataType::Int16 => value_at(small(self.0, name)?, row).map(i64::from),
            DataType::Int32 => value_at(integer(self.0, name)?, row).map(i64::from),
            _ => value_at(big(self.0, name)?, row),
        })
    }

    /// In millionths; `None` for null.
    ///
    /// # Errors
    /// As said of the type.
    pub fn millionths(self, name: &str, row: usize) -> Answer<Option<i128>> {
        Ok(value_at(quantity(self.0, name)?, row))
    }

    /// False for null.
    ///
    /// # Errors
    /// As said of the type.
    pub fn truth(self, name: &str, row: usize) -> Answer<bool> {
        Ok(truth_at(boolean(self.0, name)?, row))
    }
}

/// A column of texts, looked up by its name once, for tables of many rows.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'b>(&'b StringArray);

impl<'b> Texts<'b> {
    /// # Errors
    /// TC1250 where the column is not there or has another type.
    pub fn of(table: Rows<'b>, name: &str) -> Answer<Self> {
        text(table.0, name).map(Self)
    }

    /// `None` for null, and for an empty text.
    #[must_use]
    pub fn maybe(self, row: usize) -> Option<&'b str> {
        text_at(self.0, row).filter(|text| !text.is_empty())
    }

    /// Empty for null.
    #[must_use]
    pub fn at(self, row: usize) -> &'b str {
        self.maybe(row).unwrap_or_default()
    }
}

/// What stands for a value that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// `false`, in a column of truths.
    False,
    /// This word, in a column of texts.
    Word(&'static str),
}

/// The rows with these columns, whatever a file of the version before lacks of them: where a column is not there it comes last, and where
/// a value of it is null it is the default.
///
/// # Errors
/// TC1250 where a column is there with another type.
pub fn with_defaults(rows: &RecordBatch, defaults: &[(&str, Default)]) -> Answer<RecordBatch> {
    let mut fields: Vec<Field> = rows.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    let mut columns = rows.columns().to_vec();
    for (name, default) in defaults {
        let count = rows.num_rows();
        let is_there = rows.column_by_name(name).is_some();
        let filled: ArrayRef = match default {
            Default::False if is_there => {
                Arc::new(boolean(rows, name)?.iter().map(|truth| Some(truth.unwrap_or(false))).collect::<BooleanArray>())
            }
            Default::False => Arc::new(BooleanArray::from(vec![false; count])),
            Default::Word(word) if is_there => {
                Arc::new(text(rows, name)?.iter().map(|value| Some(value.unwrap_or(word))).collect::<StringArray>())
            }
            Default::Word(word) => Arc::new(StringArray::from(vec![*word; count])),
        };
        if let Some(column) = fields.iter().position(|field| field.name() == name).and_then(|at| columns.get_mut(at)) {
            *column = filled;
        } else {
            fields.push(Field::new(*name, filled.data_type().clone(), true));
            columns.push(filled);
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|_| mismatch(rows, "", "columns of one length"))
}

/// The rows with these columns in this order; a column that they have not is null.
///
/// # Errors
/// Where a column is there with another type, or a null stands where the schema allows none.
pub fn in_columns(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<Field>| {
        let there = rows.column_by_name(field.name()).cloned();
        there.unwrap_or_else(|| new_null_array(field.data_type(), rows.num_rows()))
    };
    RecordBatch::try_new(Arc::clone(schema), schema.fields().iter().map(column).collect())
}

fn mismatch(batch: &RecordBatch, name: &str, expected: &str) -> crate::diagnostic::Refusal {
    let seen = match batch.column_by_name(name) {
        Some(column) => format!("column {name} holds {}", column.data_type()),
        None => format!("there is no column {name}"),
    };
    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
        .expected(expected)
        .outcome("nothing was published; the last release is unchanged")
        .hint("this is a fault of truecost: report it with the output of `truecost validate`")
        .into()
}
