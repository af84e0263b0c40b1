//! Rust source as words: enough of a reader to hold the house rules, without a compiler.
//!
//! Comments and literals are tokens of their own, so a rule never trips over a word in a sentence.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Identifier or keyword.
    Word,
    Number,
    /// Comment, string or character literal, with its quotes.
    Text,
    /// `::`, or one character.
    Mark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// 1-based.
    pub line: usize,
    /// Stands under `#[cfg(test)]`.
    pub test: bool,
}

/// A file of the source tree: path relative to the package, and its text.
#[derive(Clone, Debug)]
pub struct File {
    pub path: String,
    pub text: String,
    /// Its `mod` stands under `#[cfg(test)]`.
    pub test: bool,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), test: false }
    }

    /// Tokens that are not comments or literals.
    pub fn code(&self) -> Vec<Token<'_>> {
        let mut code = tokens(&self.text);
        code.retain(|token| token.kind != Kind::Text);
        for token in &mut code {
            token.test |= self.test;
        }
        code
    }

    /// Modules of files of their own that are compiled for tests only: `["lake", "sample"]`.
    pub fn test_modules(&self) -> Vec<Vec<String>> {
        let own: Vec<String> = self.module().into_iter().map(str::to_owned).collect();
        let code = self.code();
        let declared = code.windows(3).filter(|three| three[0].test && three[0].text == "mod" && three[2].text == ";");
        declared.map(|three| own.iter().cloned().chain([three[1].text.to_owned()]).collect()).collect()
    }

    /// `src/decode/money.rs` → `["decode", "money"]`; `src/lib.rs` → `[]`.
    pub fn module(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        path.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
    }
}

/// The tokens of `text`, in order.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(first) = text[at..].chars().next() {
        let (kind, len) = next(&text[at..], first);
        let piece = &text[at..at + len];
        if let Some(kind) = kind {
            all.push(Token { kind, text: piece, line, test: false });
        }
        line += piece.matches('\n').count();
        at += len;
    }
    mark_tests(&mut all);
    all
}

/// Kind (`None` = blank) and length of the token that starts `rest`.
fn next(rest: &str, first: char) -> (Option<Kind>, usize) {
    if first.is_whitespace() {
        return (None, first.len_utf8());
    }
    if rest.starts_with("//") {
        return (Some(Kind::Text), rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Some(Kind::Text), block_comment(rest));
    }
    if let Some(len) = quoted(rest) {
        return (Some(Kind::Text), len);
    }
    if first.is_ascii_digit() {
        return (Some(Kind::Number), number(rest));
    }
    if first.is_alphabetic() || first == '_' {
        return (Some(Kind::Word), rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()));
    }
    let len = if rest.starts_with("::") { 2 } else { first.len_utf8() };
    (Some(Kind::Mark), len)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// Length of the string or character literal that starts `rest`; `None` also for a lifetime.
fn quoted(rest: &str) -> Option<usize> {
    let prefix = rest.char_indices().take(3).find(|(_, c)| ['"', '\'', '#'].contains(c))?.0;
    if !matches!(&rest[..prefix], "" | "b" | "c" | "r" | "br" | "cr") {
        return None;
    }
    if rest[..prefix].ends_with('r') {
        let hashes = rest[prefix..].len() - rest[prefix..].trim_start_matches('#').len();
        let body = prefix + hashes + 1;
        let end = format!("\"{}", "#".repeat(hashes));
        return rest[prefix + hashes..].starts_with('"').then(|| rest[body..].find(&end).map_or(rest.len(), |len| body + len + end.len()));
    }
    let quote = rest[prefix..].chars().next().filter(|c| *c != '#')?;
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(prefix + 1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + 1),
            // A character literal holds one character; what goes on is a lifetime.
            _ if quote == '\'' && !rest[at + c.len_utf8()..].starts_with('\'') && !rest[prefix + 1..].starts_with('\\') => return None,
            _ => {}
        }
    }
    None
}

/// Length of a number: `1_000i64`, `0.5`, `1e9`, but `0..9` and `x.0.max()` end at the dot.
fn number(rest: &str) -> usize {
    let word = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let whole = word(rest);
    match rest[whole..].strip_prefix('.') {
        Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => whole + 1 + word(after),
        _ => whole,
    }
}

/// Marks the item that follows each `#[cfg(test)]`.
fn mark_tests(all: &mut [Token<'_>]) {
    let code: Vec<usize> = (0..all.len()).filter(|at| all[*at].kind != Kind::Text).collect();
    let mut at = 0;
    while at + 7 <= code.len() {
        let seven: Vec<&str> = code[at..at + 7].iter().map(|index| all[*index].text).collect();
        if seven != ["#", "[", "cfg", "(", "test", ")", "]"] {
            at += 1;
            continue;
        }
        let end = item_end(all, &code, at + 7);
        let last = code.get(end).map_or(all.len(), |index| index + 1);
        all[code[at]..last].iter_mut().for_each(|token| token.test = true);
        at = end + 1;
    }
}

/// Index in `code` of the token that ends the item starting at `from`: its `;`, or the brace that closes it.
fn item_end(all: &[Token<'_>], code: &[usize], from: usize) -> usize {
    let mut depth = 0usize;
    for (at, index) in code.iter().enumerate().skip(from) {
        match all[*index].text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && all[*index].text == "}" {
                    return at;
                }
            }
            ";" if depth == 0 => return at,
            _ => {}
        }
    }
    code.len()
}

