//! One record, read exactly: RFC 4180 plus what the contract declares.
//!
//! The rule that [`super::split`] follows at speed stands here plainly. It reads headers and layouts with backslashes,
//! and explains faults of quoting.

use memchr::{memchr, memchr2};

use super::super::{
    records::{Dialect, Field, field},
    text::{lines::line_end_len, marks::marks_len},
};
use crate::schema::Escape;

/// Where a record and its fields stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Record {
    pub(in crate::decode) start: usize,
    /// End of each field, its quotes included; the next one starts a byte later.
    pub(in crate::decode) ends: Vec<usize>,
    /// First byte of the next record.
    pub(in crate::decode) next: usize,
    /// Some quoted field holds an escaped quote.
    pub(in crate::decode) escaped: bool,
}

/// Quoting that follows no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum QuoteFault {
    /// The quote opened here is never closed.
    Unclosed { opened: usize },
    /// A quote inside a field that does not begin with one.
    Stray {
        at: usize,
        /// Text stands before it that no quote follows by mistake: more than blanks or `=`.
        behind_text: bool,
    },
    /// Text after the quote that closes the field opened before.
    After { opened: usize, at: usize },
}

impl QuoteFault {
    /// Where the quote stands, or the text behind it.
    pub(in crate::decode) const fn at(self) -> usize {
        let (Self::Unclosed { opened: at } | Self::Stray { at, .. } | Self::After { at, .. }) = self;
        at
    }
}

impl Record {
    pub(in crate::decode) fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(self.start)
    }

    pub(in crate::decode) fn fields<'a>(&'a self, text: &'a [u8], dialect: Dialect) -> impl Iterator<Item = Field<'a>> {
        let starts = std::iter::once(self.start).chain(self.ends.iter().map(|end| end + 1));
        starts.zip(&self.ends).map(move |(start, end)| field(text, start, *end, dialect))
    }
}

/// Reads the record that starts at `from`. Its start is `from`, also where byte order marks stand there.
pub(in crate::decode) fn read_record(text: &[u8], from: usize, dialect: Dialect) -> Result<Record, QuoteFault> {
    let mut record = Record { start: from, ends: Vec::new(), next: from, escaped: false };
    // A mark before the first quote does not make the quote a stray one.
    let mut at = from + marks_len(text, from);
    loop {
        let opened = at;
        at = match dialect.quote {
            Some(quote) if text.get(at) == Some(&quote) => quoted_end(text, at, quote, dialect, &mut record.escaped)?,
            Some(quote) if dialect.formulas && text.get(at..at + 2) == Some(&[b'=', quote]) => {
                quoted_end(text, at + 1, quote, dialect, &mut record.escaped)?
            }
            _ => plain_end(text, at, dialect)?,
        };
        record.ends.push(at);
        if text.get(at) == Some(&dialect.delimiter) {
            at += 1;
            continue;
        }
        let line_end = line_end_len(text, at);
        if line_end == 0 && at < text.len() {
            return Err(QuoteFault::After { opened, at });
        }
        record.next = at + line_end;
        return Ok(record);
    }
}

/// End of a field that does not begin with a quote. One that begins with blanks or `=` before its first quote looks as if that should
/// open it: such a quote is no text, whatever was declared.
fn plain_end(text: &[u8], from: usize, dialect: Dialect) -> Result<usize, QuoteFault> {
    let rest = text.get(from..).unwrap_or_default();
    let ends = |byte: &u8| *byte == dialect.delimiter || *byte == b'\n' || *byte == b'\r';
    let stray = |byte: &u8| Some(*byte) == dialect.quote && *byte != dialect.delimiter;
    let length = rest.iter().position(|byte| ends(byte) || stray(byte)).unwrap_or(rest.len());
    if !rest.get(length).is_some_and(stray) {
        return Ok(from + length);
    }
    let behind_text = !matches!(rest.get(..length).unwrap_or_default().trim_ascii(), b"" | b"=");
    if !(dialect.strays && behind_text) {
        return Err(QuoteFault::Stray { at: from + length, behind_text });
    }
    Ok(from + rest.iter().position(ends).unwrap_or(rest.len()))
}

