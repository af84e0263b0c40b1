//! Which months a file covers, where it says so itself: in a line above its headings, or in a record at its beginning.

use super::{draft::quoted_in_list, evidence::Evidence, names::Named};
use crate::{
    domain::Calendar,
    pipeline::{CoverCalendar, Covers, Extent, FilePattern},
    profile::{Format, Profile},
};

/// Spellings of a month in a record, those that say a period before days.
const SHAPES: [(&str, CoverCalendar); 8] = [
    ("{year}{period}", CoverCalendar::Fiscal),
    ("{period}/{year}", CoverCalendar::Fiscal),
    ("{year}{month}", CoverCalendar::Month),
    ("{month}{year}", CoverCalendar::Month),
    ("{month}-{yy}", CoverCalendar::Month),
    ("{month} {year}", CoverCalendar::Month),
    ("{year}-{month}", CoverCalendar::Month),
    ("{date}", CoverCalendar::Month),
];

/// Where a file says itself which month it covers.
#[derive(Clone, Debug)]
pub struct Inside {
    /// `covers:`, as it is written.
    pub covers: String,
    /// The type of the record, and which of its fields behind the type it is, from 1.
    pub record: Option<(String, usize)>,
}

/// As all samples say it; `None` where none of their lines does.
#[must_use]
pub fn inside(evidence: &Evidence, named: &[Named], calendar: Calendar) -> Option<Inside> {
    let profiles: Vec<&Profile> = evidence.samples.iter().map(|sample| &sample.profile).collect();
    let above = above(&profiles, named, calendar).map(|covers| Inside { covers, record: None });
    above.or_else(|| leading(&profiles, named, calendar))
}

/// `Period From : MAY-25`.
fn above(profiles: &[&Profile], named: &[Named], calendar: Calendar) -> Option<String> {
    const SPELLINGS: [&str; 7] =
        ["{month} {year}", "{month}-{year}", "{month}/{year}", "{year}-{month}", "{year}{month}", "{month} {yy}", "{month}-{yy}"];
    let labels = profiles.first()?.above.iter().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned()));
    let says = |label: &str, profile: &Profile, named: &Named| {
        let line = profile.above.iter().find(|line| line.contains(label));
        let text = line.and_then(|line| line.split_once(label)).map(|(_, after)| after.trim_start_matches([':', ' ']).trim().to_owned());
        text.is_some_and(|text| SPELLINGS.iter().any(|shape| tells(shape, CoverCalendar::Month, &text, named, calendar)))
    };
    let is_alone = |label: &String| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || " -_/()".contains(c));
    let mut found = labels.filter(is_alone).filter(|label| profiles.iter().zip(named).all(|(profile, named)| says(label, profile, named)));
    found.next().map(|label| format!("{{calendar: month, extent: one, from: {{header: {}}}}}", quoted_in_list(&label)))
}

/// A field of a record at the beginning.
fn leading(profiles: &[&Profile], named: &[Named], calendar: Calendar) -> Option<Inside> {
    let first = profiles.first()?;
    for (shape, of) in SHAPES {
        for record in &first.leading {
            let tag = record.first()?;
            for at in 1..record.len() {
                let says = |profile: &Profile, named: &Named| {
                    let record = profile.leading.iter().find(|record| record.first() == Some(tag));
                    record.and_then(|record| record.get(at)).is_some_and(|text| tells(shape, of, text.trim(), named, calendar))
                };
                if profiles.iter().zip(named).all(|(profile, named)| says(profile, named)) {
                    let calendar = if of == CoverCalendar::Fiscal { "fiscal" } else { "month" };
                    // A record of fixed width has the fields that the contract names: this one alone.
                    let field = if first.format == Format::Fixed { 2 } else { at + 1 };
                    let from = format!("{{record: {}, field: {field}, format: \"{shape}\"}}", quoted_in_list(tag));
                    let covers = format!("{{calendar: {calendar}, extent: one, from: {from}}}");
                    return Some(Inside { covers, record: Some((tag.clone(), at)) });
                }
            }
        }
    }
    None
}

fn tells(shape: &str, of: CoverCalendar, text: &str, named: &Named, calendar: Calendar) -> bool {
    let covers = Covers { calendar: of, extent: Extent::One, in_name: Vec::new(), from: None, before: 0 };
    let facts = FilePattern::parse(shape).ok().and_then(|pattern| pattern.matches(text));
    let found = facts.and_then(|facts| covers.resolve(&facts, calendar));
    found.is_some_and(|found| found.periods().iter().copied().eq(named.periods.iter().copied()))
}
