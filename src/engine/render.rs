//! Answers as text: for a terminal, for a spreadsheet, for a program. Decimals keep their full scale in all three.

use std::fmt::Write as _;

use arrow::{
    array::{Array, BooleanArray, RecordBatch},
    datatypes::{DataType, Schema},
    util::display::{ArrayFormatter, FormatOptions},
};

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
    match format {
        Format::Table => table(schema, batches),
        Format::Csv => csv(schema, batches),
        Format::Json => json(schema, batches),
    }
}

/// Texts of a batch, row by row; `None` is null.
fn texts(batch: &RecordBatch) -> Vec<Vec<Option<String>>> {
    let options = FormatOptions::default().with_display_error(true);
    let formatters: Vec<_> = batch.columns().iter().map(|array| (array, ArrayFormatter::try_new(array, &options).ok())).collect();
    let cell = |row: usize| {
        formatters
            .iter()
            .map(|(array, formatter)| if array.is_null(row) { None } else { formatter.as_ref().map(|f| f.value(row).to_string()) })
            .collect()
    };
    (0..batch.num_rows()).map(cell).collect()
}

fn table(schema: &Schema, batches: &[RecordBatch]) -> String {
    let rows: Vec<Vec<Option<String>>> = batches.iter().flat_map(texts).collect();
    let mut widths: Vec<usize> = schema.fields().iter().map(|f| f.name().chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.as_deref().map_or(0, |text| printable(text).chars().count()));
        }
    }
    let right: Vec<bool> = schema.fields().iter().map(|f| f.data_type().is_numeric()).collect();
    let line = |cells: &mut dyn Iterator<Item = String>| {
        let mut out = String::new();
        for ((cell, width), right) in cells.zip(&widths).zip(&right) {
            if !out.is_empty() {
                out.push_str("  ");
            }
            let _ = if *right { write!(out, "{cell:>width$}") } else { write!(out, "{cell:<width$}") };
        }
        format!("{}\n", out.trim_end())
    };
    let mut out = line(&mut schema.fields().iter().map(|f| f.name().clone()));
    out.push_str(&line(&mut widths.iter().map(|w| "-".repeat(*w))));
    for row in &rows {
        out.push_str(&line(&mut row.iter().map(|cell| printable(cell.as_deref().unwrap_or_default()))));
    }
    let _ = writeln!(out, "({} {})", rows.len(), if rows.len() == 1 { "row" } else { "rows" });
    out
}

/// Control characters would let a value rewrite the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn csv(schema: &Schema, batches: &[RecordBatch]) -> String {
    let is_text: Vec<bool> =
        schema.fields().iter().map(|f| matches!(f.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)).collect();
    let mut out = schema.fields().iter().map(|f| quoted(f.name())).collect::<Vec<_>>().join(",");
    out.push('\n');
    for row in batches.iter().flat_map(texts) {
        for (at, (cell, text)) in row.iter().zip(&is_text).enumerate() {
            if at > 0 {
                out.push(',');
            }
            match cell {
                Some(value) if *text => out.push_str(&quoted(&neutral(value))),
                Some(value) => out.push_str(&quoted(value)),
                None => {}
            }
        }
        out.push('\n');
    }
    out
}

/// A text as a field of a CSV file that a spreadsheet may open: one that it would take for a formula has an apostrophe before it, and what
/// has a delimiter, a quote or a line end in it stands in quotes. Empty stays empty.
#[must_use]
pub fn csv_text(text: &str) -> String {
    if text.is_empty() { String::new() } else { quoted(&neutral(text)) }
}

fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn json(schema: &Schema, batches: &[RecordBatch]) -> String {
    let mut objects = Vec::new();
    for batch in batches {
        for (row, texts) in texts(batch).into_iter().enumerate() {
            let pairs = schema.fields().iter().zip(batch.columns()).zip(texts);
            let object =
                pairs.map(|((field, array), text)| (field.name().clone(), json_value(array, row, text))).collect::<serde_json::Map<_, _>>();
            objects.push(serde_json::Value::Object(object).to_string());
        }
    }
    if objects.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", objects.join(",\n")) }
}

fn json_value(array: &dyn Array, row: usize, text: Option<String>) -> serde_json::Value {
    let Some(text) = text else { return serde_json::Value::Null };
    if let Some(flags) = array.as_any().downcast_ref::<BooleanArray>() {
        return flags.value(row).into();
    }
    let number = array.data_type().is_integer().then(|| text.parse::<i64>().ok()).flatten();
    number.map_or(serde_json::Value::String(text), Into::into)
}