/// The byte after the closing quote of the field that a quote at `opened` begins.
fn quoted_end(text: &[u8], opened: usize, quote: u8, dialect: Dialect, escaped: &mut bool) -> Result<usize, QuoteFault> {
    let escape = dialect.escape;
    let text = if dialect.strays { line_of(text, opened) } else { text };
    let mut at = opened + 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let found = match escape {
            Escape::Doubled => memchr(quote, rest),
            Escape::Backslash => memchr2(quote, b'\\', rest),
        };
        at += found.ok_or(QuoteFault::Unclosed { opened })?;
        let next = text.get(at + 1);
        match (escape, text.get(at) == Some(&quote)) {
            (Escape::Doubled, _) if next == Some(&quote) => (*escaped, at) = (true, at + 2),
            (Escape::Backslash, false) => {
                *escaped = true;
                at += if next == Some(&quote) || next == Some(&b'\\') { 2 } else { 1 };
            }
            _ => return Ok(at + 1),
        }
    }
}

/// The text up to the end of the line on which `at` stands.
fn line_of(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    text.get(..at + memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), escape: Escape::Doubled, strays: false, formulas: false };

    fn read(text: &str, dialect: Dialect) -> Result<Vec<String>, QuoteFault> {
        let record = read_record(text.as_bytes(), 0, dialect)?;
        Ok(record.fields(text.as_bytes(), dialect).map(|f| String::from_utf8_lossy(&f.text).into_owned()).collect())
    }

    #[test]
    fn formulas_of_texts_are_the_texts() {
        let formulas = Dialect { formulas: true, ..RFC };
        let all = "=\"040805\",Oak,=\"1E0\",\"=\"\"007\"\"\",=\"a,b\",=\"\",=\"say \"\"no\"\"\",=A1,=,\"1,234.00\"\r\n";
        let wanted = ["040805", "Oak", "1E0", "007", "a,b", "", "say \"no\"", "=A1", "=", "1,234.00"];
        assert_eq!(read(all, formulas), Ok(wanted.map(str::to_owned).to_vec()));
        assert_eq!(read("=\"040805\"", RFC), Err(QuoteFault::Stray { at: 1, behind_text: false }));
        assert_eq!(read("=\"open", formulas), Err(QuoteFault::Unclosed { opened: 1 }));
        assert_eq!(read("=\"a\"b", formulas), Err(QuoteFault::After { opened: 0, at: 4 }));
    }

    #[test]
    fn quotes_follow_the_rfc() {
        assert_eq!(read("a,\"b,\"\"c\"\"\r\nd\",\r\n", RFC), Ok(vec!["a".into(), "b,\"c\"\r\nd".into(), String::new()]));
        assert_eq!(read("\"\"\"\",\"\"", RFC), Ok(vec!["\"".into(), String::new()]));
        assert_eq!(read("a\"b\",c", RFC), Err(QuoteFault::Stray { at: 1, behind_text: true }));
        assert_eq!(read("\"a\"b,c", RFC), Err(QuoteFault::After { opened: 0, at: 3 }));
        assert_eq!(read("x,\"a\nb", RFC), Err(QuoteFault::Unclosed { opened: 2 }));
    }

    #[test]
    fn stray_quotes_are_text_only_where_declared_and_only_behind_text() {
        let strays = Dialect { strays: true, ..RFC };
        assert_eq!(
            read("6\" pipe,\"a, \"\"b\"\"\",the \"Old\" Hall,8\"\r\n", strays).unwrap(),
            ["6\" pipe", "a, \"b\"", "the \"Old\" Hall", "8\""]
        );
        assert_eq!(
            read("a, \"b\"", strays),
            Err(QuoteFault::Stray { at: 3, behind_text: false }),
            "a quote behind blanks looks as if it opened a field"
        );
        assert_eq!(read("=\"00123\"", strays), Err(QuoteFault::Stray { at: 1, behind_text: false }));
        assert_eq!(read("\"Old\" Hall,1", strays), Err(QuoteFault::After { opened: 0, at: 5 }));
        assert_eq!(read("x,\"6 pipe\ny,8\",3", strays), Err(QuoteFault::Unclosed { opened: 2 }), "nothing is swallowed");
    }

    #[test]
    fn backslashes_escape_only_where_declared() {
        let backslash = Dialect { escape: Escape::Backslash, ..RFC };
        assert_eq!(read(r#""a\"b","c\\","d\n""#, backslash), Ok(vec!["a\"b".into(), r"c\".into(), r"d\n".into()]));
        assert_eq!(read(r#""a\"b","c""#, RFC), Err(QuoteFault::After { opened: 0, at: 4 }));
        let unquoted = Dialect { quote: None, ..RFC };
        assert_eq!(read("\"a,b\"", unquoted), Ok(vec!["\"a".into(), "b\"".into()]));
    }
}