/// A path that the code names, from the root of the crate or of a library: `["decode", "money", "parse"]`, `["std", "fs"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub path: Vec<String>,
    /// The path is our own: it was written with `crate::` or `super::`.
    pub ours: bool,
    pub line: usize,
    pub test: bool,
}

/// Every path that starts with `crate`, `super`, `std` or `tokio`, its braces spread out and `super` resolved.
pub fn paths(file: &File) -> Vec<Named> {
    let all = file.code();
    let mut module: Vec<String> = file.module().iter().map(|part| (*part).to_owned()).collect();
    let mut inline: Vec<usize> = Vec::new();
    let (mut depth, mut found) = (0usize, Vec::new());
    for at in 0..all.len() {
        match all[at].text {
            "{" => {
                depth += 1;
                if at >= 2 && all[at - 2].text == "mod" {
                    module.push(all[at - 1].text.to_owned());
                    inline.push(depth);
                }
            }
            "}" => {
                if inline.last() == Some(&depth) {
                    inline.pop();
                    module.pop();
                }
                depth = depth.saturating_sub(1);
            }
            "crate" | "super" | "std" | "tokio" if at == 0 || all[at - 1].text != "::" => {
                let mut spread = Vec::new();
                tree(&all, at, &mut Vec::new(), &mut spread);
                found.extend(spread.into_iter().filter_map(|path| resolve(path, &module)).map(|(path, ours)| Named {
                    path,
                    ours,
                    line: all[at].line,
                    test: all[at].test,
                }));
            }
            _ => {}
        }
    }
    found
}

/// Reads the path at `at` and spreads its braces; answers where it ends.
fn tree(all: &[Token<'_>], mut at: usize, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let kept = prefix.len();
    loop {
        match all.get(at) {
            Some(token) if token.kind == Kind::Word => prefix.push(token.text.to_owned()),
            Some(token) if token.text == "{" => {
                at += 1;
                while all.get(at).is_some_and(|t| t.text != "}") {
                    let end = tree(all, at, prefix, found);
                    at = if all.get(end).is_some_and(|t| t.text == ",") || end == at { end + 1 } else { end };
                }
                prefix.truncate(kept);
                return at + 1;
            }
            _ => break,
        }
        at += 1;
        if all.get(at).is_none_or(|t| t.text != "::") {
            break;
        }
        at += 1;
    }
    found.push(prefix.clone());
    prefix.truncate(kept);
    // `as name` belongs to the piece before it.
    if all.get(at).is_some_and(|t| t.text == "as") { at + 2 } else { at }
}

fn resolve(path: Vec<String>, module: &[String]) -> Option<(Vec<String>, bool)> {
    match path.first()?.as_str() {
        "crate" => Some((path[1..].to_vec(), true)),
        "super" => {
            let up = path.iter().take_while(|part| *part == "super").count();
            let base = &module[..module.len().checked_sub(up)?];
            Some((base.iter().chain(&path[up..]).cloned().collect(), true))
        }
        _ => Some((path, false)),
    }
}

#[test]
fn literals_and_comments_are_no_code() {
    let text = "let a = \"unsafe \\\" x\"; // unsafe\nlet b = r#\"unsafe\"#; /* unsafe /* x */ */ let c: &'a u8 = b'\\''; let d = 'x';";
    let words: Vec<&str> = tokens(text).iter().filter(|t| t.kind == Kind::Word).map(|t| t.text).collect();
    assert_eq!(words, ["let", "a", "let", "b", "let", "c", "a", "u8", "let", "d"]);
    let numbers = tokens("x.0.max(0..9, 1.5, 2e3, 7u8)");
    let numbers: Vec<&str> = numbers.iter().filter(|t| t.kind == Kind::Number).map(|t| t.text).collect();
    assert_eq!(numbers, ["0", "0", "9", "1.5", "2e3", "7u8"]);
}

#[test]
fn items_for_tests_are_marked() {
    let all = tokens("fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n#[cfg(test)]\nuse x;\nfn c() {}");
    let names: Vec<(&str, bool)> = all.iter().filter(|t| ["a", "b", "x", "c"].contains(&t.text)).map(|t| (t.text, t.test)).collect();
    assert_eq!(names, [("a", false), ("b", true), ("x", true), ("c", false)]);
}

#[test]
fn paths_are_spread_and_resolved() {
    let text = "use crate::{domain::{Day, money as m}, schema}; use super::super::lake; fn f() { crate::run::go::<T>() }
        mod inner { use super::super::sibling; } pub(crate) fn g() {} use std::{fmt, io::{self, Read}};";
    let seen: Vec<String> = paths(&File::new("src/decode/money.rs", text)).iter().map(|named| named.path.join("::")).collect();
    let expected =
        ["domain::Day", "domain::money", "schema", "lake", "run::go", "decode::sibling", "", "std::fmt", "std::io::self", "std::io::Read"];
    assert_eq!(seen, expected);
}
