//! Reading a tree strictly: every fault is noted with its place, and reading goes on.
//!
//! A method that returns `None` has reported why, except where the key is merely absent.

use std::{cell::RefCell, collections::BTreeMap};

use crate::{
    diagnostic::{Code, Diagnostic, codes::config},
    domain::{Day, Identifier},
};

use super::{
    secret,
    suggest::nearest,
    words,
    yaml::{At, Entry, Node, SourceText, Value, parse},
};

/// What happened to the data when a file of the partnership is at fault.
pub const UNTOUCHED: &str = "nothing was run; no data was read or changed";

/// One YAML file being read, and the faults found so far.
pub struct Reader<'s> {
    pub source: &'s SourceText,
    faults: RefCell<Vec<Diagnostic>>,
    /// Faults by code that are only counted, because as many as are shown have been reported.
    more: RefCell<BTreeMap<&'static str, usize>>,
}

/// A value with the path by which messages call it: `covers.extent`.
#[derive(Clone)]
pub struct Item<'r> {
    pub(super) reader: &'r Reader<'r>,
    pub path: String,
    pub node: &'r Node,
}

/// A mapping whose keys are known.
#[derive(Clone)]
pub struct Fields<'r> {
    reader: &'r Reader<'r>,
    path: String,
    pub at: At,
    entries: &'r [Entry],
    known: &'static [&'static str],
}

impl<'s> Reader<'s> {
    /// Parses the file; faults of the syntax are the first of its faults.
    #[must_use]
    pub fn new(source: &'s SourceText) -> (Self, Node) {
        let (root, faults) = parse(source);
        let reader = Self { source, faults: RefCell::new(faults), more: RefCell::default() };
        secret::refuse_literals(&reader, &root);
        (reader, root)
    }

    pub fn report(&self, fault: Diagnostic) {
        self.faults.borrow_mut().push(fault);
    }

    /// Reports at a place of this file.
    pub fn fault(&self, at: At, fault: Diagnostic) {
        let outcome = if fault.outcome.is_empty() { UNTOUCHED.to_owned() } else { fault.outcome.clone() };
        self.report(fault.place(self.source.place(at)).outcome(outcome));
    }

    /// How much has been reported so far.
    #[must_use]
    pub fn fault_count(&self) -> usize {
        self.faults.borrow().len()
    }

    #[must_use]
    pub fn into_faults(self) -> Vec<Diagnostic> {
        few_alike(self.faults.into_inner(), &self.more.into_inner())
    }

    /// The whole file as a value.
    #[must_use]
    pub fn item<'r>(&'r self, root: &'r Node) -> Item<'r>
    where
        's: 'r,
    {
        Item { reader: self, path: String::new(), node: root }
    }
}

/// Reports of one code that are shown of one file. A file of another kind has as many faults as lines.
const MOST_ALIKE: usize = 20;

/// The first reports of each code; the last of them says how many more there are.
fn few_alike(mut faults: Vec<Diagnostic>, more: &BTreeMap<&'static str, usize>) -> Vec<Diagnostic> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    faults.retain(|fault| {
        let count = counts.entry(fault.code.id).or_default();
        *count += 1;
        *count <= MOST_ALIKE
    });
    for (id, count) in more {
        *counts.entry(id).or_default() += count;
    }
    for (id, count) in counts.into_iter().filter(|(_, count)| *count > MOST_ALIKE) {
        if let Some(last) = faults.iter_mut().rev().find(|fault| fault.code.id == id) {
            last.hint = format!("{} more of this kind in this file are not shown.", count - MOST_ALIKE);
        }
    }
    faults
}

impl<'r> Item<'r> {
    #[must_use]
    pub fn reader(&self) -> &'r Reader<'r> {
        self.reader
    }

    #[must_use]
    pub fn at(&self) -> At {
        self.node.at
    }

    /// Reports at this value.
    pub fn fault(&self, fault: Diagnostic) {
        self.reader.fault(self.node.at, fault);
    }

    /// Reports that the value is not of the sort expected.
    pub fn wrong(&self, expected: impl Into<String>) {
        if self.node.value != Value::Refused {
            self.fault(Diagnostic::new(config::WRONG_VALUE, format!("{} is {}", self.name(), self.describe())).expected(expected));
        }
    }

