//! Of which lines a table is made at a time.

use std::collections::BTreeSet;

use super::CostSource;
pub use crate::pipeline::Grain;
use crate::{
    domain::{Calendar, Period},
    engine::Parameters,
};

/// The lines of which something is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Partition(Box<CostSource>),
    Period(Period),
    /// One council's partitions of a period: what is made for the period and looked up in for one of them.
    Council(String, Period),
    Year(i16),
    Whole,
    /// These partitions, of any periods.
    These(Vec<CostSource>),
}

impl Scope {
    /// What a step of a grain is made for, one after the other: every partition, period or year that has lines.
    #[must_use]
    pub fn all(grain: Grain, sources: &[CostSource]) -> Vec<Self> {
        Self::over(grain, sources.iter())
    }

    /// Those of a grain that tell of a scope. Of years that it does not touch nothing is made on the way.
    #[must_use]
    pub fn meeting(grain: Grain, sources: &[CostSource], scope: &Self) -> Vec<Self> {
        let year = match scope {
            Self::Partition(one) => Some(one.file.period.year),
            Self::Period(period) | Self::Council(_, period) => Some(period.year),
            Self::Year(year) => Some(*year),
            Self::Whole | Self::These(_) => None,
        };
        let near = sources.iter().filter(|source| year.is_none_or(|year| source.file.period.year == year));
        Self::over(grain, near).into_iter().filter(|unit| unit.meets(scope)).collect()
    }

    fn over<'s>(grain: Grain, sources: impl Iterator<Item = &'s CostSource>) -> Vec<Self> {
        match grain {
            Grain::Partition => sources.map(|source| Self::Partition(Box::new(source.clone()))).collect(),
            Grain::Period => sources.map(|source| source.file.period).collect::<BTreeSet<_>>().into_iter().map(Self::Period).collect(),
            Grain::Year => sources.map(|source| source.file.period.year).collect::<BTreeSet<_>>().into_iter().map(Self::Year).collect(),
            Grain::Whole => vec![Self::Whole],
        }
    }

    /// Under which a manifest lists the part: `newham/general_ledger/2018/P01`, `2018/P01`, `2018`, or nothing.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Partition(source) => source.key(),
            Self::Period(period) => period.to_string(),
            Self::Council(council, period) => format!("{council} {period}"),
            Self::Year(year) => year.to_string(),
            Self::Whole | Self::These(_) => String::new(),
        }
    }

    /// What a query may ask of it.
    #[must_use]
    pub fn parameters(&self, calendar: Calendar) -> Parameters {
        let none = Parameters::none();
        match self {
            Self::Period(period) | Self::Council(_, period) => Parameters {
                fiscal_year: Some(period.year),
                period: i8::try_from(period.period).ok(),
                first_day: Some(calendar.days_of(*period).0),
                as_at: Some(calendar.days_of(*period).1),
                ..none
            },
            Self::Year(year) => Parameters { fiscal_year: Some(*year), ..none },
            Self::Partition(_) | Self::Whole | Self::These(_) => none,
        }
    }

    /// Whether a partition is in it.
    #[must_use]
    pub fn holds(&self, source: &CostSource) -> bool {
        match self {
            Self::Partition(one) => **one == *source,
            Self::Period(period) => source.file.period == *period,
            Self::Council(council, period) => source.file.council == *council && Self::Period(*period).holds(source),
            Self::Year(year) => source.file.period.year == *year,
            Self::Whole => true,
            Self::These(all) => all.contains(source),
        }
    }

    /// Whether what is made of one tells of the other: a year of its periods, a period of its partitions.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole, _) | (_, Self::Whole) => true,
            (Self::Partition(source), other) | (other, Self::Partition(source)) => other.holds(source),
            (Self::These(all), other) | (other, Self::These(all)) => all.iter().any(|source| other.holds(source)),
            (Self::Council(one, of), Self::Council(other, period)) => one == other && of == period,
            (Self::Period(one) | Self::Council(_, one), Self::Period(other)) | (Self::Period(one), Self::Council(_, other)) => one == other,
            (Self::Period(period) | Self::Council(_, period), Self::Year(year))
            | (Self::Year(year), Self::Period(period) | Self::Council(_, period)) => period.year == *year,
            (Self::Year(one), Self::Year(other)) => one == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lake::LakeFile, pipeline::Basis};

    fn source(council: &str, year: i16, period: u8) -> CostSource {
        let period = Period { year, period };
        let (council, feed) = (council.to_owned(), "ledger".to_owned());
        let file = LakeFile { council, feed, period, name: "a".into(), relative: "a".into(), path: "a".into(), rows: 1, bytes: 1 };
        CostSource { basis: Basis::Ledger, file, delivery: "d".into(), carried: None }
    }

    #[test]
    fn each_grain_has_its_units_once_and_in_order() {
        let sources = [source("a", 2022, 12), source("a", 2023, 1), source("b", 2023, 1)];
        let keys = |grain| Scope::all(grain, &sources).iter().map(Scope::key).collect::<Vec<_>>();
        assert_eq!(keys(Grain::Partition), ["a/ledger/2022/P12", "a/ledger/2023/P01", "b/ledger/2023/P01"]);
        assert_eq!(keys(Grain::Period), ["2022/P12", "2023/P01"]);
        assert_eq!(keys(Grain::Year), ["2022", "2023"]);
        assert_eq!(keys(Grain::Whole), [""]);
        assert_eq!(Scope::all(Grain::Whole, &[]).len(), 1);
        assert_eq!(Scope::all(Grain::Period, &[]), []);
    }

    #[test]
    fn what_meets_what_is_the_same_from_both_sides() {
        let sources = [source("a", 2022, 12), source("a", 2023, 1), source("b", 2023, 1), source("b", 2023, 2)];
        let mut all: Vec<Scope> = [Grain::Partition, Grain::Period, Grain::Year, Grain::Whole].map(|g| Scope::all(g, &sources)).concat();
        all.push(Scope::These(sources[1..3].to_vec()));
        all.extend([
            Scope::Council("a".into(), Period { year: 2023, period: 1 }),
            Scope::Council("b".into(), Period { year: 2023, period: 2 }),
        ]);
        for one in &all {
            for other in &all {
                let common = sources.iter().any(|source| one.holds(source) && other.holds(source));
                assert_eq!(one.meets(other), common, "{one:?} {other:?}");
                assert_eq!(one.meets(other), other.meets(one));
            }
            for grain in [Grain::Partition, Grain::Period, Grain::Year, Grain::Whole] {
                let meeting: Vec<Scope> = Scope::all(grain, &sources).into_iter().filter(|unit| unit.meets(one)).collect();
                assert_eq!(Scope::meeting(grain, &sources, one), meeting, "{one:?}");
            }
        }
    }
}
