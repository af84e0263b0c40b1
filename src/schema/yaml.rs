//! YAML as a tree that knows where everything stands.
//!
//! Only the plain part of YAML is read: mappings, lists and scalars. Aliases, anchors, merge keys, tags
//! and second documents are refused, because what they say depends on another place than where it stands.
//! A scalar stays the text that was written: `no`, `0755` and `1e3` mean nothing until a reader asks.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::diagnostic::{Diagnostic, Place, codes::config};

use super::secret;

/// A longer line would fill the screen and show nothing.
const LONGEST_EXCERPT: usize = 240;

/// A file's text under the name by which messages call it.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// Path relative to the partnership.
    pub file: String,
    pub text: String,
    /// Where each line begins, in bytes.
    starts: Vec<usize>,
}

/// 1-based line and column, and how many characters are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    pub line: u64,
    pub column: u64,
    pub width: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub at: At,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Scalar {
        text: String,
        /// Written with quotes or as a block: never null.
        quoted: bool,
    },
    List(Vec<Node>),
    /// In the order in which it is written; without doubles.
    Map(Vec<Entry>),
    /// Already reported (an alias, a tag): no reader complains again.
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub at: At,
    pub value: Node,
}

impl Node {
    /// Nothing stands here: an empty plain scalar, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, quoted: false } if matches!(text.as_str(), "" | "~" | "null"))
    }
}

impl SourceText {
    #[must_use]
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        let text: String = text.into();
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file: file.into(), text, starts }
    }

    /// The text of a line, counted from 1, without its end.
    fn line(&self, line: u64) -> Option<&str> {
        let start = *self.starts.get(usize::try_from(line).ok()?.checked_sub(1)?)?;
        self.text.get(start..)?.lines().next()
    }

    /// The place with its line's text; without it where the line may hold a secret.
    #[must_use]
    pub fn place(&self, at: At) -> Place {
        let shown = |line: &&str| line.len() <= LONGEST_EXCERPT && !secret::may_hold_secret(line);
        let excerpt = self.line(at.line).filter(shown).map(|line| line.trim_end().to_owned());
        let mut place = Place::at(self.file.clone(), at.line, at.column);
        place.width = at.width;
        place.excerpt = excerpt;
        place
    }
}

/// Reads the one document of a file: its tree as far as it can be known, and every fault of the syntax.
///
/// An empty file is an empty mapping, so that its missing keys are what is reported; of a file that is
/// no YAML nothing more is said than that.
#[must_use]
pub fn parse(source: &SourceText) -> (Node, Vec<Diagnostic>) {
    let mut tree = Tree { source, open: Vec::new(), root: None, documents: 0, faults: Vec::new() };
    for next in Parser::new_from_str(&source.text) {
        match next {
            Ok((event, span)) => tree.event(event, &span),
            Err(error) => {
                let marker = error.marker();
                let at = At { line: marker.line() as u64, column: marker.col() as u64 + 1, width: 1 };
                tree.fault(
                    at,
                    Diagnostic::new(config::YAML_SYNTAX, format!("this is not YAML: {}", error.info()))
                        .expected("YAML 1.2, indented with spaces")
                        .hint("Look at this line and the one above it: a missing quote, colon or bracket is the usual cause."),
                );
                break;
            }
        }
    }
    let start = At { line: 1, column: 1, width: 1 };
    let broken = tree.faults.iter().any(|fault| fault.code == config::YAML_SYNTAX);
    let value = if broken { Value::Refused } else { Value::Map(Vec::new()) };
    let root = tree.root.filter(|_| !broken).unwrap_or(Node { at: start, value });
    (root, tree.faults)
}

/// A collection that has been opened and not yet closed.
enum Open {
    List(At, Vec<Node>),
    Map(At, Vec<Entry>, Key, BTreeMap<String, At>),
}

/// What a mapping waits for.
enum Key {
    /// Its next key.
    Awaited,
    /// The value of this key.
    Read(String, At),
    /// The value of a key that was refused: to be dropped.
    Refused,
}

struct Tree<'s> {
    source: &'s SourceText,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    faults: Vec<Diagnostic>,
}

