//! How the rows of samples lie beside the periods that a pattern finds in their names.

use std::collections::BTreeSet;

use super::{names::Named, tokens::has_month};
use crate::{
    domain::{Calendar, Coverage, Period},
    pipeline::{CoverCalendar, Covers, Extent, FilePattern},
};

/// How the rows of samples lie beside the periods that their names say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agrees {
    /// But for a few they lie in these periods.
    Fully,
    /// Most do; a fair part lies in periods after, or in the year before, or a period has few.
    Mostly,
    /// Most do; a fair part lies in periods of the same year before: posted late, or the year so far.
    Earlier,
}

/// What every sample covers by this pattern and extent, and how far their rows agree; `None` where one of them does not match, or covers
/// something else.
pub(super) fn fits(
    pattern: &str,
    of: CoverCalendar,
    extent: Extent,
    samples: &[Named],
    calendar: Calendar,
) -> Option<(Vec<Vec<Period>>, Agrees)> {
    fits_as(pattern, &Covers { calendar: of, extent, in_name: Vec::new(), from: None, before: 0 }, samples, calendar)
}

pub(super) fn fits_as(pattern: &str, covers: &Covers, samples: &[Named], calendar: Calendar) -> Option<(Vec<Vec<Period>>, Agrees)> {
    let read = FilePattern::parse(pattern).ok()?;
    if covers.lacking(&read).is_some() {
        return None;
    }
    // Four digits are a month and a year only where rows say which two are which.
    let by_rows = pattern.contains("{yy}{month}") || pattern.contains("{month}{yy}");
    let one = |sample: &Named| -> Option<(Vec<Period>, Agrees)> {
        let covered: Coverage = covers.resolve(&read.matches(&sample.name)?, calendar)?;
        let periods: BTreeSet<Period> = covered.periods().iter().copied().collect();
        let spelt = has_month(&sample.name);
        if sample.periods.is_empty() {
            return (!by_rows || spelt).then(|| (periods.into_iter().collect(), Agrees::Fully));
        }
        let rows = agrees(sample, &periods, covers.extent)?;
        Some((periods.into_iter().collect(), rows))
    };
    if covers.extent == Extent::ToDate && !brings_again(samples) {
        return None;
    }
    let (found, rows): (Vec<Vec<Period>>, Vec<Agrees>) = samples.iter().map(one).collect::<Option<Vec<_>>>()?.into_iter().unzip();
    // That every file of several periods lacks one speaks against its covering it.
    let whole = matches!(covers.extent, Extent::One) || rows.contains(&Agrees::Fully);
    let worst = [Agrees::Earlier, Agrees::Mostly].into_iter().find(|of| rows.contains(of)).unwrap_or(Agrees::Fully);
    whole.then_some((found, worst))
}

/// How far the rows of a sample lie in the periods that its name says.
fn agrees(sample: &Named, covered: &BTreeSet<Period>, extent: Extent) -> Option<Agrees> {
    if sample.periods == *covered {
        return Some(Agrees::Fully);
    }
    match (extent, covered.first().filter(|_| covered.len() == 1)) {
        (Extent::One, Some(one)) if most(sample) == Some(*one) => {
            let is_earlier = |period: &Period| period.year == one.year && period < one;
            Some(if sample.periods.iter().any(is_earlier) { Agrees::Earlier } else { Agrees::Mostly })
        }
        (Extent::One | Extent::Quarter | Extent::Half | Extent::Year, None) => {
            (sample.periods.is_subset(covered) && sample.periods.len() * 2 >= covered.len()).then_some(Agrees::Mostly)
        }
        _ => None,
    }
}

/// The period that holds more than half of its rows.
fn most(sample: &Named) -> Option<Period> {
    let all: u64 = sample.rows.values().sum();
    sample.rows.iter().find(|(_, rows)| **rows * 2 > all).map(|(period, _)| *period)
}

/// Whether files that reach further hold what those before them held: of each period at least half as many rows as its own file, or, where
/// there is no such file, as its last period. Rows that were only paid late are few beside those.
fn brings_again(samples: &[Named]) -> bool {
    let last = |sample: &Named| sample.periods.last().copied();
    samples.iter().all(|sample| {
        let of_itself = last(sample).and_then(|last| sample.rows.get(&last)).copied().unwrap_or(0);
        sample.periods.iter().filter(|period| Some(**period) != last(sample)).all(|period| {
            let of_its_file = samples.iter().filter(|other| last(other) == Some(*period)).filter_map(|other| other.rows.get(period)).max();
            sample.rows.get(period).is_none_or(|rows| *rows * 2 >= *of_its_file.unwrap_or(&of_itself))
        })
    })
}
