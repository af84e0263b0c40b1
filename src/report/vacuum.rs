//! What a clean-up removed or would remove, and the oldest that is kept.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    page::{Align, Page, Table},
    periods::beside_text,
};
use crate::{
    diagnostic::list,
    domain::{counted, grouped},
    lake::Kept,
    run::Vacuumed,
};

/// Counts and bytes by kind; in the JSON every thing by its name, with why.
#[must_use]
pub fn vacuumed(done: &Vacuumed) -> Page {
    let mut sums: BTreeMap<Kept, [u64; 4]> = Kept::ALL.into_iter().map(|kind| (kind, [0; 4])).collect();
    for gone in &done.clearing.gone {
        let sum = sums.entry(gone.kind).or_default();
        *sum = [sum[0] + 1, sum[1] + gone.bytes, sum[2], sum[3]];
    }
    for kept in &done.clearing.kept {
        let sum = sums.entry(kept.kind).or_default();
        *sum = [sum[0], sum[1], sum[2] + 1, sum[3] + kept.bytes];
    }
    let (goes, of) = if done.dry { ("would go", "would be removed") } else { ("removed", "removed") };
    let mut table =
        Table::new(&[("", Align::Left), (goes, Align::Right), ("bytes", Align::Right), ("kept", Align::Right), ("bytes", Align::Right)]);
    for (kind, sum) in &sums {
        // Of a release the bytes are those of its parts.
        let bytes = |bytes: u64| if *kind == Kept::Release { "-".to_owned() } else { grouped(u128::from(bytes)) };
        let [gone, gone_bytes, kept, kept_bytes] = *sum;
        table.row([kind.noun().to_owned(), grouped(u128::from(gone)), bytes(gone_bytes), grouped(u128::from(kept)), bytes(kept_bytes)]);
    }
    let oldest = done.releases.first();
    let kept = oldest
        .map_or_else(|| "no release is there\n".to_owned(), |(name, at)| format!("the oldest release that is kept: {name} of {at}\n"));
    let total: u64 = done.clearing.gone.iter().map(|gone| gone.bytes).sum();
    let head = match done.clearing.gone.len() {
        0 => format!(
            "nothing {}: everything is younger than its retention, or something names it\n",
            if done.dry { "would go" } else { "to remove" }
        ),
        things => format!("{} {of}, {}\n", counted(things as u64, "thing"), counted(total, "byte")),
    };
    let of_kind = |kind: &Kept, [gone, gone_bytes, kept, kept_bytes]: &[u64; 4]| json!({"kind": kind.noun(), "gone": gone, "gone_bytes": gone_bytes, "kept": kept, "kept_bytes": kept_bytes});
    let kinds: Vec<Value> = sums.iter().map(|(kind, sum)| of_kind(kind, sum)).collect();
    let oldest = oldest.map(|(name, at)| json!({"release": name, "published_at": at}));
    let json = json!({"dry_run": done.dry, "kinds": kinds, "oldest_release": oldest, "gone": done.clearing.gone,
        "doubt": list(done.doubt.as_slice())});
    Page::new("vacuum", format!("{head}{}\n{}\n{kept}", beside_text(done.doubt.as_ref()), table.text()), json)
}
