//! Strict CSV of the partnership's own files: UTF-8, commas, RFC 4180, a header, as many fields in every row.

use std::borrow::Cow;

use crate::{
    diagnostic::{Diagnostic, Place, codes::reference},
    schema::fields::UNTOUCHED,
};

/// A table as it is written.
#[derive(Debug)]
pub struct Table<'t> {
    pub header: Vec<Cow<'t, str>>,
    pub rows: Vec<Row<'t>>,
}

#[derive(Debug)]
pub struct Row<'t> {
    /// Physical line on which it starts, from 1.
    pub line: u64,
    /// As many as the header has.
    pub fields: Vec<Cow<'t, str>>,
    /// A code of the row was written with characters that nobody sees; `fields` have it without them.
    pub folded: bool,
}

impl Row<'_> {
    /// The field's text; empty where there is no such field.
    pub fn field(&self, at: usize) -> &str {
        self.fields.get(at).map_or("", |text| text)
    }
}

/// Reads the text of a file; the faults name its lines.
///
/// # Errors
/// TC0901 where the text is no such table.
pub fn read_csv<'t>(file: &str, text: &'t str) -> Result<Table<'t>, Vec<Diagnostic>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = Records { rest: text, line: 1 };
    let header = match records.next() {
        None => return Err(vec![structure(file, 1, "the file is empty", "a header line with the names of the columns")]),
        Some(Err((line, why))) => return Err(vec![structure(file, line, &why, RULES)]),
        Some(Ok(row)) => row.fields,
    };
    let mut faults = Vec::new();
    let mut rows = Vec::new();
    for record in records {
        match record {
            Ok(row) if row.fields.len() == header.len() => rows.push(row),
            Ok(row) if row.fields.len() == 1 && row.field(0).is_empty() => {
                faults.push(structure(file, row.line, "the line is empty", "a row of the table, or no line at all"));
            }
            Ok(row) => {
                let seen = format!("the row has {} fields and the header {}", row.fields.len(), header.len());
                faults.push(structure(file, row.line, &seen, "as many fields as the header has"));
            }
            Err((line, why)) => {
                faults.push(structure(file, line, &why, RULES));
                break;
            }
        }
    }
    if faults.is_empty() { Ok(Table { header, rows }) } else { Err(faults) }
}

const RULES: &str = "fields with a comma, a quote or a line break in double quotes, and a quote inside them written twice";

fn structure(file: &str, line: u64, seen: &str, expected: &str) -> Diagnostic {
    Diagnostic::new(reference::STRUCTURE, seen).place(at(file, line)).expected(expected).outcome(UNTOUCHED)
}

/// A line of a CSV file.
pub fn at(file: &str, line: u64) -> Place {
    Place { line: Some(line), ..Place::file(file) }
}

struct Records<'t> {
    rest: &'t str,
    line: u64,
}

impl<'t> Iterator for Records<'t> {
    type Item = Result<Row<'t>, (u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let mut fields = Vec::new();
        loop {
            let field = match self.rest.strip_prefix('"') {
                Some(inside) => self.quoted(inside),
                None => self.plain(),
            };
            match field {
                Ok(field) => fields.push(field),
                Err(why) => {
                    self.rest = "";
                    return Some(Err((line, why)));
                }
            }
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
            } else {
                break;
            }
        }
        self.rest = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n')).unwrap_or(self.rest);
        self.line += 1;
        Some(Ok(Row { line, fields, folded: false }))
    }
}

impl<'t> Records<'t> {
    fn plain(&mut self) -> Result<Cow<'t, str>, String> {
        let end = memchr::memchr2(b',', b'\n', self.rest.as_bytes()).unwrap_or(self.rest.len());
        let end =
            if self.rest.get(..end).is_some_and(|text| text.ends_with('\r')) && !self.rest.get(end..).is_some_and(|r| r.starts_with(',')) {
                end - 1
            } else {
                end
            };
        let (text, rest) = self.rest.split_at(end);
        if text.contains('"') {
            return Err("a quote stands inside a field that is not quoted".to_owned());
        }
        if text.contains('\r') {
            return Err("a line ends in a carriage return alone".to_owned());
        }
        self.rest = rest.strip_prefix('\r').filter(|after| after.is_empty()).unwrap_or(rest);
        Ok(Cow::Borrowed(text))
    }

    fn quoted(&mut self, inside: &'t str) -> Result<Cow<'t, str>, String> {
        let mut text = Cow::Borrowed("");
        let mut rest_at = self.rest.len() - inside.len();
        loop {
            let rest = self.rest.get(rest_at..).unwrap_or("");
            let Some(end) = rest.find('"') else { return Err("a quoted field is not closed".to_owned()) };
            append(&mut text, rest.get(..end).unwrap_or(""));
            rest_at += end + 1;
            if self.rest.get(rest_at..).is_some_and(|after| after.starts_with('"')) {
                append(&mut text, "\"");
                rest_at += 1;
            } else {
                break;
            }
        }
        self.line += text.matches('\n').count() as u64;
        let after = self.rest.get(rest_at..).unwrap_or("");
        if !(after.is_empty() || after.starts_with([',', '\n']) || after.starts_with("\r\n")) {
            return Err("text follows a closing quote".to_owned());
        }
        self.rest = after;
        Ok(text)
    }
}

/// Borrows as long as the field is one piece of the file.
fn append<'t>(text: &mut Cow<'t, str>, piece: &'t str) {
    if text.is_empty() {
        *text = Cow::Borrowed(piece);
    } else {
        text.to_mut().push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        read_csv("a.csv", text)
            .unwrap()
            .rows
            .into_iter()
            .map(|row| (row.line, row.fields.into_iter().map(Cow::into_owned).collect()))
            .collect()
    }

    fn why(text: &str) -> String {
        read_csv("a.csv", text).unwrap_err().into_iter().map(|f| f.seen).collect()
    }

    #[test]
    fn rows_know_their_line() {
        let text = "\u{feff}a,b\r\n1,\"x \"\"y\"\"\nz\"\r\n,\r\n3,4";
        let owned = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        assert_eq!(rows(text), [(2, owned("1", "x \"y\"\nz")), (4, owned("", "")), (5, owned("3", "4"))]);
    }

    proptest::proptest! {
        #[test]
        fn every_row_that_is_read_is_as_long_as_the_header(text in "[a,\"\n\r é]{0,40}") {
            if let Ok(table) = read_csv("a.csv", &text) {
                proptest::prop_assert!(table.rows.iter().all(|row| row.fields.len() == table.header.len()));
            }
        }
    }

    #[test]
    fn what_is_no_table() {
        assert_eq!(why(""), "the file is empty");
        assert_eq!(why("a,b\n1\n"), "the row has 1 fields and the header 2");
        assert_eq!(why("a\n\"x\n"), "a quoted field is not closed");
        assert_eq!(why("a\n\"x\"y\n"), "text follows a closing quote");
        assert_eq!(why("a\nx\"y\n"), "a quote stands inside a field that is not quoted");
        assert_eq!(why("a,b\n\n1,2\n"), "the line is empty");
        assert_eq!(why("a,b\n1\r2,3\n"), "a line ends in a carriage return alone");
    }
}