    /// Reports under another code that the value cannot stand.
    pub fn refuse(&self, code: Code, why: &str, expected: impl Into<String>, hint: impl Into<String>) {
        self.fault(Diagnostic::new(code, format!("{}: {why}", self.name())).expected(expected).hint(hint));
    }

    /// `` `covers.extent` ``.
    #[must_use]
    pub fn name(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path) }
    }

    fn describe(&self) -> String {
        match &self.node.value {
            Value::Scalar { .. } if self.node.is_null() => "empty".to_owned(),
            Value::Scalar { text, .. } if secret::may_hold_secret(text) => "a text that is not shown here".to_owned(),
            Value::Scalar { text, .. } => format!("`{}`", text.escape_debug()),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
            Value::Refused => "not read".to_owned(),
        }
    }

    /// The scalar's text, also where it refers to a secret.
    #[must_use]
    pub fn raw_text(&self) -> Option<&'r str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => Some(text),
            _ => None,
        }
    }

    /// A text; numbers and words are texts too.
    #[must_use]
    pub fn text(&self) -> Option<&'r str> {
        let text = self.read("a text", Some)?;
        if secret::refers(text) {
            self.wrong("the value itself: `${…}` may stand only where a location is named");
            return None;
        }
        Some(text)
    }

    /// Reads the scalar; reports `expected` where it is none or is not understood.
    pub fn read<T>(&self, expected: &str, read: impl FnOnce(&'r str) -> Option<T>) -> Option<T> {
        let value = self.raw_text().and_then(read);
        if value.is_none() {
            self.wrong(expected);
        }
        value
    }

    #[must_use]
    pub fn flag(&self) -> Option<bool> {
        self.choice(&[("true", true), ("false", false)])
    }

    #[must_use]
    pub fn day(&self) -> Option<Day> {
        self.read("a day written YYYY-MM-DD", Day::parse_iso)
    }

    /// A whole number within limits, both included.
    #[must_use]
    pub fn count(&self, least: u64, most: u64) -> Option<u64> {
        let expected = format!("a whole number from {least} to {most}");
        self.read(&expected, |text| text.parse().ok().filter(|n| (least..=most).contains(n)))
    }

    /// A name by the one rule for names.
    #[must_use]
    pub fn identifier(&self) -> Option<Identifier> {
        let text = self.raw_text().or_else(|| {
            self.wrong("a name");
            None
        })?;
        name(self.reader, self.node.at, &self.name(), text)
    }

    /// One of the words, by its meaning.
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let found = self.raw_text().and_then(|text| words.iter().find(|(word, _)| *word == text));
        if found.is_none() && self.node.value != Value::Refused {
            let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let hint = self.raw_text().and_then(|text| nearest(text, words.iter().map(|(word, _)| *word)));
            let fault = Diagnostic::new(config::WRONG_VALUE, format!("{} is {}", self.name(), self.describe()));
            self.fault(fault.expected(format!("one of {}", list.join(", "))).hint(did_you_mean(hint)));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// The values of a list.
    #[must_use]
    pub fn list(&self) -> Option<Vec<Item<'r>>> {
        if let Value::List(items) = &self.node.value {
            let item = |(n, node)| Item { reader: self.reader, path: format!("{}[{}]", self.path, n + 1), node };
            return Some(items.iter().enumerate().map(item).collect());
        }
        self.wrong("a list");
        None
    }

    /// The texts of a list.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<String>> {
        Some(self.list()?.iter().filter_map(|item| item.scalar_text().map(str::to_owned)).collect())
    }

    /// A text that may also be empty.
    #[must_use]
    pub fn scalar_text(&self) -> Option<&'r str> {
        match &self.node.value {
            Value::Scalar { text, quoted } if *quoted || !self.node.is_null() => Some(text),
            _ => {
                self.wrong("a text (an empty one is written \"\")");
                None
            }
        }
    }

    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// Whether the value is a mapping with this key.
    #[must_use]
    pub fn has_key(&self, key: &str) -> bool {
        matches!(&self.node.value, Value::Map(entries) if entries.iter().any(|e| e.key == key))
    }

    #[must_use]
    pub fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    /// A mapping whose keys are data: each with its value.
    #[must_use]
    pub fn entries(&self) -> Option<Vec<(&'r str, At, Item<'r>)>> {
        let Value::Map(entries) = &self.node.value else {
            self.wrong("a mapping");
            return None;
        };
        let item = |e: &'r Entry| Item { reader: self.reader, path: join(&self.path, &e.key), node: &e.value };
        Some(entries.iter().map(|e| (e.key.as_str(), e.at, item(e))).collect())
    }

    /// A mapping whose keys are known; every other key is reported.
    #[must_use]
    pub fn fields(&self, known: &'static [&'static str]) -> Option<Fields<'r>> {
        let Value::Map(entries) = &self.node.value else {
            let keys: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
            self.wrong(format!("a mapping with the keys {}", keys.join(", ")));
            return None;
        };
        let fields = Fields { reader: self.reader, path: self.path.clone(), at: self.node.at, entries, known };
        let mut unknown = entries.iter().filter(|e| !known.contains(&e.key.as_str()));
        unknown.by_ref().take(MOST_ALIKE).for_each(|e| fields.unknown(e));
        *self.reader.more.borrow_mut().entry(config::UNKNOWN_KEY.id).or_default() += unknown.count();
        Some(fields)
    }
}

