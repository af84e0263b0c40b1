//! The questions about a new feed: only what no file can tell, each with what the evidence speaks for.

use std::collections::BTreeSet;

use super::{
    amounts::{amount_columns, amount_question, vat},
    answers::{Answers, NO, Question, YES},
    beside,
    covered::coverage,
    currency, elsewhere,
    evidence::{Evidence, Seen},
    guess::{guess, targets, words},
    happened,
    layout::{last_line_end, mixed_encodings},
    lone, looks, marked, own_period, rest, sign, unit, withheld,
};
use crate::{
    domain::Calendar,
    pipeline::{Basis, Partnership},
    profile::{Column, Kind, Money, Over, Reason, RecordType},
    schema::{Contract, Type},
};

/// What a feed is added to.
pub struct Around<'p> {
    pub partnership: &'p Partnership,
    pub council: &'p str,
    pub feed: &'p str,
}

impl Around<'_> {
    /// The common table that the council's costs are read from: the last basis that it has.
    #[must_use]
    pub fn default_table(&self) -> &'static str {
        let council = self.partnership.councils.iter().find(|known| *known.id == *self.council);
        council.and_then(|known| known.cost_basis.last()).map_or("payment_line", |(_, basis)| basis.common_table())
    }

    /// The common table that it fills, by what was answered.
    #[must_use]
    pub fn table(&self, answers: &Answers, proposed: &str) -> Option<&Contract> {
        let name = format!("common/{}", answers.get("into").unwrap_or(proposed));
        self.partnership.contracts.get(&name).map(std::sync::Arc::as_ref)
    }

    /// How its periods count.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        self.partnership.calendar
    }
}

/// All questions, in the order in which they are asked; later ones go by the answers to earlier ones.
#[must_use]
pub fn questions(around: &Around<'_>, evidence: &Evidence, answers: &Answers) -> Vec<Question> {
    let mut all = looks::questions(evidence, answers);
    let must_know = |question: &Question| question.default.is_none() || question.key == "layout";
    if all.iter().any(|question| !question.stands && must_know(question) && answers.of(question).is_none()) {
        return all; // without the answer nothing else can be seen
    }
    all.extend(evidence.drift.clone());
    all.extend(mixed_encodings(evidence));
    all.extend(last_line_end(evidence));
    let tables = [Basis::Ledger, Basis::Payments].map(Basis::common_table);
    let budget = looks::says_budget(evidence);
    let into = if budget { Basis::Ledger.common_table() } else { around.default_table() };
    let question = Question::new("into", "Which common table does it fill?").choices(tables);
    all.push(match elsewhere::belongs_elsewhere(evidence) {
        Some(why) => question.seen(why),
        None => question.default(into).stands_if(!budget),
    });
    all.extend(beside::question(around, answers, into));
    all.extend(around.table(answers, into).filter(|table| table.special.actual.is_some()).map(|_| looks::balance(budget)));
    all.extend(happened::both(evidence).map(|mixed| mixed.question(evidence)));
    let amount = amount_question(evidence);
    let chosen = answers.of(&amount).or(amount.default.as_deref()).unwrap_or_default().to_owned();
    all.push(amount);
    let unit = unit::unit(evidence, &chosen);
    let printed_in = answers.of(&unit).or(unit.default.as_deref()).unwrap_or_default().to_owned();
    all.push(unit);
    all.push(vat(evidence, &chosen));
    all.extend(sign::sign(evidence, &chosen, answers));
    all.extend(marked::questions(evidence, &chosen, around.table(answers, into), &printed_in));
    let date = date_question(evidence);
    let date_chosen = answers.of(&date).or(date.default.as_deref()).and_then(|heading| evidence.named(heading)).cloned();
    all.extend([date].into_iter().filter(|question| !question.choices.is_empty()));
    all.extend(withheld::question(evidence, date_chosen.as_ref()));
    all.extend(coverage(around, evidence, date_chosen.as_ref(), &chosen));
    let said = |key: &str| {
        let question = all.iter().find(|question| question.key == key);
        question.and_then(|question| answers.of(question).or(question.default.as_deref())).unwrap_or_default().to_owned()
    };
    let (files, covers) = (said("files"), said("covers"));
    let covered = own_period::Covered { files: &files, covers: &covers, calendar: around.calendar() };
    all.extend(around.table(answers, into).and_then(|table| own_period::question(evidence, date_chosen.as_ref(), table, &covered)));
    all.extend(totals(evidence, &chosen));
    all.extend(lone::question(evidence));
    all.extend(parts_of_pennies(evidence, &chosen));
    all.extend(nothing_words(evidence));
    if let Some(table) = around.table(answers, into) {
        all.extend(currency::question(evidence, table, &chosen));
        all.push(roles(evidence, table, &chosen, date_chosen.as_ref()));
    }
    all.push(personal(evidence));
    all.extend(rest::questions(around, answers));
    all
}

