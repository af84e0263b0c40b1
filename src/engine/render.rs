//! Answers as text: for a terminal, for a spreadsheet, for a program. Decimals keep their full scale in all three.

use std::{
    convert::Infallible,
    io::{self, Write},
};

use arrow::{
    array::{Array, BooleanArray, RecordBatch},
    datatypes::{DataType, Schema},
    util::display::{ArrayFormatter, FormatOptions},
};

use crate::domain::{printable, printable_json};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns in line, numbers to the right.
    Table,
    /// RFC 4180 with a header. A null is an empty field, an empty text is `""`. Text that a spreadsheet would take for
    /// a formula (it starts with `=`, `+`, `-`, `@` or a tab) gets an apostrophe before it.
    Csv,
    /// An array of objects. Decimals are text, so that no reader turns them into floats.
    Json,
}

/// Rows as text, ending with a line break.
#[must_use]
pub fn render(schema: &Schema, batches: &[RecordBatch], format: Format) -> String {
    let mut out = Vec::new();
    // Memory takes every byte.
    let _ = write_rows(&mut out, schema, batches.to_vec(), format);
    String::from_utf8(out).unwrap_or_default()
}

/// Writes rows as [`render`] does, a line at a time, and gives each batch back once it is written: an answer is never held twice.
///
/// # Errors
/// What `out` says.
pub fn write_rows(out: &mut dyn Write, schema: &Schema, batches: Vec<RecordBatch>, format: Format) -> io::Result<()> {
    match format {
        Format::Table => table(out, schema, batches),
        Format::Csv => csv(out, schema, batches),
        Format::Json => json(out, schema, batches),
    }
}

/// Characters to which a column of a table is padded. A longer text stands whole, and what comes after it out of line.
const WIDEST: usize = 1_000;

/// Says each row's texts in turn; `None` is null.
fn each_row<E>(batch: &RecordBatch, mut say: impl FnMut(usize, &[Option<String>]) -> Result<(), E>) -> Result<(), E> {
    let options = FormatOptions::default().with_display_error(true);
    let formatters: Vec<_> = batch.columns().iter().map(|array| (array, ArrayFormatter::try_new(array, &options).ok())).collect();
    let mut texts = Vec::with_capacity(formatters.len());
    for row in 0..batch.num_rows() {
        texts.clear();
        texts.extend(
            formatters
                .iter()
                .map(|(array, formatter)| if array.is_null(row) { None } else { formatter.as_ref().map(|f| f.value(row).to_string()) }),
        );
        say(row, &texts)?;
    }
    Ok(())
}

fn table(out: &mut dyn Write, schema: &Schema, batches: Vec<RecordBatch>) -> io::Result<()> {
    let mut widths: Vec<usize> = schema.fields().iter().map(|f| f.name().chars().count()).collect();
    let mut rows = 0_usize;
    for batch in &batches {
        let Ok(()) = each_row(batch, |_, cells| {
            rows += 1;
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.as_deref().map_or(0, |text| text.chars().count())).min(WIDEST);
            }
            Ok::<(), Infallible>(())
        });
    }
    let right: Vec<bool> = schema.fields().iter().map(|f| f.data_type().is_numeric()).collect();
    let line = |out: &mut dyn Write, cells: &mut dyn Iterator<Item = String>| {
        let mut text = String::new();
        for (at, ((cell, width), right)) in cells.zip(&widths).zip(&right).enumerate() {
            let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
            let parts = if *right { [gap.as_str(), cell.as_str()] } else { [cell.as_str(), gap.as_str()] };
            text.push_str(if at > 0 { "  " } else { "" });
            text.extend(parts);
        }
        writeln!(out, "{}", text.trim_end_matches(' '))
    };
    line(out, &mut schema.fields().iter().map(|f| printable(f.name())))?;
    line(out, &mut widths.iter().map(|w| "-".repeat(*w)))?;
    for batch in batches {
        each_row(&batch, |_, cells| line(out, &mut cells.iter().map(|cell| printable(cell.as_deref().unwrap_or_default()))))?;
    }
    writeln!(out, "({rows} {})", if rows == 1 { "row" } else { "rows" })
}

fn csv(out: &mut dyn Write, schema: &Schema, batches: Vec<RecordBatch>) -> io::Result<()> {
    let is_text: Vec<bool> =
        schema.fields().iter().map(|f| matches!(f.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)).collect();
    writeln!(out, "{}", schema.fields().iter().map(|f| quoted(f.name())).collect::<Vec<_>>().join(","))?;
    for batch in batches {
        each_row(&batch, |_, cells| {
            let mut line = String::new();
            for (at, (cell, text)) in cells.iter().zip(&is_text).enumerate() {
                if at > 0 {
                    line.push(',');
                }
                match cell {
                    Some(value) if *text => line.push_str(&quoted(&neutral(value))),
                    Some(value) => line.push_str(&quoted(value)),
                    None => {}
                }
            }
            writeln!(out, "{line}")
        })?;
    }
    Ok(())
}

/// A text as a field of a CSV file that a spreadsheet may open: one that it would take for a formula has an apostrophe before it, and what
/// has a delimiter, a quote or a line end in it stands in quotes. Empty stays empty.
#[must_use]
pub fn csv_text(text: &str) -> String {
    if text.is_empty() { String::new() } else { quoted(&neutral(text)) }
}

fn neutral(text: &str) -> String {
    let may_be_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number_below_nought(text);
    if may_be_formula { format!("'{text}") } else { text.to_owned() }
}

/// `-12.50` or `-3/26`: worked out or not, it says what it says, and who reads the file has to find it as it is.
fn is_number_below_nought(text: &str) -> bool {
    let is_number = |part: &str| {
        let (whole, pence) = part.split_once('.').unwrap_or((part, "0"));
        [whole, pence].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let Some(size) = text.strip_prefix('-') else { return false };
    size.split_once('/').map_or_else(|| is_number(size), |(above, below)| is_number(above) && is_number(below))
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn json(out: &mut dyn Write, schema: &Schema, batches: Vec<RecordBatch>) -> io::Result<()> {
    let mut before = "[\n";
    for batch in batches {
        each_row(&batch, |row, cells| {
            let pairs = schema.fields().iter().zip(batch.columns()).zip(cells);
            let object = pairs.map(|((field, array), text)| (field.name().clone(), json_value(array, row, text.as_deref())));
            let object = serde_json::Value::Object(object.collect::<serde_json::Map<_, _>>());
            let before = std::mem::replace(&mut before, ",\n");
            write!(out, "{before}{}", printable_json(&object.to_string()))
        })?;
    }
    out.write_all(if before == "[\n" { b"[]\n" } else { b"\n]\n" })
}

fn json_value(array: &dyn Array, row: usize, text: Option<&str>) -> serde_json::Value {
    let Some(text) = text else { return serde_json::Value::Null };
    if let Some(flags) = array.as_any().downcast_ref::<BooleanArray>() {
        return flags.value(row).into();
    }
    let number = array.data_type().is_integer().then(|| text.parse::<i64>().ok()).flatten();
    number.map_or_else(|| text.into(), Into::into)
}
