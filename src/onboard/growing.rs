//! Balances to date under a heading that does not say so: the same codes from month to month, and amounts that only grow.

use std::collections::BTreeMap;

use super::evidence::{Evidence, Seen};
use crate::{
    domain::{Calendar, Period},
    profile::{Column, Kept, Kind},
};

/// Rows of the same codes from which on it is no accident.
const LEAST: usize = 8;

/// That the amount is the year to date by its figures: of two months that follow each other nearly all rows have the same codes, and
/// amounts that are as large, or larger on the same side of nought.
#[must_use]
pub fn is_growing(evidence: &Evidence, amount: &str, date: Option<&Seen>, calendar: Calendar) -> Option<String> {
    let seen = evidence.named(amount)?;
    let named = evidence.named_files(date, calendar);
    let mut order: Vec<(Period, usize)> =
        named.iter().enumerate().filter_map(|(number, named)| Some((*named.periods.last()?, number))).collect();
    order.sort_unstable();
    let (mut grown, mut together) = (0, 0);
    for pair in order.windows(2) {
        let [(first, earlier), (second, later)] = pair else { continue };
        if first.year != second.year || first == second {
            continue;
        }
        let (before, after) = (amounts(evidence, seen, *earlier)?, amounts(evidence, seen, *later)?);
        let both: Vec<(i128, i128)> =
            before.iter().filter_map(|(codes, amount)| Some((*amount, *after.get(codes)?))).filter(|(amount, _)| *amount != 0).collect();
        let more = both.iter().filter(|(one, two)| one.signum() == two.signum() && two.abs() > one.abs()).count();
        let as_much = both.iter().filter(|(one, two)| one == two).count();
        // New codes come, few go; most grow, and what does not stands.
        if both.len() < LEAST || both.len() * 5 < before.len() * 4 || (more + as_much) * 20 < both.len() * 19 || more * 2 < both.len() {
            return None;
        }
        (grown, together) = (grown + more, together + both.len());
    }
    (together > 0).then(|| {
        format!(
            "{grown} of {together} rows of `{amount}` are larger than the row of the same codes a month before, and hardly one is smaller: is \
             it the year to date? With `extent: one` each month would count again what the months before it counted, with `extent: to_date` \
             each file takes the place of those before it, and its rows need a day"
        )
    })
}

/// The amounts of a sample by the codes of their rows; `None` where these are not each row's own.
fn amounts(evidence: &Evidence, amount: &Seen, number: usize) -> Option<BTreeMap<Vec<u64>, i128>> {
    let profile = &evidence.samples.get(number)?.profile;
    let is_code = |column: &&Column| matches!(column.kind, Kind::Code | Kind::Text | Kind::Flag) && column.constant.is_none();
    let columns = evidence.columns.iter().filter_map(|seen| evidence.column(seen, number));
    let codes: Vec<usize> = columns.filter(is_code).map(|column| column.at).collect();
    let amount = amount.place(number)?;
    let mut all = BTreeMap::new();
    for Kept { cells, amounts } in &profile.head {
        let key: Vec<u64> = codes.iter().filter_map(|at| cells.get(*at).copied()).collect();
        let Some(Some(amount)) = amounts.get(amount) else { continue };
        if all.insert(key, *amount).is_some() {
            return None;
        }
    }
    (!codes.is_empty()).then_some(all)
}