impl Tree<'_> {
    fn event(&mut self, event: Event<'_>, span: &Span) {
        let at = at(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.refuse(at, "a second document (`---`)");
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let refused = self.refuse_extras(at, anchor, tag.is_some());
                let scalar = Value::Scalar { text: text.into_owned(), quoted: style != ScalarStyle::Plain };
                self.complete(Node { at, value: if refused { Value::Refused } else { scalar } });
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_extras(at, anchor, tag.is_some());
                self.open.push(Open::List(at, Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_extras(at, anchor, tag.is_some());
                self.open.push(Open::Map(at, Vec::new(), Key::Awaited, BTreeMap::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(at, items)) => self.complete(Node { at, value: Value::List(items) }),
                Some(Open::Map(at, entries, ..)) => self.complete(Node { at, value: Value::Map(entries) }),
                None => {}
            },
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(at, "an alias (`*name`)");
                self.complete(Node { at, value: Value::Refused });
            }
            _ => {}
        }
    }

    fn complete(&mut self, node: Node) {
        match self.open.last_mut() {
            None => {
                self.root.get_or_insert(node);
            }
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key, _)) => match std::mem::replace(key, Key::Awaited) {
                Key::Refused => {}
                Key::Read(name, at) => entries.push(Entry { key: name, at, value: node }),
                Key::Awaited => self.key(node),
            },
        }
    }

    fn key(&mut self, node: Node) {
        let at = node.at;
        let next = match node.value {
            Value::Scalar { text, quoted: false } if text == "<<" => {
                self.refuse(at, "a merge key (`<<`)");
                Key::Refused
            }
            Value::Scalar { text, .. } => {
                if let Some(first) = self.earlier(&text) {
                    self.fault(
                        at,
                        Diagnostic::new(config::DUPLICATE_KEY, format!("the key `{text}` stands twice in one mapping"))
                            .expected(format!("`{text}` once; it stands first on line {}", first.line))
                            .hint("Remove one of the two."),
                    );
                    Key::Refused
                } else {
                    Key::Read(text, at)
                }
            }
            Value::Refused => Key::Refused,
            Value::List(_) | Value::Map(_) => {
                self.refuse(at, "a key that is itself a list or a mapping");
                Key::Refused
            }
        };
        if let Some(Open::Map(_, _, key, known)) = self.open.last_mut() {
            if let Key::Read(name, at) = &next {
                known.insert(name.clone(), *at);
            }
            *key = next;
        }
    }

    /// Where the key stands already in the mapping that is open.
    fn earlier(&self, key: &str) -> Option<At> {
        match self.open.last() {
            Some(Open::Map(.., known)) => known.get(key).copied(),
            _ => None,
        }
    }

    fn refuse_extras(&mut self, at: At, anchor: usize, tag: bool) -> bool {
        if anchor != 0 {
            self.refuse(at, "an anchor (`&name`)");
        }
        if tag {
            self.refuse(at, "a tag (`!name`)");
        }
        anchor != 0 || tag
    }

    fn refuse(&mut self, at: At, what: &str) {
        self.fault(
            at,
            Diagnostic::new(config::YAML_FEATURE, format!("{what} is not read here"))
                .expected("plain mappings, lists and values, each written where it is meant")
                .hint("Write the value out in full."),
        );
    }

    fn fault(&mut self, at: At, fault: Diagnostic) {
        self.faults.push(fault.place(self.source.place(at)).outcome(super::fields::UNTOUCHED));
    }
}

fn at(span: &Span) -> At {
    let one_line = span.start.line() == span.end.line();
    let width = if one_line { span.end.index().saturating_sub(span.start.index()) } else { 1 };
    At { line: span.start.line() as u64, column: span.start.col() as u64 + 1, width: width.max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
            #[test]
            fn no_text_stops_the_reader(text in "[ \\n\\t\\-:{}\\[\\],&*!|>'\"#%a-c<0é\u{feff}]{0,60}") {
                let source = SourceText::new("a.yaml", text);
                let (root, faults) = parse(&source);
    let broken = faults.iter().any(|f| f.code == config::YAML_SYNTAX);
                prop_assert!(!broken || root.value == Value::Refused);
            }
        }

    #[test]
    fn deep_nesting_is_a_fault_and_not_the_end() {
        let (root, faults) = parse(&SourceText::new("a.yaml", "[".repeat(100_000)));
        assert_eq!(root.value, Value::Refused);
        assert_eq!(faults.len(), 1);
    }

    fn read(text: &str) -> (Node, Vec<String>) {
        let (node, faults) = parse(&SourceText::new("a.yaml", text));
        let lines = faults.iter().map(|f| format!("{}:{}", f.place.as_ref().and_then(|p| p.line).unwrap_or(0), f.seen));
        let lines = lines.collect();
        (node, lines)
    }

    #[test]
    fn scalars_stay_text_and_know_their_place() {
        let (root, faults) = read("a: no\nb: {c: 0755, d: 'x'}\n");
        assert!(faults.is_empty(), "{faults:?}");
        let Value::Map(entries) = root.value else { panic!("a mapping") };
        assert_eq!(entries[0].value.value, Value::Scalar { text: "no".into(), quoted: false });
        let Value::Map(inner) = &entries[1].value.value else { panic!("a mapping") };
        assert_eq!(inner[0].value.at, At { line: 2, column: 8, width: 4 });
        assert_eq!(inner[1].value.value, Value::Scalar { text: "x".into(), quoted: true });
    }

    #[test]
    fn only_plain_yaml_is_read_and_all_faults_are_told() {
        let (_, faults) = read("a: &x 1\nb: *x\nc: {<<: {d: 1}}\nd: !!int 3\na: 2\n? [k]\n: 1\n");
        assert_eq!(
            faults,
            [
                "1:an anchor (`&name`) is not read here",
                "2:an alias (`*name`) is not read here",
                "3:a merge key (`<<`) is not read here",
                "4:a tag (`!name`) is not read here",
                "5:the key `a` stands twice in one mapping",
                "6:a key that is itself a list or a mapping is not read here",
            ]
        );
    }

    #[test]
    fn nothing_is_an_empty_mapping_and_a_second_document_is_refused() {
        assert_eq!(read("").0.value, Value::Map(Vec::new()));
        assert_eq!(read("# only a comment\n").0.value, Value::Map(Vec::new()));
        assert_eq!(read("a: 1\n---\nb: 1\n").1, ["2:a second document (`---`) is not read here"]);
    }

    #[test]
    fn a_syntax_fault_has_a_place() {
        let (_, faults) = read("a: [1, 2\nb: 3\n");
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn null_is_only_a_plain_nothing() {
        let (root, _) = read("a:\nb: ~\nc: null\nd: ''\n");
        let Value::Map(entries) = root.value else { panic!("a mapping") };
        assert_eq!(entries.iter().map(|e| e.value.is_null()).collect::<Vec<_>>(), [true, true, true, false]);
    }
}
