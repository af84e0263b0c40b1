//! What several samples show together: their columns as one, and how they drift from each other.

use std::path::PathBuf;

use super::{
    answers::{Answers, Question},
    guess::{speaks_for, squeezed, words},
    names::Named,
    places::Given,
};
use crate::{
    domain::{Calendar, Period},
    profile::{Column, Kind, Profile},
};

/// A sample and what was found in it.
#[derive(Clone, Debug)]
pub struct Sample {
    pub path: PathBuf,
    pub profile: Profile,
}

/// A column of the samples, under all its headings.
#[derive(Clone, Debug)]
pub struct Seen {
    /// As the first sample that has it prints it.
    pub heading: String,
    /// Which of the columns of this heading it is, from 1, where several have it.
    pub occurrence: Option<u32>,
    /// Other headings of it.
    pub aliases: Vec<String>,
    /// Where it stands in each sample, from 0; `None` where that has none.
    pub places: Vec<Option<usize>>,
}

impl Seen {
    /// Where it stands in a sample; `None` where that has none.
    #[must_use]
    pub fn place(&self, sample: usize) -> Option<usize> {
        self.places.get(sample).copied().flatten()
    }
}

/// All samples together.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub samples: Vec<Sample>,
    pub columns: Vec<Seen>,
    /// Headings of later samples that may be those of earlier ones, as questions.
    pub drift: Vec<Question>,
    /// The layout that somebody has named; `None` where the files tell their columns.
    pub given: Option<Given>,
}

/// How a person writes that a field is empty.
pub const EMPTY: &str = "(empty)";

/// The answer that a heading is a column of its own.
pub const NEW: &str = "new";

impl Evidence {
    /// Brings the columns of all samples together; what answers say of headings goes over what they look like.
    #[must_use]
    pub fn of(samples: Vec<Sample>, answers: &Answers) -> Self {
        let mut columns: Vec<Seen> = Vec::new();
        let mut drift = Vec::new();
        for (number, sample) in samples.iter().enumerate() {
            let of_sample: Vec<&Column> = sample.profile.columns.iter().filter(|column| is_there(column, &sample.profile)).collect();
            let mut strangers: Vec<&Column> = Vec::new();
            for column in of_sample {
                let same = |seen: &&mut Seen| seen.occurrence == column.occurrence && seen.places.len() == number;
                match columns.iter_mut().find(|seen| same(seen) && is_named(seen, &column.heading)) {
                    Some(seen) => seen.places.push(Some(column.at)),
                    None if number == 0 => columns.push(Seen {
                        heading: column.heading.clone(),
                        occurrence: column.occurrence,
                        aliases: Vec::new(),
                        places: vec![Some(column.at)],
                    }),
                    None => strangers.push(column),
                }
            }
            for column in strangers {
                join(&mut columns, column, number, &samples, answers, &mut drift);
            }
            columns.iter_mut().filter(|seen| seen.places.len() == number).for_each(|seen| seen.places.push(None));
        }
        Self { samples, columns, drift, given: None }
    }

    /// The column's facts in each sample that has it.
    pub fn facts<'e>(&'e self, seen: &'e Seen) -> impl Iterator<Item = &'e Column> {
        (0..self.samples.len()).filter_map(|sample| self.column(seen, sample))
    }

    /// The column's facts in a sample, where that has it.
    #[must_use]
    pub fn column(&self, seen: &Seen, sample: usize) -> Option<&Column> {
        let (of, at) = (self.samples.get(sample)?, seen.place(sample)?);
        of.profile.columns.iter().find(|column| column.at == at)
    }

    /// Whether every row of every sample holds it.
    #[must_use]
    pub fn is_full(&self, seen: &Seen) -> bool {
        self.facts(seen).all(|column| column.filled.rows == column.filled.of)
    }

    /// Its words with their rows over all samples, [`EMPTY`] among them; none where there are more than a few, or they may be a person's.
    #[must_use]
    pub fn words(&self, seen: &Seen) -> Vec<(String, u64)> {
        let mut all: Vec<(String, u64)> = Vec::new();
        let mut add = |word: &str, rows: u64| match all.iter_mut().find(|(known, _)| known == word) {
            Some((_, n)) => *n += rows,
            None => all.push((word.to_owned(), rows)),
        };
        for column in self.facts(seen) {
            if column.distinct.is_none_or(|distinct| distinct > column.values.len() as u64) {
                return Vec::new();
            }
            column.values.iter().for_each(|(word, rows)| add(word.trim(), *rows));
            let empty = column.filled.of.saturating_sub(column.filled.rows);
            if empty > 0 {
                add(EMPTY, empty);
            }
        }
        all
    }

