//! `truecost suspense apply`: codes that a person filled in become rows of reference tables.

use serde_json::json;

use super::{
    files::Change,
    rows::{NewRow, difference, with_rows},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::command},
    domain::counted,
    pipeline::Partnership,
    report::{FilledIn, Page, suspense_filled},
};

/// The changes that the filled-in workbook makes, and the page that shows them. Nothing is written.
///
/// # Errors
/// TC0112 where author and approver are not two persons; TC0472, TC0116 and what the reference tables refuse, by the row of the workbook.
pub fn suspense_applied(partnership: &Partnership, file: &str, bytes: &[u8], (by, approver): (&str, &str)) -> Answer<(Vec<Change>, Page)> {
    two_persons(by, approver, "suspense apply FILE.xlsx")?;
    let (filled, left) = suspense_filled(partnership, file, bytes)?;
    let rows: Vec<NewRow> = filled.iter().map(|row| new_row(partnership, file, row, (by, approver))).collect();
    let changes = with_rows(partnership, &rows)?;
    let mut text: String = changes.iter().map(|change| format!("{}\n", difference(change))).collect();
    text.push_str(&format!("{} by {by}, approved by {approver}", counted(rows.len() as u64, "row")));
    text.push_str(&if left == 0 { "\n".to_owned() } else { format!("; {} left in suspense\n", counted(left, "code")) });
    let tables: Vec<_> = changes.iter().map(|change| json!({"path": change.path, "rows": change.added_lines()})).collect();
    Ok((changes, Page::new("suspense_apply", text, json!({"tables": tables, "rows": rows.len(), "left": left}))))
}

fn new_row(partnership: &Partnership, file: &str, filled: &FilledIn, (by, approver): (&str, &str)) -> NewRow {
    let header = partnership.references.get(filled.table).map(|reference| reference.header.as_slice()).unwrap_or_default();
    let field = |(name, text): (&String, &String)| match name.as_str() {
        "author" => by.trim().to_owned(),
        "approver" => approver.trim().to_owned(),
        _ => text.clone(),
    };
    NewRow {
        table: filled.table.to_owned(),
        fields: header.iter().zip(&filled.fields).map(field).collect(),
        place: Place { line: Some(filled.line), ..Place::file(format!("{file}: sheet {}", filled.table)) },
    }
}

/// Who writes a row, and somebody else who approves it.
///
/// # Errors
/// TC0112.
pub fn two_persons(by: &str, approver: &str, command: &str) -> Answer<()> {
    let (by, approver) = (by.trim(), approver.trim());
    let seen = if by.is_empty() || approver.is_empty() {
        "nobody is named as author, or as approver".to_owned()
    } else if by.eq_ignore_ascii_case(approver) {
        format!("`{by}` would approve their own rows")
    } else {
        return Ok(());
    };
    let report: Refusal = Diagnostic::new(command::NOT_SAID, seen)
        .expected("an author, and an approver who is somebody else")
        .outcome("nothing was written")
        .hint(format!("truecost {command} --by NAME --approver NAME"))
        .into();
    Err(report)
}
