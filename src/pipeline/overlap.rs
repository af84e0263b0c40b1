//! Whether one name can match two file patterns.

use std::collections::BTreeSet;

use super::{
    FilePattern, FilePatterns, NamePart,
    pattern::{BETWEEN, spellings as month_spellings},
};

/// One character of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Any,
    Digit,
    /// This one alone.
    Is(char),
    /// This one, great or small.
    Letter(char),
}

impl Sign {
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) | (Self::Digit, Self::Digit) => true,
            (Self::Digit, Self::Is(c)) | (Self::Is(c), Self::Digit) => c.is_ascii_digit(),
            (Self::Digit, Self::Letter(_)) | (Self::Letter(_), Self::Digit) => false,
            (Self::Is(a), Self::Is(b)) | (Self::Letter(a), Self::Letter(b)) => a == b,
            (Self::Is(a), Self::Letter(b)) | (Self::Letter(b), Self::Is(a)) => a.to_ascii_lowercase() == b,
        }
    }
}

/// States and steps: a name matches where a walk spells it. `None` = a step that takes no character.
#[derive(Default)]
struct Walk {
    steps: Vec<Vec<(Option<Sign>, usize)>>,
    end: usize,
}

impl FilePatterns {
    /// Whether some name matches one of these and one of those.
    #[must_use]
    pub fn can_share_a_name(&self, other: &Self) -> bool {
        self.0.iter().any(|a| other.0.iter().any(|b| a.can_share_a_name(b)))
    }
}

impl FilePattern {
    /// Whether some name matches both. Numbers are told by their digits alone: month 04 and month 05 are both two digits.
    #[must_use]
    pub fn can_share_a_name(&self, other: &Self) -> bool {
        let (a, b) = (Walk::of(&self.parts), Walk::of(&other.parts));
        let mut seen = BTreeSet::from([(0, 0)]);
        let mut open = vec![(0, 0)];
        while let Some((at, by)) = open.pop() {
            if (at, by) == (a.end, b.end) {
                return true;
            }
            let (of_a, of_b) = (a.from(at), b.from(by));
            let free_a = of_a.iter().filter(|(sign, _)| sign.is_none()).map(|(_, to)| (*to, by));
            let free_b = of_b.iter().filter(|(sign, _)| sign.is_none()).map(|(_, to)| (at, *to));
            let both = of_a.iter().flat_map(|(sign, to)| {
                let meets = move |other: &Option<Sign>| sign.zip(*other).is_some_and(|(a, b)| a.meets(b));
                of_b.iter().filter(move |(other, _)| meets(other)).map(move |(_, by)| (*to, *by))
            });
            let next: Vec<(usize, usize)> = free_a.chain(free_b).chain(both).collect();
            open.extend(next.into_iter().filter(|pair| seen.insert(*pair)));
        }
        false
    }
}

impl Walk {
    fn of(parts: &[NamePart]) -> Self {
        let mut walk = Self { steps: vec![Vec::new()], end: 0 };
        walk.end = walk.parts(parts, 0);
        walk
    }

    fn from(&self, at: usize) -> &[(Option<Sign>, usize)] {
        self.steps.get(at).map_or(&[], Vec::as_slice)
    }

    fn step(&mut self, from: usize, sign: Option<Sign>, to: usize) {
        if let Some(steps) = self.steps.get_mut(from) {
            steps.push((sign, to));
        }
    }

    fn state(&mut self) -> usize {
        self.steps.push(Vec::new());
        self.steps.len() - 1
    }

    fn parts(&mut self, parts: &[NamePart], from: usize) -> usize {
        parts.iter().fold(from, |at, part| self.part(part, at))
    }

    fn part(&mut self, part: &NamePart, from: usize) -> usize {
        let end = self.state();
        match part {
            NamePart::Optional(inner) => {
                let inside = self.parts(inner, from);
                self.step(inside, None, end);
                self.step(from, None, end);
            }
            NamePart::Any => {
                self.step(end, Some(Sign::Any), end);
                self.step(from, None, end);
            }
            NamePart::Quarter => self.stretch(from, end, 4, 2),
            NamePart::Half => self.stretch(from, end, 2, 5),
            other => spellings(other).iter().for_each(|signs| self.spell(signs, from, end)),
        }
        end
    }

    /// A number, or a month and the one that lies so many after it.
    fn stretch(&mut self, from: usize, end: usize, numbers: u8, after: usize) {
        for number in 1..=numbers {
            self.spell(&[Sign::Is(char::from(b'0' + number))], from, end);
        }
        for first in 0..12 {
            let (between, last) = (self.state(), self.state());
            for name in month_spellings(first) {
                self.spell(&letters(name), from, between);
            }
            for text in BETWEEN {
                self.spell(&letters(text), between, last);
            }
            for name in month_spellings(first + after) {
                self.spell(&letters(name), last, end);
            }
        }
    }