    /// What its values are, over all samples: one that is empty in a sample is what it is in the others.
    #[must_use]
    pub fn kind(&self, seen: &Seen) -> Kind {
        let kinds: Vec<Kind> = self.facts(seen).map(|column| column.kind).filter(|kind| *kind != Kind::Empty).collect();
        match kinds.split_first() {
            None => Kind::Empty,
            Some((first, rest)) if rest.iter().all(|kind| kind == first) => *first,
            Some(_) => Kind::Text,
        }
    }

    /// The column with this heading, as a person writes it: letter case and blanks do not count; `Heading 2` is the second of that name,
    /// `column 9` the ninth of the file.
    #[must_use]
    pub fn named(&self, heading: &str) -> Option<&Seen> {
        let wanted = squeezed(heading);
        let by_place = || {
            let at: usize = heading.trim().strip_prefix("column ")?.parse().ok()?;
            self.columns.iter().find(|seen| seen.places.first() == Some(&at.checked_sub(1)))
        };
        let exact = self.columns.iter().find(|seen| self.label(seen) == heading || seen.heading == heading);
        exact.or_else(|| self.columns.iter().find(|seen| squeezed(&self.label(seen)) == wanted && !wanted.is_empty())).or_else(by_place)
    }

    /// How a person calls the column: its heading, numbered where several have it, by its place where it has none.
    #[must_use]
    pub fn label(&self, seen: &Seen) -> String {
        let heading = seen.heading.split_whitespace().collect::<Vec<_>>().join(" ");
        match (heading.is_empty(), seen.occurrence) {
            (true, _) => format!("column {}", seen.places.iter().flatten().next().map_or(0, |at| at + 1)),
            (false, Some(n)) if n > 1 => format!("{heading} {n}"),
            _ => heading,
        }
    }

    /// For each sample its name, and the periods in which most of its rows lie by this column; by its name alone where there is none.
    #[must_use]
    pub fn named_files(&self, date: Option<&Seen>, calendar: Calendar) -> Vec<Named> {
        let one = |(number, sample): (usize, &Sample)| {
            let column = date.and_then(|seen| self.column(seen, number));
            let months = column.and_then(|column| column.dates.as_ref()).map(|dates| dates.months.as_slice()).unwrap_or_default();
            let periods = crowded(months, calendar);
            let of_name = || sample.profile.name.months.iter().map(|(year, month)| calendar.period_of_month(*year, *month)).collect();
            Named {
                name: sample.profile.file.clone(),
                pattern: sample.profile.name.pattern.clone(),
                periods: if periods.is_empty() { of_name() } else { periods },
                rows: months.iter().map(|((year, month), rows)| (calendar.period_of_month(*year, *month), *rows)).collect(),
            }
        };
        self.samples.iter().enumerate().map(one).collect()
    }
}

/// The periods that hold a fair part of the rows: what is posted late is in others, and there is little of it.
fn crowded(months: &[((i32, u8), u64)], calendar: Calendar) -> std::collections::BTreeSet<Period> {
    let most = months.iter().map(|(_, rows)| *rows).max().unwrap_or(0);
    let is_fair = |rows: u64| rows * 8 >= most;
    months.iter().filter(|(_, rows)| is_fair(*rows)).map(|((year, month), _)| calendar.period_of_month(*year, *month)).collect()
}

/// A column without heading and without values is no column, unless asterisks in it mark sums.
fn is_there(column: &Column, profile: &Profile) -> bool {
    let is_mark = |label: &String| !label.is_empty() && label.bytes().all(|byte| byte == b'*');
    let marks = || profile.left_out.iter().any(|left| left.label_at == Some(column.at) && left.label.as_ref().is_some_and(is_mark));
    !column.heading.trim().is_empty() || column.kind != Kind::Empty || marks()
}

/// As a run finds columns: letter case and runs of blanks do not tell headings apart.
fn is_named(seen: &Seen, heading: &str) -> bool {
    let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    std::iter::once(&seen.heading).chain(&seen.aliases).any(|known| fold(known) == fold(heading))
}

