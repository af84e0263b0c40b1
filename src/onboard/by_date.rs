//! A layout that changes: samples of several layouts are one feed, whose contracts hold one after the other, each from a day.
//!
//! Each layout has evidence, questions and a draft of its own. The questions of a later one are those of the first with `layout_2.` before
//! their keys; what is of the whole feed (its table, the names of its files, who bears the rest) is asked once.

use std::collections::BTreeSet;

use super::{
    answers::{Answers, NO, Question, YES},
    ask::{self, Around},
    covered,
    draft::Draft,
    evidence::{Evidence, Sample},
    guess::squeezed,
    layout::in_the_dark,
    names::Named,
    said::cannot,
};
use crate::{
    diagnostic::Answer,
    domain::{Calendar, Day, Period},
    profile::Profile,
};

/// The question whether the samples are of several layouts.
const LAYOUTS: &str = "layouts";
/// Questions about the whole feed.
const OF_THE_FEED: [&str; 8] = ["into", "beside", "files", "covers", "balance", "rest", "author", "approver"];
/// Questions whose answers are of one file's columns: that another layout's are right says nothing.
const OF_COLUMNS: [&str; 2] = ["columns", "personal"];

/// Files of one layout, in the order in which they cover the year.
#[derive(Clone, Debug)]
pub struct Era {
    pub samples: Vec<Sample>,
    /// The first day that it covers; `None` for the first layout, which holds from ever.
    pub from: Option<Day>,
}

/// What is asked about one layout, and how it is answered.
pub struct Asked {
    pub evidence: Evidence,
    pub questions: Vec<Question>,
    pub answers: Answers,
    pub from: Option<Day>,
}

/// The layouts of the samples by the days from which they hold; one, where they are alike or no day parts them.
#[must_use]
pub fn eras(samples: &[Sample], calendar: Calendar) -> Vec<Era> {
    let whole = || vec![Era { samples: samples.to_vec(), from: None }];
    let mut ordered: Vec<(BTreeSet<Period>, &Sample)> = samples.iter().map(|sample| (periods(sample, calendar), sample)).collect();
    ordered.sort_by(|(a, _), (b, _)| a.last().cmp(&b.last()));
    let mut found: Vec<Era> = Vec::new();
    let mut before: Option<Period> = None;
    for (covered, sample) in ordered {
        let is_same = found.last().is_some_and(|era| goes_on(era, &sample.profile));
        match found.last_mut().filter(|_| is_same) {
            Some(era) => era.samples.push(sample.clone()),
            // The contract is that of the last period that a file covers.
            None => match begins(&covered, before) {
                Some(from) => found.push(Era { samples: vec![sample.clone()], from: before.map(|_| calendar.days_of(from).0) }),
                None => return whole(),
            },
        }
        before = covered.last().copied().or(before);
    }
    if found.len() < 2 { whole() } else { found }
}

/// The first period of a layout whose first file covers these, where the layout before ends with `before`.
fn begins(covered: &BTreeSet<Period>, before: Option<Period>) -> Option<Period> {
    covered
        .first()
        .filter(|first| before.is_none_or(|before| before < **first))
        .or_else(|| {
            let last = covered.last()?;
            before.is_none_or(|before| before < *last).then_some(last)
        })
        .copied()
}

/// The periods of the likely date of the sample's rows, or of its name.
fn periods(sample: &Sample, calendar: Calendar) -> BTreeSet<Period> {
    let evidence = Evidence::of(vec![sample.clone()], &Answers::default());
    let date = evidence.columns.iter().find(|seen| seen.places.first() == Some(&sample.profile.date) && sample.profile.date.is_some());
    evidence.named_files(date, calendar).into_iter().flat_map(|named| named.periods).collect()
}

/// Whether a file is of the layout of those before it; one without rows is of any.
fn goes_on(era: &Era, profile: &Profile) -> bool {
    let mut known = era.samples.iter().map(|sample| &sample.profile).filter(|known| known.rows.data > 0).peekable();
    profile.rows.data == 0 || known.peek().is_none() || known.any(|known| is_alike(known, profile))
}

/// Whether one contract could read both: cut alike, and at least half of the headings of the shorter.
fn is_alike(a: &Profile, b: &Profile) -> bool {
    let headings = |profile: &Profile| -> BTreeSet<String> {
        profile.columns.iter().map(|column| squeezed(&column.heading)).filter(|heading| !heading.is_empty()).collect()
    };
    let (one, other) = (headings(a), headings(b));
    let shared = one.intersection(&other).count();
    a.format == b.format && a.layout.delimiter == b.layout.delimiter && shared * 2 >= one.len().min(other.len())
}

/// The question whether each layout has a contract of its own; `None` for one layout.
fn layouts(eras: &[Era]) -> Option<Question> {
    let name = |sample: Option<&Sample>| sample.map(|sample| sample.profile.file.clone()).unwrap_or_default();
    let one = |era: &Era| match era.samples.as_slice() {
        [one] => one.profile.file.clone(),
        many => format!("{} to {}", name(many.first()), name(many.last())),
    };
    let seen: Vec<String> = eras.iter().map(one).collect();
    let days: Vec<String> = eras.iter().filter_map(|era| era.from).map(|day| day.to_string()).collect();
    let ask =
        format!("The files are of {} layouts. Is each read by a contract of its own, the next from {}?", eras.len(), days.join(" and "));
    (eras.len() > 1).then(|| Question::new(LAYOUTS, ask).seen(seen.join("; ")).choices([YES, NO]).default(YES))
}

