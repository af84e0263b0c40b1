//! Answers as a workbook. A cell is a number only where the number is the figure; text stays text and is never a formula.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{DataType, Date32Type, Schema},
    util::display::{ArrayFormatter, FormatOptions},
};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes::query},
    domain::{Day, parse_decimal},
};

/// Rows that a sheet can hold, headings apart.
const ROW_LIMIT: usize = 1_048_575;
/// Columns that a sheet can hold.
const COLUMN_LIMIT: usize = 16_384;
/// 1 March 1900: before it a spreadsheet counts a day that never was.
const FIRST_DAY: &str = "1900-03-01";

/// Rows as one workbook, as they were asked for: the same rows are the same bytes. A null and an empty text are both an empty cell.
///
/// # Errors
/// TC1106 where a sheet cannot hold them.
pub fn xlsx(schema: &Schema, batches: &[RecordBatch]) -> Answer<Vec<u8>> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if rows > ROW_LIMIT || schema.fields().len() > COLUMN_LIMIT {
        let seen =
            format!("the answer has {rows} rows of {} columns, and a sheet holds {ROW_LIMIT} of {COLUMN_LIMIT}", schema.fields().len());
        return Err(not_written(&seen));
    }
    written(schema, batches).map_err(|error| not_written(&error.to_string()))
}

fn not_written(why: &str) -> Refusal {
    Diagnostic::new(query::FAILED, format!("the answer cannot be written as a workbook: {why}"))
        .outcome("nothing was changed")
        .hint("ask with --format csv, or for less")
        .into()
}

/// A workbook that does not say when it was made.
///
/// # Errors
/// What the writer says.
pub(super) fn new_workbook() -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    Ok(workbook)
}

fn written(schema: &Schema, batches: &[RecordBatch]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = new_workbook()?;
    // Row by row into a file without a name: an answer is not held twice.
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("answer")?.set_freeze_panes(1, 0)?;
    let columns: Vec<Cells> = schema.fields().iter().map(|field| Cells::of(field.data_type())).collect();
    for (at, (field, cells)) in (0..).zip(schema.fields().iter().zip(&columns)) {
        sheet.set_column_width(at, cells.width(field.name()))?;
    }
    let heading = Format::new().set_bold();
    for (at, field) in (0..).zip(schema.fields()) {
        sheet.write_string_with_format(0, at, field.name(), &heading)?;
    }
    let options = FormatOptions::default().with_display_error(true);
    let mut line = 1;
    for batch in batches {
        let texts: Vec<_> = batch.columns().iter().map(|array| ArrayFormatter::try_new(array, &options).ok()).collect();
        for row in 0..batch.num_rows() {
            for (at, ((array, text), cells)) in (0..).zip(batch.columns().iter().zip(&texts).zip(&columns)) {
                if let Some(text) = text.as_ref().filter(|_| array.is_valid(row)) {
                    cells.write(sheet, (line, at), (array, row), &text.value(row).to_string())?;
                }
            }
            line += 1;
        }
    }
    workbook.save_to_buffer()
}

/// How the cells of a column are written.
struct Cells {
    kind: Kind,
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// With this many decimals.
    Number(usize),
    Float,
    Flag,
    Day,
    Text,
}

impl Cells {
    fn of(kind: &DataType) -> Self {
        let kind = match kind {
            DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => usize::try_from(*scale).map_or(Kind::Text, Kind::Number),
            DataType::Float32 | DataType::Float64 => Kind::Float,
            DataType::Boolean => Kind::Flag,
            DataType::Date32 => Kind::Day,
            kind if kind.is_integer() => Kind::Number(0),
            _ => Kind::Text,
        };
        let shape = match kind {
            Kind::Number(0) => "0".to_owned(),
            Kind::Number(2) => "#,##0.00".to_owned(),
            Kind::Number(decimals) => format!("0.{}", "0".repeat(decimals)),
            Kind::Day => "yyyy-mm-dd".to_owned(),
            Kind::Text => "@".to_owned(),
            Kind::Float | Kind::Flag => "General".to_owned(),
        };
        Self { kind, format: Format::new().set_num_format(shape) }
    }

    /// In characters.
    fn width(&self, heading: &str) -> f64 {
        let widest = if self.kind == Kind::Text { 24 } else { 14 };
        f64::from(u8::try_from(heading.chars().count() + 2).unwrap_or(u8::MAX).max(widest))
    }

    fn write(&self, sheet: &mut Worksheet, (line, at): (u32, u16), (array, row): (&dyn Array, usize), text: &str) -> Result<(), XlsxError> {
        let number = match self.kind {
            Kind::Number(decimals) => exact(text, decimals),
            Kind::Float => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        };
        let day = array.as_primitive_opt::<Date32Type>().and_then(|days| day(Day(days.value(row))));
        if let Some(number) = number {
            sheet.write_number_with_format(line, at, number, &self.format)?;
        } else if let Some(day) = day {
            sheet.write_datetime_with_format(line, at, &day, &self.format)?;
        } else if let Some(flags) = array.as_boolean_opt() {
            sheet.write_boolean_with_format(line, at, flags.value(row), &self.format)?;
        } else if !text.is_empty() {
            sheet.write_string_with_format(line, at, text, &self.format)?;
        }
        Ok(())
    }
}

/// The number that is this figure: its shortest decimal text, read back by the exact parser, is the figure. `None` where no number is.
pub(super) fn exact(text: &str, decimals: usize) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let read = |text: &str| if decimals == 0 { text.parse().ok() } else { parse_decimal(text, decimals) };
    let figure: i128 = read(text)?;
    (read(&number.to_string()) == Some(figure)).then_some(number)
}

