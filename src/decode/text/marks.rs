//! Byte order marks inside a file: files were appended to each other.

/// U+FEFF, also as it looks where its bytes were taken for Windows-1252 and written as UTF-8.
const MARKS: [&[u8]; 2] = ["\u{feff}".as_bytes(), "\u{ef}\u{bb}\u{bf}".as_bytes()];

/// Bytes of the byte order marks that stand at `at`: files were appended to each other.
#[inline]
pub(in crate::decode) fn marks_len(text: &[u8], at: usize) -> usize {
    if matches!(text.get(at), Some(0xEF | 0xC3)) { count_marks(text, at) } else { 0 }
}

#[cold]
fn count_marks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mark = MARKS.iter().find(|mark| rest.starts_with(mark));
    mark.map_or(0, |mark| mark.len() + marks_len(text, at + mark.len()))
}