/// Whether the layouts are to be read by one contract all the same.
#[must_use]
pub fn is_one(answers: &Answers) -> bool {
    answers.get(LAYOUTS) == Some(NO)
}

/// The answers to the questions of the layout with this number, from 0.
#[must_use]
pub fn answers_of(answers: &Answers, number: usize) -> Answers {
    if number == 0 { answers.clone() } else { answers.inside(&key(number)) }
}

fn key(number: usize) -> String {
    format!("layout_{}", number + 1)
}

/// What is asked of each layout; `evidence` is that of each.
///
/// # Errors
/// TC0138 where nothing that could be answered would help.
pub fn asked(around: &Around<'_>, eras: &[Era], evidence: Vec<Evidence>, answers: &Answers) -> Answer<Vec<Asked>> {
    let mut all: Vec<Asked> = Vec::new();
    for (number, (era, evidence)) in eras.iter().zip(evidence).enumerate() {
        in_the_dark(&evidence)?;
        let mut of_era = answers_of(answers, number);
        let first = all.first();
        for (key, value) in first.into_iter().flat_map(of_the_feed) {
            of_era.set(&key, &value);
        }
        let mut questions = ask::questions(around, &evidence, &of_era);
        if let Some(first) = first {
            questions.iter_mut().for_each(|question| question.stands |= is_answered(first, question));
        }
        all.push(Asked { evidence, questions, answers: of_era, from: era.from });
    }
    if eras.len() > 1 {
        let named = all.iter().flat_map(|asked| named(asked, around.calendar())).collect::<Vec<_>>();
        let mut whole = covered::coverage_of(&named, None, around.calendar());
        // What is doubtful of one layout's files is doubtful.
        let doubtful =
            all.iter().flat_map(|asked| &asked.questions).find(|question| question.key == "covers" && question.default.is_none());
        whole.iter_mut().filter(|question| question.key == "covers").zip(doubtful).for_each(|(covers, open)| covers.clone_from(open));
        let of_whole = |key: &str| whole.iter().find(|question| question.key == key);
        for asked in &mut all {
            asked.questions.iter_mut().for_each(|question| *question = of_whole(&question.key).unwrap_or(question).clone());
            let covers = of_whole("covers").and_then(|question| answers.of(question)).map(str::to_owned);
            covers.into_iter().for_each(|covers| asked.answers.set("covers", &covers));
        }
    }
    Ok(all)
}

/// How the questions about the whole feed are answered, or would be by the evidence; the rule of what is left is written once.
fn of_the_feed(first: &Asked) -> Vec<(String, String)> {
    let of = |key: &str| {
        let question = first.questions.iter().find(|question| question.key == key)?;
        Some((key.to_owned(), first.answers.of(question).or(question.default.as_deref())?.to_owned()))
    };
    let all = OF_THE_FEED.iter().filter_map(|key| of(key)).filter(|(key, _)| key != "rest");
    all.chain([("rest".to_owned(), "suspense".to_owned())]).collect()
}

/// Whether the same was answered of the first layout as this one's evidence speaks for.
fn is_answered(first: &Asked, question: &Question) -> bool {
    let twin = first.questions.iter().find(|twin| twin.key == question.key && !OF_COLUMNS.contains(&&*question.key));
    question.default.is_some() && twin.and_then(|twin| first.answers.of(twin)) == question.default.as_deref()
}

fn named(asked: &Asked, calendar: Calendar) -> Vec<Named> {
    let date = asked.questions.iter().find(|question| question.key == "date");
    let heading = date.and_then(|question| asked.answers.of(question).or(question.default.as_deref()));
    asked.evidence.named_files(heading.and_then(|heading| asked.evidence.named(heading)), calendar)
}

/// The questions of all layouts as they are put to a person.
#[must_use]
pub fn together(found: &[Era], all: Vec<Asked>) -> Vec<Question> {
    let mut questions: Vec<Question> = layouts(found).into_iter().collect();
    for (number, asked) in all.into_iter().enumerate() {
        let since = asked.evidence.samples.first().map(|sample| sample.profile.file.clone()).unwrap_or_default();
        let of_layout = asked.questions.into_iter().filter(|question| number == 0 || !OF_THE_FEED.contains(&&*question.key));
        questions.extend(of_layout.map(|question| match number {
            0 => question,
            _ => {
                Question { key: format!("{}.{}", key(number), question.key), ask: format!("From {since} on: {}", question.ask), ..question }
            }
        }));
    }
    questions
}

/// Names the drafts of later layouts, and holds them to what is one for the whole feed.
///
/// # Errors
/// TC0138 where the layouts differ in what a feed says once.
pub fn agree(drafts: &mut [Draft], asked: &[Asked]) -> Answer<()> {
    let Some((first, later)) = drafts.split_first_mut() else { return Ok(()) };
    let mut differs = Vec::new();
    for (draft, asked) in later.iter_mut().zip(asked.iter().skip(1)) {
        draft.from = asked.from.map(|day| day.to_string());
        if draft.controls != first.controls {
            differs.push(format!("totals that are printed in files of some layouts only ({} and {})", first.controls, draft.controls));
        }
        if draft.credit_positive != first.credit_positive {
            differs.push("payments above nought in files of one layout and below in another's".to_owned());
        }
    }
    match asked.first() {
        Some(asked) if !differs.is_empty() => Err(cannot(&asked.evidence, differs)),
        _ => Ok(()),
    }
}