/// A day as a cell holds it; `None` where it is before the first that all spreadsheets count alike, or has five digits in its year.
fn day(day: Day) -> Option<ExcelDateTime> {
    let text = day.to_string();
    let mut parts = text.splitn(3, '-');
    let (year, month, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    if text.len() != FIRST_DAY.len() || text.as_str() < FIRST_DAY {
        return None;
    }
    ExcelDateTime::from_ymd(year, month, number).ok()
}

#[cfg(test)]
mod tests {
    use std::{io::Cursor, sync::Arc};

    use arrow::{
        array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, StringArray},
        datatypes::Field,
    };
    use calamine::{Data, Reader as _, Xlsx};

    use super::*;
    use crate::domain::{Pence, decimal};

    fn read(bytes: Vec<u8>) -> Vec<Vec<Data>> {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        assert_eq!(book.worksheet_formula("answer").unwrap().used_cells().count(), 0);
        book.worksheet_range("answer").unwrap().rows().map(<[Data]>::to_vec).collect()
    }

    fn amounts(all: &[Pence]) -> RecordBatch {
        let array = Decimal128Array::from(all.to_vec()).with_precision_and_scale(38, 2).unwrap();
        let schema = Schema::new(vec![Field::new("amount", array.data_type().clone(), true)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(array)]).unwrap()
    }

    proptest::proptest! {
        /// Whatever is written reads back as the amount: as a number's shortest text, or as text.
        #[test]
        fn no_amount_is_changed(all in proptest::collection::vec(proptest::prop_oneof![-9_999_999_999_i128..=9_999_999_999, -(10_i128.pow(22))..=10_i128.pow(22)], 1..20)) {
            let batch = amounts(&all);
            let rows = read(xlsx(&batch.schema(), std::slice::from_ref(&batch)).unwrap());
            for (pence, row) in all.iter().zip(&rows[1..]) {
                let seen = match &row[0] {
                    Data::Float(number) => parse_decimal(&number.to_string(), 2).map(decimal),
                    Data::Int(number) => parse_decimal(&number.to_string(), 2).map(decimal),
                    Data::String(text) => Some(text.clone()),
                    other => panic!("{other:?}"),
                };
                proptest::prop_assert_eq!(seen, Some(decimal(*pence)));
                let small = pence.unsigned_abs() < 10_u128.pow(15);
                proptest::prop_assert!(!small || !matches!(row[0], Data::String(_)), "{} is a number", pence);
            }
        }
    }

    #[test]
    fn an_amount_that_no_number_is_stays_text() {
        assert_eq!(exact("0.10", 2), Some(0.1));
        assert_eq!(exact("-1234567.89", 2), Some(-1_234_567.89));
        assert_eq!(exact("9007199254740993", 0), None, "2^53 + 1");
        assert_eq!(exact("1234567890123456.78", 2), None);
    }

    #[test]
    fn text_is_text_and_nothing_a_formula() {
        let texts = ["=1+1", "+44 20", "-1", "@SUM(A1)", "007", "_x0041_", "a\u{1}b", "", "{=A1}", "https://example.org", "2018-04-01"];
        let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(texts.to_vec()))];
        let schema = Arc::new(Schema::new(vec![Field::new("=heading", DataType::Utf8, true)]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        let bytes = xlsx(&schema, std::slice::from_ref(&batch)).unwrap();
        assert_eq!(bytes, xlsx(&schema, &[batch]).unwrap(), "the same rows are the same bytes");
        let rows = read(bytes);
        assert_eq!(rows[0][0], Data::String("=heading".into()));
        for (text, row) in texts.iter().zip(&rows[1..]) {
            let wanted = if text.is_empty() { Data::Empty } else { Data::String((*text).to_owned()) };
            assert_eq!(row[0], wanted);
        }
    }

    #[test]
    fn days_flags_and_counts_are_what_they_are() {
        let days: Vec<Day> =
            ["2018-04-01", "1900-02-28", "1900-03-01", "9999-12-31"].iter().map(|text| Day::parse_iso(text).unwrap()).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Date32Array::from(days.iter().map(|day| day.0).collect::<Vec<_>>())),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), None])),
            Arc::new(Int64Array::from(vec![Some(7), None, Some(i64::MAX), Some(-1)])),
        ];
        let kinds = [DataType::Date32, DataType::Boolean, DataType::Int64];
        let fields: Vec<Field> = ["day", "flag", "n"].iter().zip(kinds).map(|(name, kind)| Field::new(*name, kind, true)).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let rows = read(xlsx(&batch.schema(), std::slice::from_ref(&batch)).unwrap());
        assert_eq!(rows[2][0], Data::String("1900-02-28".into()), "before a spreadsheet's days are right");
        assert!(matches!(&rows[1][0], Data::DateTime(day) if day.as_f64().to_string() == "43191"), "{:?}", rows[1][0]);
        assert!(matches!(&rows[3][0], Data::DateTime(day) if day.as_f64().to_string() == "61"), "{:?}", rows[3][0]);
        assert_eq!((&rows[1][1], &rows[2][1], &rows[3][1]), (&Data::Bool(true), &Data::Empty, &Data::Bool(false)));
        assert_eq!((&rows[1][2], &rows[3][2]), (&Data::Float(7.0), &Data::String(i64::MAX.to_string())));
    }
}