    fn spell(&mut self, signs: &[Sign], from: usize, end: usize) {
        let mut at = from;
        for sign in signs {
            let next = self.state();
            self.step(at, Some(*sign), next);
            at = next;
        }
        self.step(at, None, end);
    }
}

/// Letters great or small, every other character as it is.
fn letters(text: &str) -> Vec<Sign> {
    text.chars().map(|c| if c.is_ascii_lowercase() { Sign::Letter(c) } else { Sign::Is(c) }).collect()
}

/// Every form in which the part can stand in a name.
fn spellings(part: &NamePart) -> Vec<Vec<Sign>> {
    let digits = |lengths: std::ops::RangeInclusive<usize>| lengths.map(|n| vec![Sign::Digit; n]).collect::<Vec<_>>();
    let shaped = |shape: &str| shape.chars().map(|c| if c == '0' { Sign::Digit } else { Sign::Is(c) }).collect::<Vec<_>>();
    match part {
        NamePart::Literal(text) => vec![letters(&text.to_ascii_lowercase())],
        NamePart::Year => digits(4..=4),
        NamePart::Period => digits(1..=2),
        NamePart::Month => digits(1..=2).into_iter().chain((0..12).flat_map(month_spellings).map(letters)).collect(),
        NamePart::ShortYear => digits(2..=2),
        NamePart::ShortFiscalYear => ["00", "0000", "00-00", "00/00", "00_00"].map(shaped).to_vec(),
        NamePart::FiscalYear => {
            ["0000", "000000", "0000-00", "0000/00", "0000_00", "00000000", "0000-0000", "0000/0000", "0000_0000"].map(shaped).to_vec()
        }
        NamePart::Date => {
            let parted = ['-', '.', '_'].into_iter().flat_map(|a| ['-', '.', '_'].map(|b| (a, b)));
            let both = parted.flat_map(|(a, b)| [format!("0000{a}00{b}00"), format!("00{a}00{b}0000")]);
            both.map(|shape| shaped(&shape)).chain(digits(8..=8)).collect()
        }
        NamePart::Piece => digits(1..=6),
        NamePart::Version => digits(1..=14),
        NamePart::Quarter | NamePart::Half | NamePart::Any | NamePart::Optional(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(a: &str, b: &str) -> bool {
        FilePattern::parse(a).unwrap().can_share_a_name(&FilePattern::parse(b).unwrap())
    }

    #[test]
    fn patterns_that_meet_and_patterns_that_do_not() {
        for (a, b) in [
            ("{year}_{month}.csv", "{year}_{month}.csv"),
            ("{year}_{month}[_v{version}].csv", "{year}_{period}.csv"),
            ("{any}.csv", "gl_{year}{month}.csv"),
            ("{date}.csv", "2023-{month}-{any}.csv"),
            ("{fiscal_year}.csv", "{year}{month}.csv"),
            ("{month}{year}.csv", "Apr{any}.csv"),
            ("q{quarter}_{fiscal_year}.csv", "q1_2025_26.csv"),
            ("{quarter}_{year}.csv", "Jul to Sept_{yy}25.csv"),
            ("{month}_{fiscal_yy}.csv", "Sept_{version}.csv"),
        ] {
            assert!(share(a, b) && share(b, a), "{a} and {b}");
        }
        for (a, b) in [
            ("old_{year}_{month}.csv", "new_{year}_{month}.csv"),
            ("{year}_{month}.csv", "{year}_{month}.txt"),
            ("{date}.csv", "{year}.csv"),
            ("{month}_{year}.csv", "x{any}.csv"),
            ("spend_{month}_{year}.csv", "spend_q{quarter}_{year}.csv"),
            ("h{half}_{year}.csv", "h3_{year}.csv"),
        ] {
            assert!(!share(a, b) && !share(b, a), "{a} and {b}");
        }
    }

    proptest! {
        /// No name that matches both is overlooked.
        #[test]
        fn a_name_that_matches_both_is_foreseen(
            a in proptest::sample::select(vec!["{year}_{month}.csv", "{fiscal_year}[_v{version}].csv", "{date}.csv", "{any}{piece}.csv", "{month}-{year}.csv", "{quarter}_{year}.csv", "{fiscal_yy}.csv"]),
            b in proptest::sample::select(vec!["{year}{any}.csv", "{any}.csv", "{period}[{any}].csv", "{year}-{month}-{any}.csv", "{version}_{month}.csv", "{any}{yy}.csv", "{half}_{fiscal_year}.csv"]),
            name in "(20[0-9]{2}|apr|April|Apr-Sep|jul to sept|0[1-9]|[0-9]{1,3})([-_./]|)(20[0-9]{2}|[0-9]{2}|Mar|v3|)([-_]|)([0-9]{2}|)\\.csv",
        ) {
            let (a, b) = (FilePattern::parse(a).unwrap(), FilePattern::parse(b).unwrap());
            if a.matches(&name).is_some() && b.matches(&name).is_some() {
                prop_assert!(a.can_share_a_name(&b), "{name}");
            }
        }
    }
}