/// Labels of the columns of which this holds.
pub(super) fn headings(evidence: &Evidence, of: impl Fn(Kind, &Seen) -> bool) -> Vec<String> {
    evidence.columns.iter().filter(|seen| of(evidence.kind(seen), seen)).map(|seen| evidence.label(seen)).collect()
}

/// The heading at this place of the first sample.
pub(super) fn heading_at(evidence: &Evidence, at: Option<usize>) -> Option<String> {
    let seen = evidence.columns.iter().find(|seen| seen.places.first() == Some(&at) && at.is_some())?;
    Some(evidence.label(seen))
}

/// Words of the day on which something was paid or posted.
const PAID: [&str; 7] = ["paid", "pay", "payment", "posted", "posting", "transaction", "bacs"];
/// Words of the day of a document, which is no day of payment.
const OF_DOCUMENT: [&str; 5] = ["invoice", "inv", "document", "due", "tax"];

fn date_question(evidence: &Evidence) -> Question {
    let dates = headings(evidence, |kind, _| kind == Kind::Date);
    let likely = evidence.samples.first().and_then(|sample| sample.profile.date);
    // A day that is the same in each row is that of the list, unless its heading says that all were paid on it.
    let says = |label: &String, of: &[&str]| words(label).split(' ').any(|word| of.contains(&word));
    let is_of_list = |label: &String| !says(label, &PAID) && evidence.named(label).is_some_and(|seen| is_one_day(evidence, seen));
    let of_rows = || dates.iter().find(|label| !is_of_list(label) && !says(label, &OF_DOCUMENT)).cloned();
    let default = heading_at(evidence, likely).filter(|label| !is_of_list(label)).or_else(of_rows).or_else(|| dates.first().cloned());
    let spans = evidence.columns.iter().filter(|seen| evidence.kind(seen) == Kind::Date).map(|seen| {
        let all: Vec<&crate::profile::Dates> = evidence.facts(seen).filter_map(|column| column.dates.as_ref()).collect();
        let first = all.iter().filter_map(|dates| dates.first.clone()).min().unwrap_or_default();
        let last = all.iter().filter_map(|dates| dates.last.clone()).max().unwrap_or_default();
        format!("{} {first} to {last}", evidence.label(seen))
    });
    let question = Question::new("date", "Which date counts?").seen(spans.collect::<Vec<_>>().join("; "));
    let one = dates.len() == 1;
    let question = question.choices(dates).stands_if(one);
    default.map_or(question.clone(), |default| question.default(default))
}

/// Whether each row of each file bears the same day.
fn is_one_day(evidence: &Evidence, seen: &Seen) -> bool {
    let mut dates = evidence.facts(seen).filter_map(|column| column.dates.as_ref());
    evidence.samples.iter().all(|sample| sample.profile.rows.data > 2) && dates.all(|dates| dates.first == dates.last)
}

/// Counts of rows that the files print.
fn counts(evidence: &Evidence) -> impl Iterator<Item = String> {
    let of = |sample: &super::evidence::Sample| {
        let one = |kind: &RecordType| {
            let rows = kind.counted?;
            Some(format!("{} line {}: {} {rows}, as many as there are rows", sample.profile.file, kind.first_line, kind.tag))
        };
        sample.profile.behind.iter().filter_map(one).collect::<Vec<_>>()
    };
    evidence.samples.iter().flat_map(of)
}

