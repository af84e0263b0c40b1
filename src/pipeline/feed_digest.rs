//! What a feed judges its deliveries by, as a digest: the same digest, the same rows. When the feed runs and is due, and what becomes of a
//! period that it does not bring, say nothing of what a row means, and are left out.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{Feed, Listed};
use crate::{
    domain::Digest,
    schema::yaml::{Node, SourceText, Value},
};

/// Keys of a feed's file that say when it runs, when it is due, what is expected of it and how its bytes are kept: an edit of these judges
/// nothing again.
pub const TIMING: [&str; 11] =
    ["schedule", "catch_up", "jitter", "at_most", "retry", "due", "missing", "required", "closing", "taken", "landing"];

/// The digests of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedDigests {
    /// Over what its file says without [`TIMING`], its SQL, its listed totals, and what its common table means. Comments, blanks and the
    /// order of keys are nothing to it.
    pub now: Digest,
    /// As the version before would have taken it: over the file's text as it stands, and without the lines of [`TIMING`], as it stood
    /// before somebody wrote them.
    pub before: Vec<Digest>,
}

/// What is digested beside the feed's file.
#[derive(Clone, Debug)]
pub struct Beside<'a> {
    pub sql: &'a str,
    /// SQL of contracts that have their own, by the path of the contract.
    pub own_sql: Vec<&'a str>,
    pub listed: &'a BTreeMap<String, Listed>,
    /// What the common table means, where that is not what it meant before contracts could say so.
    pub declares: Option<String>,
}

/// The digests of a feed's file, of which `root` is the tree.
#[must_use]
pub fn digests(file: &SourceText, root: &Node, beside: &Beside<'_>) -> FeedDigests {
    let mut said = String::new();
    write(root, true, &mut said);
    let without = without_timing(&file.text, root);
    let mut before = vec![digest(&file.text, beside)];
    before.extend((without != file.text).then(|| digest(&without, beside)));
    FeedDigests { now: digest(&said, beside), before }
}

/// Over the texts, each with its length, so that no two run together.
fn digest(yaml: &str, beside: &Beside<'_>) -> Digest {
    let mut hash = Sha256::new();
    for text in [yaml, beside.sql].into_iter().chain(beside.own_sql.iter().copied()) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    if !beside.listed.is_empty() {
        hash.update(format!("{:?}", beside.listed).as_bytes());
    }
    if let Some(text) = &beside.declares {
        hash.update(text.as_bytes());
    }
    Digest(hash.finalize().into())
}

/// What a value says, one way for each meaning; of the file itself without the keys of [`TIMING`].
fn write(node: &Node, is_file: bool, said: &mut String) {
    match &node.value {
        Value::Scalar { .. } if node.is_null() => said.push('~'),
        Value::Scalar { text, .. } => said.push_str(&format!("{text:?}")),
        Value::List(items) => {
            said.push('[');
            for item in items {
                write(item, false, said);
                said.push(',');
            }
            said.push(']');
        }
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().filter(|entry| !(is_file && TIMING.contains(&entry.key.as_str()))).collect();
            entries.sort_by_key(|entry| &entry.key);
            said.push('{');
            for entry in entries {
                said.push_str(&format!("{:?}:", entry.key));
                write(&entry.value, false, said);
                said.push(',');
            }
            said.push('}');
        }
        Value::Refused => {}
    }
}

/// The file's text without the lines of [`TIMING`]: from each such key to the key after it.
fn without_timing(text: &str, root: &Node) -> String {
    let Value::Map(entries) = &root.value else { return text.to_owned() };
    // Entries stand in the order of the file.
    let of = |line: u64| entries.partition_point(|entry| entry.at.line <= line).checked_sub(1).and_then(|at| entries.get(at));
    let is_left_out = |line: u64| of(line).is_some_and(|entry| TIMING.contains(&&*entry.key));
    text.split_inclusive('\n').zip(1_u64..).filter(|(_, line)| !is_left_out(*line)).map(|(line, _)| line).collect()
}

impl Feed {
    /// Whether it would judge a delivery as what the digest is of has judged it.
    #[must_use]
    pub fn judges_as(&self, sha256: &str) -> bool {
        std::iter::once(&self.digests.now).chain(&self.digests.before).any(|digest| digest.hex() == sha256)
    }

    /// The digest under which a delivery is judged now. The one under which it was judged `earlier` stays while the feed judges as that did:
    /// what a person said of the delivery was said under it.
    #[must_use]
    pub fn judged_by(&self, earlier: Option<&str>) -> String {
        earlier.filter(|sha256| self.judges_as(sha256)).map_or_else(|| self.digests.now.hex(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::yaml::parse;

    fn of(text: &str) -> FeedDigests {
        let source = SourceText::new("pipelines/newham/general_ledger.yaml", text);
        let (root, faults) = parse(&source);
        assert!(faults.is_empty(), "{faults:?}");
        digests(&source, &root, &Beside { sql: "SELECT 1", own_sql: vec![], listed: &BTreeMap::new(), declares: None })
    }

    const BARE: &str = "contract: newham/general_ledger\ninto: ledger_line\ncontrols:\n  - rows: footer\n";

    #[test]
    fn what_says_when_is_no_part_of_what_judges() {
        let bare = of(BARE);
        let mut all = String::new();
        for key in TIMING {
            let text = format!("{BARE}{key}: {{working_day: 5}}\n");
            assert_eq!(of(&text).now, bare.now, "{key}");
            // As the version before judged it, before the key was written.
            assert!(of(&text).before.contains(&bare.before[0]), "{key}");
            all.push_str(&format!("{key}:\n  - x\n"));
        }
        assert_eq!(of(&format!("{all}{BARE}")).now, bare.now);
        assert!(of(&format!("{all}{BARE}")).before.contains(&bare.before[0]));
    }

    #[test]
    fn comments_blanks_and_the_order_of_keys_judge_nothing_again() {
        let now = of(BARE).now;
        for text in [
            "# ours\ninto: ledger_line\n\ncontract:   'newham/general_ledger' # who\ncontrols:\n- rows: footer",
            "{into: ledger_line, contract: newham/general_ledger, controls: [{rows: footer}]}",
        ] {
            assert_eq!(of(text).now, now, "{text}");
        }
    }

    #[test]
    fn whatever_else_is_said_judges_again() {
        let bare = of(BARE);
        for text in [
            "contract: newham/general_ledger\ninto: ledger_line\ncontrols:\n  - rows: sidecar\n",
            "contract: newham/general_ledger\ninto: ledger_line\ncontrols: []\n",
            "contract: newham/general_ledger\ninto: ledger_line\n",
            "contract: newham/general_ledger\ninto: ledger_line\nsign: ''\ncontrols:\n  - rows: footer\n",
            // Only as a key of the file does the word say when.
            "contract: newham/general_ledger\ninto: ledger_line\ncontrols:\n  - rows: footer\n    due: x\n",
            "contract: newham/general_ledger\ninto: ledger_line\ncontrols:\n  - rows: [footer]\n",
        ] {
            let other = of(text);
            assert!(other.now != bare.now && !other.before.contains(&bare.before[0]), "{text}");
        }
        assert_ne!(of("a: ''\n").now, of("a:\n").now);
        assert_ne!(of("a: [b, c]\n").now, of("a: [\"b,c\"]\n").now);
    }
}
