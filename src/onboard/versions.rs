//! Several samples of one period: a file and a later version of it, or what no feed reads, a period in several files.

use std::collections::BTreeSet;

use super::names::{Named, Naming, naming};
use crate::{domain::Calendar, pipeline::FilePattern};

/// How samples are named of which some are later versions of others, `Spend 2025-04.csv` and `Spend 2025-04 v2.csv`.
#[must_use]
pub fn naming_of_versions(samples: &[Named], calendar: Calendar) -> Option<Naming> {
    let parted: Vec<Option<Parted<'_>>> = samples.iter().map(|sample| parted(&sample.name)).collect();
    let mark = parted.iter().flatten().next()?.mark;
    let plain = |(sample, parted): (&Named, &Option<Parted<'_>>)| match parted {
        Some(parted) => Named { name: format!("{}{}", parted.before, parted.end), pattern: None, ..sample.clone() },
        None => sample.clone(),
    };
    let plain: Vec<Named> = samples.iter().zip(&parted).map(plain).collect();
    let names: BTreeSet<&str> = plain.iter().map(|sample| sample.name.as_str()).collect();
    if names.len() == plain.len() || !parted.iter().flatten().all(|other| other.mark.eq_ignore_ascii_case(mark)) {
        return None;
    }
    let found = naming(&plain, calendar)?;
    let (stem, end) = found.pattern.rsplit_once('.')?;
    let pattern = format!("{stem}[{mark}{{version}}].{end}");
    let read = FilePattern::parse(&pattern).ok()?;
    samples.iter().all(|sample| read.matches(&sample.name).is_some()).then_some(Naming { pattern, ..found })
}

/// A name, `Spend 2025-04`, ` v`, `.csv`, without the number of its version.
struct Parted<'n> {
    before: &'n str,
    mark: &'n str,
    end: &'n str,
}

fn parted(name: &str) -> Option<Parted<'_>> {
    // `R1` and `R2` may be regions, or runs.
    const MARKS: [&str; 4] = ["version", "ver", "rev", "v"];
    let at = name.rfind('.')?;
    let (stem, end) = name.split_at(at);
    let digits = stem.bytes().rev().take_while(u8::is_ascii_digit).count();
    let marked = stem.get(..stem.len() - digits).filter(|_| (1..=2).contains(&digits))?;
    let is_mark = |mark: &&&str| {
        marked.len() > mark.len() && marked.get(marked.len() - mark.len()..).is_some_and(|own| own.eq_ignore_ascii_case(mark))
    };
    let mark = MARKS.iter().find(is_mark)?;
    let letters = marked.get(..marked.len() - mark.len())?;
    let before = letters.trim_end_matches([' ', '_', '-']);
    // `Nov1` is no version.
    (before.len() < letters.len() && !before.is_empty()).then(|| Parted {
        before,
        mark: marked.get(before.len()..).unwrap_or_default(),
        end,
    })
}

/// That samples cover the same period by what is proposed, of which each takes the place of the other.
#[must_use]
pub fn of_one_period(samples: &[Named], naming: &Naming) -> Option<String> {
    let is_told = !naming.covers.contains("extent: one") || naming.pattern.contains("{version}");
    let mut all = samples.iter().zip(&naming.found).enumerate().filter(|_| !is_told);
    let (one, other, periods) = all.find_map(|(number, (sample, periods))| {
        let twin = samples.iter().zip(&naming.found).skip(number + 1).find(|(_, other)| *other == periods)?;
        Some((&sample.name, &twin.0.name, periods))
    })?;
    let periods: Vec<String> = periods.iter().map(ToString::to_string).collect();
    Some(format!(
        "{one} and {other} both cover {}, and one file of a period takes the place of the other: give one of them as a sample; parts of a month \
         (weeks, part1 and part2) are put together into one file first; of a later version the name says it, as in `[_v{{version}}]`",
        periods.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_months_and_names() {
        let of = |name: &'static str| parted(name).map(|parted| (parted.before, parted.mark, parted.end));
        assert_eq!(of("Spend 2025-04 v2.csv"), Some(("Spend 2025-04", " v", ".csv")));
        assert_eq!(of("GL_2025_04_Rev3.txt"), Some(("GL_2025_04", "_Rev", ".txt")));
        assert_eq!(of("spend-2025-04-version10.xlsx"), Some(("spend-2025-04", "-version", ".xlsx")));
        for name in ["Spend 2025-04.csv", "Nov1.csv", "v2.csv", "spend_2025_04_part2.csv", "GL_2025_04_R1.csv", "Spend v2 2025-04.csv"] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