/// A heading that no earlier sample has: an alias of one that is missing here, or a column of its own; a person says.
fn join(columns: &mut Vec<Seen>, column: &Column, number: usize, samples: &[Sample], answers: &Answers, drift: &mut Vec<Question>) {
    let missing: Vec<usize> = (0..columns.len()).filter(|at| columns.get(*at).is_some_and(|seen| seen.places.len() == number)).collect();
    let spelt =
        missing.iter().copied().find(|at| columns.get(*at).is_some_and(|seen| squeezed(&seen.heading) == squeezed(&column.heading)));
    let mut same_place = missing.iter().copied().filter(|at| {
        columns.get(*at).is_some_and(|seen| {
            let last = seen.places.iter().rev().flatten().next();
            last == Some(&column.at) && kind_of(samples, seen) == column.kind
        })
    });
    let means_the_same = |at: &usize| columns.get(*at).is_some_and(|seen| means_the_same(&seen.heading, &column.heading, column.kind));
    let likely = spelt.or_else(|| same_place.next_back().filter(|_| missing.len() == 1).filter(means_the_same));
    // Where a column is lacking that this may be, and may as well not, nobody answers for the person.
    let tells = matches!(column.kind, Kind::Money | Kind::Quantity | Kind::Date | Kind::Period);
    let unclear =
        tells && likely.is_none() && missing.iter().any(|at| columns.get(*at).is_some_and(|seen| kind_of(samples, seen) == column.kind));
    let heading_of = |at: usize| columns.get(at).map(|seen| seen.heading.clone()).unwrap_or_default();
    let sample = samples.get(number).map(|sample| sample.profile.file.clone()).unwrap_or_default();
    let lacks: Vec<String> = missing.iter().map(|at| format!("`{}`", heading_of(*at))).collect();
    let ask = format!("Is `{}` of {sample} a column that other files call otherwise, or a new one?", column.heading);
    let question = Question::new(&format!("same.{}", column.heading), ask)
        .seen(format!("{sample} lacks {}", lacks.join(", ")))
        .choices(missing.iter().map(|at| heading_of(*at)).chain([NEW.to_owned()]));
    let question = if unclear { question } else { question.default(likely.map_or_else(|| NEW.to_owned(), heading_of)) };
    let said = answers.get(&question.key).map(str::to_owned).or_else(|| question.default.clone()).unwrap_or_default();
    let joined = missing.into_iter().find(|at| columns.get(*at).is_some_and(|seen| seen.heading == said));
    // Where nothing is missing there is nothing to ask: it is a new column.
    if question.choices.len() > 1 {
        drift.push(question);
    }
    if let Some(seen) = joined.and_then(|at| columns.get_mut(at)) {
        seen.aliases.push(column.heading.clone());
        seen.places.push(Some(column.at));
        return;
    }
    let mut places = vec![None; number];
    places.push(Some(column.at));
    columns.push(Seen { heading: column.heading.clone(), occurrence: column.occurrence, aliases: Vec::new(), places });
}

/// Whether two headings may be taken for one another unasked: of amounts and dates only where they say the same in other letters, for
/// `Gross Amount` is no `Amount`; of texts unless each is known to say something else.
fn means_the_same(one: &str, other: &str, kind: Kind) -> bool {
    const SAYS_NOTHING: [&str; 8] = ["the", "of", "in", "gbp", "pounds", "sterling", "a", "value"];
    let told = |heading: &str| words(heading).split(' ').filter(|word| !SAYS_NOTHING.contains(word)).map(str::to_owned).collect::<Vec<_>>();
    match kind {
        Kind::Money | Kind::Quantity | Kind::Date | Kind::Period => told(one) == told(other),
        _ => {
            let (one, other) = (speaks_for(one), speaks_for(other));
            one.is_empty() || other.is_empty() || one.iter().any(|target| other.contains(target))
        }
    }
}

fn kind_of(samples: &[Sample], seen: &Seen) -> Kind {
    let of = |(sample, at): (&Sample, &Option<usize>)| {
        let at = (*at)?;
        sample.profile.columns.iter().find(|column| column.at == at).map(|column| column.kind)
    };
    samples.iter().zip(&seen.places).find_map(of).unwrap_or(Kind::Empty)
}
