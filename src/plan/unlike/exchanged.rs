//! Amounts under each other's heading: what was by far the smaller of two columns is by far the larger now.

use super::{LARGER_APART, SIZED, is_larger, together};
use crate::{
    decode::AmountsSeen,
    domain::counted,
    lake::{DeliveryRecord, Measure},
};

/// Whether the amounts of `column`, which count, have changed places with those of another column of the extract, which do not.
/// `stands`: up to a year of deliveries before it that stand, the last first; `counting`: the columns that make the amount.
pub(super) fn exchanged<'k>(column: &str, counting: &[&str], stands: &[&'k DeliveryRecord], new: &DeliveryRecord) -> Option<String> {
    let now = sized(new.proof.columns.get(column)?)?.seen;
    let others = new.proof.columns.iter().filter(|(other, _)| !counting.contains(&other.as_str()));
    others.filter_map(|(other, measure)| Some((other, sized(measure)?.seen))).find_map(|(other, other_now)| {
        let both = |r: &&'k DeliveryRecord| Some((sized(r.proof.columns.get(column)?)?, sized(r.proof.columns.get(other)?)?));
        let (before, others_before): (Vec<&Measure>, Vec<&Measure>) = stands.iter().filter_map(both).unzip();
        let (last, other_last) = (before.first()?.seen, others_before.first()?.seen);
        let (then, other_then) = (together(&before), together(&others_before));
        let is_less = |one: &AmountsSeen, two: &AmountsSeen| is_larger(two, one, LARGER_APART);
        let grew = is_less(&then, &other_then) && is_less(&other_now, &now);
        let shrank = is_less(&other_then, &then) && is_less(&now, &other_now);
        // Where the last one was so already, it is the custom.
        let is_custom = if grew { is_less(&other_last, &last) } else { is_less(&last, &other_last) };
        ((grew || shrank) && !is_custom).then(|| {
            let (is, was) = if grew { ("larger", "smaller") } else { ("smaller", "larger") };
            format!(
                "{} of `{column}` are on the whole over 4 times {is} than those of `{other}`, and were {was} before: have the two columns \
                 changed places?",
                counted(now.amounts(), "amount"),
            )
        })
    })
}

/// One of enough amounts to tell something.
fn sized(measure: &Measure) -> Option<&Measure> {
    Some(measure).filter(|measure| measure.seen.amounts() >= SIZED)
}