/// What looks like a total, and rows without an amount.
fn totals(evidence: &Evidence, amount: &str) -> Vec<Question> {
    let mut questions = Vec::new();
    let of_groups = |total: &crate::profile::Total| total.over == Over::Block && total.difference.0 == 0;
    let mut totals: Vec<String> = evidence
        .samples
        .iter()
        .flat_map(|sample| sample.profile.totals.iter().map(move |total| (sample, total)))
        .filter(|(_, total)| !of_groups(total))
        .map(|(sample, total)| {
            let differs = if total.difference.0 == 0 {
                "as the rows add up".to_owned()
            } else {
                format!("{} more than the rows add up to", total.difference.text())
            };
            format!("{} line {}: {}, {differs}", sample.profile.file, total.line, total.printed.trim())
        })
        .collect();
    for sample in &evidence.samples {
        let lines: Vec<u64> = sample.profile.totals.iter().filter(|total| of_groups(total)).map(|total| total.line).collect();
        if let [first, .., last] = lines.as_slice() {
            totals.push(format!(
                "{}: {} sums of groups between lines {first} and {last}, as the rows add up",
                sample.profile.file,
                lines.len()
            ));
        } else if let [line] = lines.as_slice() {
            totals.push(format!("{} line {line}: the sum of a group, as the rows add up", sample.profile.file));
        }
    }
    totals.extend(counts(evidence));
    if !totals.is_empty() {
        let agrees = evidence.samples.iter().flat_map(|sample| &sample.profile.totals).all(|total| total.difference.0 == 0);
        let ask = "Is the printed total one that every file must agree with? no: it is left out, shown with its pounds and compared with \
                   nothing.";
        let question = Question::new("control", ask).seen(totals.join("; ")).choices([YES, NO]);
        questions.push(if agrees { question.default(YES) } else { question });
    }
    // Of two columns each row fills one.
    let is_one = amount_columns(evidence, amount).is_none_or(|(_, off)| off.is_none());
    let without: Vec<String> = evidence
        .samples
        .iter()
        .filter(|sample| is_one && sample.profile.rows.without_amount > 0)
        .map(|sample| {
            format!(
                "{}: {} (line {})",
                sample.profile.file,
                sample.profile.rows.without_amount,
                lines(&sample.profile.rows.without_amount_lines)
            )
        })
        .collect();
    if !without.is_empty() {
        let words = withheld::no_amounts(evidence, amount);
        let words: Vec<String> =
            words.iter().map(|(word, rows)| format!("{} say `{word}`", crate::domain::counted(*rows, "row"))).collect();
        questions.push(
            Question::new(
                "without_amount",
                "What are rows without an amount? left_out: no payments; quarantine: each is looked at by a person.",
            )
            .seen(without.into_iter().chain(words).chain(amounts_elsewhere(evidence)).collect::<Vec<_>>().join("; "))
            .choices(["left_out", "quarantine"])
            .default("quarantine"),
        );
    }
    let nil = evidence.samples.iter().any(|sample| sample.profile.left_out.iter().any(|left| left.reason == Reason::Nil));
    if nil || evidence.samples.iter().any(|sample| sample.profile.rows.data == 0) {
        questions.push(Question::new("empty", "Can a file be without rows?").seen("a sample has none").choices([YES, NO]).default(NO));
    }
    questions
}

/// That rows without an amount may have it in another column.
fn amounts_elsewhere(evidence: &Evidence) -> Vec<String> {
    let of = |number: usize| {
        let places = evidence.samples.get(number).into_iter().flat_map(|sample| &sample.profile.rows.amounts_elsewhere);
        places.filter_map(move |at| evidence.columns.iter().find(|seen| seen.place(number) == Some(*at)))
    };
    let say = |seen| format!("`{}` holds amounts in about as many rows: do columns stand elsewhere in these?", evidence.label(seen));
    let mut all: Vec<String> = (0..evidence.samples.len()).flat_map(of).map(say).collect();
    all.dedup();
    all
}

fn lines(lines: &[u64]) -> String {
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Amounts that are no whole pence.
fn parts_of_pennies(evidence: &Evidence, amount: &str) -> Vec<Question> {
    let Some((seen, off)) = amount_columns(evidence, amount) else { return Vec::new() };
    let facts: Vec<&Money> =
        [Some(seen), off].into_iter().flatten().flat_map(|seen| evidence.facts(seen)).filter_map(|c| c.money.as_ref()).collect();
    let (noise, parts): (u64, u64) = facts.iter().fold((0, 0), |(n, p), money| (n + money.noise, p + money.part_pennies));
    let mut questions = Vec::new();
    if noise > 0 {
        questions.push(
            Question::new(
                "noise",
                "May amounts within a millionth of a pound of a penny be read as that penny? It is the noise of a workbook's arithmetic.",
            )
            .seen(format!("{noise} such amounts; none is a real part of a penny"))
            .choices([YES, NO])
            .default(YES),
        );
    }
    if parts > 0 {
        questions.push(
            Question::new("part_pennies", "What becomes of real parts of a penny? Rounded, their sum is shown beside every proof.")
                .seen(format!("{parts} amounts with them"))
                .choices(["refuse", "half_even", "half_up"])
                .default("refuse"),
        );
    }
    questions
}

/// Words that are printed for nothing.
fn nothing_words(evidence: &Evidence) -> Option<Question> {
    let words: BTreeSet<&str> = evidence
        .columns
        .iter()
        .flat_map(|seen| evidence.facts(seen))
        .flat_map(|column| &column.null_words)
        .map(|(word, _)| word.as_str())
        .collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.trim().is_empty()).collect();
    (!words.is_empty()).then(|| {
        Question::new("nothing", "Which words stand for nothing? With commas between.").seen(words.join(", ")).default(words.join(", "))
    })
}

