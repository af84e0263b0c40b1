//! What the amounts of earlier deliveries had and those of another have not: credits, CR or DR, pence; and what a side never had.

use super::{SIZED, is_by_chance_after, together};
use crate::{domain::counted, lake::Measure};

/// Not one amount is on the side of nought on which some were in each delivery before.
pub(super) fn signs(column: &str, before: &[&Measure], now: &Measure) -> Option<String> {
    let (then, now) = (together(before), now.seen);
    let (of, is, was) = if then.below <= then.above { (then.above, "above", then.below) } else { (then.below, "below", then.above) };
    let in_each = |measure: &&Measure| measure.seen.above > 0 && measure.seen.below > 0;
    let is_lost = if is == "above" { now.below == 0 } else { now.above == 0 };
    let is_told =
        is_lost && !before.is_empty() && before.iter().all(in_each) && !is_by_chance_after(before.len(), of, then.amounts(), now.amounts());
    is_told.then(|| {
        format!(
            "each of its {} of {column} is {is} nought, and {was} of {} were not before: do credits lack their sign?",
            counted(now.amounts(), "amount"),
            then.amounts()
        )
    })
}

/// Not one amount bears the CR or DR that amounts bore before.
pub(super) fn marks(column: &str, before: &[&Measure], now: &Measure) -> Option<String> {
    let (then, now) = (together(before), now.seen);
    let is_told = then.marked > 0
        && now.marked == 0
        && !is_by_chance_after(before.len(), then.texts.saturating_sub(then.marked), then.texts, now.texts);
    is_told.then(|| {
        format!(
            "not one of its {} of `{column}` bears CR or DR, and {} of {} did before: where does their sign stand now?",
            counted(now.texts, "amount"),
            then.marked,
            then.texts
        )
    })
}

/// Not one amount has pence, and most had before: budgets, or rounded figures.
pub(super) fn pence(column: &str, before: &[&Measure], now: &Measure) -> Option<String> {
    let (then, now) = (together(before), now.seen);
    let is_told = then.pence * 2 > then.amounts()
        && now.pence == 0
        && now.amounts() >= SIZED
        && !is_by_chance_after(before.len(), then.amounts() - then.pence, then.amounts(), now.amounts());
    is_told.then(|| {
        format!(
            "each of its {} of `{column}` is whole pounds, and {} of {} were not before: are they budgets, or rounded?",
            counted(now.amounts(), "amount"),
            then.pence,
            then.amounts()
        )
    })
}

/// Some amounts of a side are below nought, as none was before: taken off, they would count on the other side.
pub(super) fn below_on_a_side(column: &str, before: &[&Measure], now: &Measure) -> Option<String> {
    let (then, now) = (together(before), now.seen);
    let is_told = then.below == 0 && then.above >= SIZED && now.below > 0;
    is_told.then(|| {
        format!(
            "{} of {} of `{column}` are below nought, and none of {} was before: are they on the other side?",
            now.below,
            counted(now.amounts(), "amount"),
            then.amounts()
        )
    })
}
