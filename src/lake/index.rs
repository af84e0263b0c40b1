//! `lake/register.index`: what the entries of the register say, in one file, so that a run with many deliveries behind it does not open each of
//! them.
//!
//! It can be lost: entries decide. Of each it holds the text and what the file system says of the file, and it answers for an entry only
//! while the file system says the same. One whose own bytes are not those that were written answers for none.
//!
//! ```text
//! <SHA-256 of what follows>
//! <delivery> <bytes> <modified> <changed> <inode> <the entry as JSON on one line>
//! ```

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt as _, path::Path};

use super::durable::{self, Seen, sha256};
use crate::diagnostic::Answer;

/// What the file system says of an entry: bytes, modified and changed (seconds and nanoseconds), inode. Another file under the same name, or
/// one that was written into, has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp([i64; 6]);

impl Stamp {
    /// `None` where there is no such file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        let whole = |number: u64| i64::try_from(number).ok();
        Some(Self([whole(file.len())?, file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec(), file.ino().cast_signed()]))
    }

    fn words(self) -> String {
        self.0.map(|number| number.to_string()).join(" ")
    }

    /// The stamp, and what stands behind it.
    fn split(text: &str) -> Option<(Self, &str)> {
        let (mut numbers, mut rest) = ([0; 6], text);
        for number in &mut numbers {
            let (word, behind) = rest.split_once(' ')?;
            (*number, rest) = (word.parse().ok()?, behind);
        }
        Some((Self(numbers), rest))
    }
}

/// An entry in the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    pub(super) stamp: Stamp,
    /// JSON.
    pub(super) entry: &'t str,
}

/// The text of the index behind its seal; `None` where there is none, or it is not what was written.
///
/// # Errors
/// TC1002.
pub(super) fn read(path: &Path) -> Answer<Option<String>> {
    let Some(mut text) = durable::read(path)?.and_then(|bytes| String::from_utf8(bytes).ok()) else { return Ok(None) };
    let sealed = text.split_once('\n').filter(|(seal, lines)| sha256(lines.as_bytes()) == *seal);
    let Some(behind) = sealed.map(|(seal, _)| seal.len() + 1) else { return Ok(None) };
    text.drain(..behind);
    Ok(Some(text))
}

/// Its entries by their delivery.
pub(super) fn lines(text: &str) -> BTreeMap<&str, Line<'_>> {
    let line = |line| {
        let (delivery, rest) = str::split_once(line, ' ')?;
        let (stamp, entry) = Stamp::split(rest)?;
        Some((delivery, Line { stamp, entry }))
    };
    text.lines().filter_map(line).collect()
}

/// Writes an index of these entries.
///
/// # Errors
/// TC1002.
pub(super) fn write<'e>(path: &Path, entries: impl Iterator<Item = (&'e str, Stamp, String)>) -> Answer<()> {
    let mut text = String::new();
    for (delivery, stamp, entry) in entries {
        text.extend([delivery, " ", &stamp.words(), " ", &entry, "\n"]);
    }
    let sealed = format!("{}\n{text}", sha256(text.as_bytes()));
    durable::replace(path, sealed.as_bytes(), Seen::ByUs)
}

/// JSON without the room between its words: on one line.
pub(super) fn on_one_line(json: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::with_capacity(json.len()), false, false);
    for sign in json.chars() {
        if inside {
            (inside, escaped) = (escaped || sign != '"', !escaped && sign == '\\');
        } else if sign.is_ascii_whitespace() {
            continue;
        } else {
            inside = sign == '"';
        }
        out.push(sign);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_on_one_line_is_the_same_json() {
        for text in
            ["{\n  \"a b\": [1, 2.50,\n null],\n \"q\\\" \\\\\": \" \\n x \\\\\"\n}\n", "[]", "\"\"", "{\"\\\\\" : \"\\\\\\\" , \"}"]
        {
            let line = on_one_line(text);
            assert!(!line.contains('\n'), "{line}");
            let [of_line, of_text] = [&line, text].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
            assert_eq!(of_line, of_text, "{line}");
        }
        assert_eq!(on_one_line("{\n \"a b\": 1,\n  \"c\": [ 2 ] }"), "{\"a b\":1,\"c\":[2]}");
    }

    #[test]
    fn what_is_not_as_it_was_written_answers_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.index");
        assert_eq!(read(&path).unwrap(), None);
        let stamp = Stamp([7, 1, 2, 3, 4, 5]);
        write(&path, [("aa", stamp, "{\"x\":1}".to_owned()), ("bb", stamp, "{}".to_owned())].into_iter()).unwrap();
        let text = read(&path).unwrap().unwrap();
        assert_eq!(lines(&text)["aa"].entry, "{\"x\":1}");
        assert_eq!(lines(&text)["bb"].stamp, stamp);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1;
            fs::write(&path, &other).unwrap();
            assert_eq!(read(&path).unwrap(), None, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(read(&path).unwrap(), None, "{at} bytes");
        }
    }
}
