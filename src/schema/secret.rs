//! Secrets stand outside the files of a partnership: `${env:NAME}`, `${file:PATH}`.

use crate::diagnostic::{Diagnostic, codes::config};

use super::{
    fields::{Reader, UNTOUCHED},
    yaml::{At, Node, Value},
};

/// Words that make a key one that holds a secret.
const WORDS: [&str; 9] = ["password", "passwd", "secret", "token", "access_key", "api_key", "private_key", "account_key", "credential"];

/// Keys that hold a secret where they are called just so.
const KEYS: [&str; 2] = ["pseudonym", "sealing"];

/// Query parameters that sign a URL.
const SIGNATURES: [&str; 3] = ["sig=", "x-amz-signature=", "x-goog-signature="];

/// One `${…}` of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'t> {
    /// An environment variable.
    Env(&'t str),
    /// A file's text, relative to the partnership.
    File(&'t str),
    /// Neither: `${HOME}`.
    Malformed(&'t str),
}

/// The text in pieces: what is written, and what is referred to.
#[must_use]
pub fn pieces(text: &str) -> Vec<Result<&str, Reference<'_>>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push(Ok(before));
        let (inside, after) = after.split_once('}').unwrap_or((after, ""));
        out.push(Err(match inside.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Reference::Env(name),
            Some(("file", path)) if !path.is_empty() => Reference::File(path),
            _ => Reference::Malformed(inside),
        }));
        rest = after;
    }
    out.push(Ok(rest));
    out
}

/// Whether the value refers to something that stands elsewhere.
#[must_use]
pub fn refers(text: &str) -> bool {
    text.contains("${")
}

/// Whether the key's name says that its value is a secret.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    WORDS.iter().any(|word| key.contains(word)) || KEYS.contains(&key.as_str())
}

/// Whether the value carries a secret in itself: `user:password@` or a signature.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let signed =
        SIGNATURES.iter().filter_map(|word| lower.split_once(word)).any(|(_, value)| !value.is_empty() && !value.starts_with("${"));
    signed || user_info(text).is_some_and(|info| info.split_once(':').is_some_and(|(_, word)| !word.is_empty() && !word.starts_with("${")))
}

/// What stands between `//` and `@` of a URL.
fn user_info(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#', ' ']).next()?;
    authority.rsplit_once('@').map(|(info, _)| info)
}

/// Whether a line of a file is better not shown in a message.
#[must_use]
pub fn may_hold_secret(line: &str) -> bool {
    let key = |part: &str| part.rsplit([' ', ',', '{', '\t', '"', '\'']).find(|word| !word.is_empty()).is_some_and(is_secret_key);
    let keyed = line.split(':').map(str::trim_end).collect::<Vec<_>>();
    let keyed = keyed.iter().take(keyed.len().saturating_sub(1)).any(|part| key(part));
    keyed || holds_secret(line)
}

/// Reports every literal secret of a file.
pub fn refuse_literals(reader: &Reader<'_>, node: &Node) {
    match &node.value {
        Value::Scalar { text, .. } if holds_secret(text) => refuse(reader, node.at, "this address holds a password or a signature"),
        Value::Scalar { .. } | Value::Refused => {}
        Value::List(items) => items.iter().for_each(|item| refuse_literals(reader, item)),
        Value::Map(entries) => {
            for entry in entries {
                match &entry.value.value {
                    Value::Scalar { text, .. } if is_secret_key(&entry.key) && !text.is_empty() && !refers(text) => {
                        refuse(reader, entry.at, &format!("the value of `{}` is written out", entry.key));
                    }
                    _ => refuse_literals(reader, &entry.value),
                }
            }
        }
    }
}

fn refuse(reader: &Reader<'_>, at: At, seen: &str) {
    let mut place = reader.source.place(at);
    place.excerpt = None;
    reader.report(
        Diagnostic::new(config::LITERAL_SECRET, format!("a secret stands in this file: {seen}"))
            .place(place)
            .expected("a reference: `${env:NAME}` or `${file:PATH}`")
            .outcome(UNTOUCHED)
            .hint("Put the secret into the environment or a file outside the partnership, write the reference here, and change the secret: it may have been seen."),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_text() {
        assert_eq!(
            pieces("https://h/?k=${env:KEY}&f=${file:run/x}${HOME}"),
            [
                Ok("https://h/?k="),
                Err(Reference::Env("KEY")),
                Ok("&f="),
                Err(Reference::File("run/x")),
                Ok(""),
                Err(Reference::Malformed("HOME")),
                Ok(""),
            ]
        );
    }

    #[test]
    fn secrets_are_seen_and_lines_hidden() {
        assert!(holds_secret("https://me:word@host/x"));
        assert!(holds_secret("https://host/x?sv=1&sig=abc"));
        assert!(!holds_secret("https://host/x?sig=${env:SAS}"));
        assert!(!holds_secret("https://me:${env:WORD}@host/x"));
        assert!(!holds_secret("files at 10:30, me@host"));
        assert!(is_secret_key("Secret-Access-Key"));
        assert!(may_hold_secret("options: {access_key: ABC}"));
        assert!(may_hold_secret("  password: abc"));
        assert!(!may_hold_secret("name: Council of the tokens"));
    }
}
