//! Rows looked for in a file that was read before: it is read once more, as far as need be.

use std::io::Read;

use arrow::{
    array::AsArray as _,
    datatypes::Int64Type,
    record_batch::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};

use super::{
    judge::{Judge, SOURCE_ROW},
    pass::decode,
    reader::Reader,
};
use crate::diagnostic::Answer;

/// Where the first `most` distinct values of a column stand that are `wanted`: the line of each and its text, in the order of the file.
///
/// # Errors
/// Where the bytes cannot be read again.
pub fn find_values<R: Read>(
    judge: &Judge,
    read: R,
    column: &str,
    wanted: impl Fn(&str) -> bool,
    most: usize,
) -> Answer<Vec<(i64, String)>> {
    let mut reader = Reader::open(judge, read)?;
    let header = reader.header();
    let mut found: Vec<(i64, String)> = Vec::new();
    while let Some(piece) = reader.next()? {
        let rows = decode(judge, &header, &piece).rows;
        let lines = rows.column_by_name(SOURCE_ROW).and_then(|c| c.as_primitive_opt::<Int64Type>());
        let texts = rows.column_by_name(column).and_then(|c| ArrayFormatter::try_new(c, &FormatOptions::default()).ok());
        let (Some(lines), Some(texts)) = (lines, texts) else { break };
        for row in 0..rows.num_rows() {
            let text = texts.value(row).to_string();
            if wanted(&text) && !found.iter().any(|(_, known)| *known == text) {
                found.push((lines.value(row), text));
                if found.len() == most {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

/// The accepted row that starts on a line, as a batch of one row; `None` where none does.
///
/// # Errors
/// Where the bytes cannot be read again.
pub fn find_row<R: Read>(judge: &Judge, read: R, line: u64) -> Answer<Option<RecordBatch>> {
    let mut reader = Reader::open(judge, read)?;
    let header = reader.header();
    let wanted = i64::try_from(line).ok();
    while let Some(piece) = reader.next()? {
        let rows = decode(judge, &header, &piece).rows;
        let lines = rows.column_by_name(SOURCE_ROW).and_then(|c| c.as_primitive_opt::<Int64Type>());
        if let Some(at) = lines.and_then(|lines| lines.iter().position(|line| line == wanted)) {
            return Ok(Some(rows.slice(at, 1)));
        }
    }
    Ok(None)
}
