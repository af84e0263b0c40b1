//! Amounts that add up to another one on each row.

use std::collections::BTreeMap;

use super::in_pence;
use crate::{
    decode::{Added, Judge, Tally},
    lake::AddsUpProof,
    schema::AddsUp,
};

/// What the contract promises to add up: where it does not, and what the parts are like.
pub(super) fn proof(judge: &Judge, tally: &Tally) -> BTreeMap<String, AddsUpProof> {
    let sums = judge.contract().layout.iter().flat_map(|layout| &layout.rows.adds_up).zip(&tally.adds_up);
    let proof = |(sum, added): (&AddsUp, &Added)| AddsUpProof {
        telling: added.telling,
        broken: added.broken,
        far: added.far,
        difference: in_pence(added.difference),
        largest: sum.parts.iter().zip(&added.largest).map(|(part, rows)| (part.column.to_string(), *rows)).collect(),
    };
    sums.filter(|(_, added)| added.telling > 0).map(|(sum, added)| (sum.to_string(), proof((sum, added)))).collect()
}