/// Which column is what to the common table.
fn roles(evidence: &Evidence, table: &Contract, amount: &str, date: Option<&Seen>) -> Question {
    let proposed = proposed_roles(evidence, table, amount, date);
    let list: Vec<String> = proposed.iter().map(|(target, label)| format!("{target}: {label}")).collect();
    let rest: Vec<String> =
        targets(table).into_iter().map(|(name, _)| name).filter(|name| !proposed.iter().any(|(target, _)| target == name)).collect();
    let missing = if rest.is_empty() { String::new() } else { format!("; of no column: {}", rest.join(", ")) };
    Question::new(
        "columns",
        format!("Is this what the columns are to {}? Another: columns.{} = its heading, or none.", table.name, first_target(table)),
    )
    .seen(format!("{}{missing}", list.join("; ")))
    .default(YES)
    .in_parts()
}

fn first_target(table: &Contract) -> String {
    targets(table).into_iter().next().map_or_else(|| "department".to_owned(), |(name, _)| name)
}

/// Target and label of the column, as the headings speak for it.
#[must_use]
pub fn proposed_roles(evidence: &Evidence, table: &Contract, amount: &str, date: Option<&Seen>) -> Vec<(String, String)> {
    let used = amount_columns(evidence, amount);
    let is_used = |seen: &Seen| {
        used.is_some_and(|(one, other)| std::ptr::eq(one, seen) || other.is_some_and(|other| std::ptr::eq(other, seen)))
            || date.is_some_and(|date| date.places == seen.places)
    };
    // Only what every sample has can be counted upon.
    let free: Vec<&Seen> = evidence.columns.iter().filter(|seen| !is_used(seen) && seen.places.iter().all(Option::is_some)).collect();
    let columns: Vec<(String, Type)> = free
        .iter()
        .map(|seen| {
            let kind = match evidence.kind(seen) {
                Kind::Money => Type::Money,
                Kind::Date => Type::Date,
                _ => Type::Text,
            };
            (seen.heading.clone(), kind)
        })
        .collect();
    // What looks personal goes nowhere where it would be published.
    let is_personal = |seen: &Seen| evidence.facts(seen).any(|column| column.personal.is_some());
    let keeps = |target: &str| table.column(target).is_some_and(|column| column.rules.personal.is_some());
    let found = guess(&targets(table), &columns).into_iter().filter_map(|(target, at)| Some((target, *free.get(at)?)));
    let may = found.filter(|(target, seen)| keeps(target) || !is_personal(seen));
    may.map(|(target, seen)| (target, evidence.label(seen))).collect()
}

/// The word of a contract for what looks personal in a column.
#[must_use]
pub fn personal_kind(column: &Column) -> Option<&'static str> {
    Some(match column.personal.as_ref()?.kind.as_str() {
        "name" => "name",
        "bank" => "bank",
        "ni_number" | "reference" => "id",
        "birth" | "salary" => "special",
        _ => "free_text",
    })
}

fn personal(evidence: &Evidence) -> Question {
    let found: Vec<String> = evidence
        .columns
        .iter()
        .filter_map(|seen| {
            let kind = evidence.facts(seen).find_map(personal_kind)?;
            let why = evidence.facts(seen).find_map(|column| column.personal.as_ref()).map(|personal| personal.why.clone())?;
            Some(format!("{}: {kind} ({why})", evidence.label(seen)))
        })
        .collect();
    let ask = "Is this what is personal? It is kept in the lake and never published. Another: `personal.HEADING` = name, id, bank, free_text or special; \
               drop: left out where the file is read; no: not personal.";
    let seen = if found.is_empty() { "nothing looks personal".to_owned() } else { found.join("; ") };
    Question::new("personal", ask).seen(seen).default(YES).in_parts()
}
