//! Typed columns of a batch by name, for code that reads tables whose contract has been checked.

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int8Array, Int16Array, Int32Array, Int64Array, StringArray,
    },
    datatypes::{Date32Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type},
    record_batch::RecordBatch,
};

use crate::diagnostic::{Answer, Diagnostic, codes};

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