impl<'r> Fields<'r> {
    fn unknown(&self, entry: &Entry) {
        let within = if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path) };
        let list: Vec<String> = self.known.iter().map(|key| format!("`{key}`")).collect();
        let fault = Diagnostic::new(config::UNKNOWN_KEY, format!("unknown key `{}`{within}", entry.key.escape_debug()));
        let fault = fault.expected(format!("one of {}", list.join(", ")));
        let hint = words::stands_elsewhere(self.known, &entry.key).unwrap_or_else(|| did_you_mean(self.meant(entry)));
        self.reader.fault(entry.at, fault.hint(hint));
    }

    /// The known key that an unknown one was probably meant to be.
    fn meant(&self, entry: &Entry) -> Option<&'static str> {
        if self.known.contains(&entry.key.as_str()) { None } else { nearest(&entry.key, self.known.iter().copied()) }
    }

    #[must_use]
    pub fn reader(&self) -> &'r Reader<'r> {
        self.reader
    }

    /// The key's value; `None` where the key is absent or its value is empty.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Item<'r>> {
        let entry = self.entries.iter().find(|e| e.key == key && !e.value.is_null())?;
        Some(Item { reader: self.reader, path: join(&self.path, key), node: &entry.value })
    }

    /// Where the key stands, or the mapping where it is absent.
    #[must_use]
    pub fn key_at(&self, key: &str) -> At {
        self.entries.iter().find(|e| e.key == key).map_or(self.at, |e| e.at)
    }

    /// The key's value; its absence is reported, unless a key stands there that was probably meant to be it.
    #[must_use]
    pub fn need(&self, key: &str) -> Option<Item<'r>> {
        let item = self.get(key);
        let misspelled = || self.entries.iter().any(|e| self.meant(e) == Some(key));
        if item.is_none() && !misspelled() {
            let within = if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path) };
            let empty = self.entries.iter().find(|e| e.key == key);
            let seen =
                if empty.is_some() { format!("the key `{key}`{within} is empty") } else { format!("the key `{key}` is missing{within}") };
            let mut at = empty.map_or(self.at, |e| e.at);
            at.width = if empty.is_some() { at.width } else { 1 };
            self.reader.fault(at, Diagnostic::new(config::MISSING_KEY, seen).expected(format!("`{key}: …`")));
        }
        item
    }
}

/// A name by the one rule: `[a-z][a-z0-9_]{0,62}`.
#[must_use]
pub fn name(reader: &Reader<'_>, at: At, what: &str, text: &str) -> Option<Identifier> {
    Identifier::new(text)
        .map_err(|_| {
            let fault = Diagnostic::new(config::NOT_A_NAME, format!("{what}: `{}` cannot be a name", text.escape_debug()));
            let lower: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let near = text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.')) && Identifier::new(&lower).is_ok();
            let hint = if near { format!("`{lower}` would do.") } else { String::new() };
            let expected = "a small letter, then small letters, digits and underscores, at most 63 in all";
            reader.fault(at, fault.expected(expected).hint(hint));
        })
        .ok()
}

/// `Did you mean …?`, or nothing.
#[must_use]
pub fn did_you_mean(word: Option<&str>) -> String {
    word.map(|word| format!("Did you mean `{word}`?")).unwrap_or_default()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
