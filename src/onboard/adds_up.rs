//! Amounts that add up to another one on every row of every sample: the contract promises it of later months too.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    draft::{Draft, DraftColumn},
    evidence::Evidence,
    layout::FileWord,
};
use crate::profile::Identity;

/// Rows on which they must agree over all samples, before anything is promised.
const LEAST: u64 = 5;

/// Names of the parts, and of the whole.
type Sum = (BTreeSet<String>, String);

/// `adds_up`, where columns of the contract add up on every row.
pub fn adds_up(evidence: &Evidence, draft: &Draft) -> Option<FileWord> {
    let mut sums: BTreeMap<Sum, (usize, u64)> = BTreeMap::new();
    for (number, sample) in evidence.samples.iter().enumerate() {
        let all = sample.profile.identities.iter().chain(&sample.profile.wholes);
        let of_sample: BTreeMap<Sum, u64> = all
            .filter(|identity| identity.agree.rows == identity.agree.of)
            .filter_map(|identity| Some((named(evidence, draft, number, identity)?, identity.agree.of)))
            .collect();
        for (sum, rows) in of_sample {
            let known = sums.entry(sum).or_default();
            *known = (known.0 + 1, known.1 + rows);
        }
    }
    sums.retain(|_, (samples, rows)| *samples == evidence.samples.len() && *rows >= LEAST);
    // With a column that is always nought the same is true once more.
    let smaller = |(parts, whole): &Sum| sums.keys().any(|(other, of)| of == whole && other != parts && other.is_subset(parts));
    let said: Vec<(String, u64)> =
        sums.iter().filter(|(sum, _)| !smaller(sum)).map(|(sum, (_, rows))| (in_words(draft, sum), *rows)).collect();
    let rows = said.iter().map(|(_, rows)| *rows).min()?;
    let words: Vec<String> = said.into_iter().map(|(words, _)| format!("\"{words}\"")).collect();
    Some(("adds_up", format!("[{}]", words.join(", ")), format!("on all {rows} rows of the samples")))
}

/// The columns of the contract that it is about, in the file that it was seen in.
fn named(evidence: &Evidence, draft: &Draft, number: usize, identity: &Identity) -> Option<Sum> {
    let name = |at: &usize| draft.column_at(evidence, number, *at).filter(|column| is_open(column)).map(|column| column.name.clone());
    let parts = identity.parts.iter().map(name).collect::<Option<BTreeSet<String>>>()?;
    Some((parts, name(&identity.whole)?))
}

/// Whether it may be read as an amount, in pounds as it is printed: of columns in pence only the one that counts says so.
fn is_open(column: &DraftColumn) -> bool {
    column.words.iter().all(|(key, said)| *key != "personal" && !said.contains("implied"))
        && matches!(column.physical_type, "VARCHAR" | "DECIMAL(18,2)")
}

/// Its columns in the order in which they stand.
fn in_words(draft: &Draft, (parts, whole): &Sum) -> String {
    let parts: Vec<&str> = draft.columns.iter().map(|column| column.name.as_str()).filter(|name| parts.contains(*name)).collect();
    format!("{} = {whole}", parts.join(" + "))
}
