//! The patterns of one feed, taken together.

use super::{
    super::{FilePattern, FilePatterns, NamePart},
    NameFacts,
};

impl FilePatterns {
    /// The facts of a name by the first pattern that it matches; `None` where it matches none.
    #[must_use]
    pub fn matches(&self, name: &str) -> Option<NameFacts> {
        self.0.iter().find_map(|pattern| pattern.matches(name))
    }

    /// Every pattern that a name matches, with the facts by it.
    pub fn readings<'p>(&'p self, name: &'p str) -> impl Iterator<Item = (&'p FilePattern, NameFacts)> + 'p {
        self.0.iter().filter_map(move |pattern| Some((pattern, pattern.matches(name)?)))
    }

    /// Whether the part stands in every name of every pattern.
    #[must_use]
    pub fn always_has(&self, part: &NamePart) -> bool {
        self.0.iter().all(|pattern| pattern.always_has(part))
    }

    /// What is wrong with a name that nearly matches one of them; see [`FilePattern::near_miss`].
    #[must_use]
    pub fn near_miss(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|pattern| pattern.near_miss(name))
    }

    /// As messages name them: `` `a.csv` or `b.csv` ``.
    #[must_use]
    pub fn shown(&self) -> String {
        let each: Vec<String> = self.0.iter().map(|pattern| format!("`{}`", pattern.text)).collect();
        each.join(" or ")
    }

    /// What follows the last dot of each, as far as it is written.
    pub fn endings(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|pattern| pattern.text.rsplit_once('.').map_or("", |(_, ending)| ending.trim_end_matches(']')))
    }
}
