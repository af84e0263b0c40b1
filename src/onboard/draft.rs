//! From evidence and answers to the feed as it is to be written: every column with its words, what is no row, controls, names of files.

use std::collections::BTreeMap;

use super::{
    amounts::{amount_columns, is_sum},
    answers::{Answers, NO, Question, YES, meant},
    ask::{Around, proposed_roles},
    currency,
    evidence::{EMPTY, Evidence, Seen},
    guarded,
    guess::{sql_name, targets},
    layout::{LAST_LINE_END, MIXED},
    looks::{MONTHS, month_columns},
    own_period,
    places::contract_of,
    rest,
    said::{cannot, controls},
    sign, spare,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes::command},
    domain::Day,
    profile::Profile,
    schema::{Contract, KnownLayout, Type, suggest::nearest, words},
};

/// A column of the contract to be.
#[derive(Clone, Debug, Default)]
pub struct DraftColumn {
    pub name: String,
    pub heading: String,
    pub physical_type: &'static str,
    pub required: bool,
    /// Words of its `truecost` property, each with its value as YAML.
    pub words: Vec<(&'static str, String)>,
    /// What was seen, and what was answered.
    pub comment: String,
    /// Column of the common table that it fills.
    pub target: Option<String>,
}

impl DraftColumn {
    /// Whether it is this column: of several with one heading, or without, that of its place.
    #[must_use]
    pub fn is_of(&self, seen: &Seen) -> bool {
        let word = |wanted: &str| self.words.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.clone());
        let at = seen.places.iter().flatten().next().map(|at| (at + 1).to_string());
        self.heading == seen.heading
            && word("occurrence") == seen.occurrence.map(|n| n.to_string())
            && (!seen.heading.trim().is_empty() || word("position") == at)
    }

    /// Whether it is left out where the file is read, so that nothing can be made of it.
    pub(super) fn is_dropped(&self) -> bool {
        self.words.iter().any(|(key, value)| *key == "personal" && value.contains("treat: drop"))
    }
}

/// A feed to be.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub council: String,
    pub feed: String,
    /// The first day of a later layout of the feed, `2025-09-01`; `None` of the first.
    pub from: Option<String>,
    pub into: String,
    /// Words of the whole file, each with its value as YAML and a comment.
    pub layout: Vec<(&'static str, String, String)>,
    pub columns: Vec<DraftColumn>,
    pub files: String,
    pub covers: String,
    /// `controls:` as YAML.
    pub controls: String,
    /// Controls against what a trailer prints.
    pub trailers: Vec<String>,
    /// Columns of months, each with its first day: every record makes a row of each.
    pub months: Vec<(String, String)>,
    /// Names of the date and the amount of the common table, where there are such columns.
    pub month_targets: (String, String),
    /// The layout that is known, whose contract it is.
    pub known: Option<KnownLayout>,
    pub credit_positive: bool,
    /// First day of what is read, `2025-04-01`.
    pub active_from: Option<String>,
    /// Feeds of the council that fill the same table in the same days with other rows.
    pub beside: Vec<String>,
    /// `expression AS column` of the SQL, in the order of the common table.
    pub select: Vec<(String, String)>,
    /// Row of `ownership_rule.csv`, if one is to be written.
    pub rule: Option<String>,
    /// Names of the samples, for comments.
    pub samples: Vec<String>,
}

impl Draft {
    /// The contract's column that stands there in a sample.
    #[must_use]
    pub fn column_at(&self, evidence: &Evidence, sample: usize, at: usize) -> Option<&DraftColumn> {
        self.column_of(evidence.columns.iter().find(|seen| seen.place(sample) == Some(at))?)
    }

    /// The contract's column that is this one; `None` where it has none.
    #[must_use]
    pub fn column_of(&self, seen: &Seen) -> Option<&DraftColumn> {
        self.columns.iter().find(|column| column.is_of(seen))
    }
}

/// Draws the feed up.
///
/// # Errors
/// TC0138 for what the files hold and no word of a contract can say; TC0137 for an answer that names no column.
pub fn draft(around: &Around<'_>, evidence: &Evidence, questions: &[Question], answers: &Answers) -> Answer<Draft> {
    let said = Said { questions, answers };
    let Some(table) = around.table(answers, &said.of("into")) else {
        return Err(cannot(evidence, vec!["the common table is not there".to_owned()]));
    };
    let mut drawn = Drawn { evidence, said: &said, table, cannot: Vec::new(), faults: Vec::new() };
    let mut draft = Draft {
        council: around.council.to_owned(),
        feed: around.feed.to_owned(),
        into: table.name.clone(),
        files: said.of("files"),
        covers: said.of("covers"),
        samples: evidence.samples.iter().map(|sample| sample.profile.file.clone()).collect(),
        active_from: basis_from(around, &table.name).map(|day| day.to_string()),
        ..Draft::default()
    };
    if let Some(known) = evidence.given.as_ref().and_then(|given| given.known) {
        drawn.known(known, &mut draft)?;
    } else {
        drawn.personal_answers();
        drawn.names_answers();
        drawn.columns(&mut draft);
        drawn.layout(&mut draft, around);
    }
    controls(&mut draft);
    drawn.select(&mut draft, around.calendar());
    if draft.known.is_none() {
        spare::may_be_absent(&mut draft);
    }
    match rest::rule(around, &draft, &|key| said.of(key)) {
        Ok(rule) => draft.rule = rule,
        Err(fault) => drawn.faults.push(*fault),
    }
    if !drawn.faults.is_empty() {
        // An answer is looked at more than once.
        let mut seen = std::collections::BTreeSet::new();
        drawn.faults.retain(|fault| seen.insert(fault.seen.clone()));
        return Err(Refusal(drawn.faults));
    }
    if !drawn.cannot.is_empty() {
        dedup(&mut drawn.cannot);
        return Err(cannot(evidence, drawn.cannot));
    }
    Ok(draft)
}

/// The day from which the council's costs come from this table.
#[must_use]
pub fn basis_from(around: &Around<'_>, table: &str) -> Option<Day> {
    let council = around.partnership.councils.iter().find(|known| *known.id == *around.council)?;
    let (span, _) = council.cost_basis.iter().find(|(_, basis)| basis.common_table() == table)?;
    span.from
}

/// Answers by their questions.
pub(super) struct Said<'a> {
    questions: &'a [Question],
    pub(super) answers: &'a Answers,
}

impl Said<'_> {
    /// The answer, or what the evidence speaks for; empty where nothing asks for it.
    pub(super) fn of(&self, key: &str) -> String {
        let question = self.questions.iter().find(|question| question.key == key);
        question.and_then(|question| self.answers.of(question)).unwrap_or_default().to_owned()
    }
}

/// A feed while it is drawn up.
pub(super) struct Drawn<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) said: &'a Said<'a>,
    pub(super) table: &'a Contract,
    /// What no word of a contract says.
    pub(super) cannot: Vec<String>,
    pub(super) faults: Vec<Diagnostic>,
}

impl<'a> Drawn<'a> {
    pub(super) fn date_seen(&self) -> Option<&'a Seen> {
        self.evidence.named(&self.said.of("date"))
    }

    pub(super) fn amounts(&mut self) -> Vec<&'a Seen> {
        let amount = self.said.of("amount");
        if amount == MONTHS {
            return month_columns(self.evidence).into_iter().map(|(seen, _, _)| seen).collect();
        }
        let Some((one, other)) = amount_columns(self.evidence, &amount) else {
            self.no_column("amount", &amount);
            return Vec::new();
        };
        let all: Vec<&'a Seen> = [Some(one), other].into_iter().flatten().collect();
        all.iter().for_each(|seen| self.holds_amounts(seen));
        all
    }

    /// Target of each column by its label, proposals and answers together.
    fn targets(&mut self) -> BTreeMap<String, String> {
        let proposed = proposed_roles(self.evidence, self.table, &self.said.of("amount"), self.date_seen());
        let mut by_target: BTreeMap<String, String> = proposed.into_iter().collect();
        let known: Vec<String> = targets(self.table).into_iter().map(|(name, _)| name).collect();
        let answers: Vec<(String, String)> = self.said.answers.below("columns").map(|(t, h)| (t.to_owned(), h.to_owned())).collect();
        for (target, heading) in answers {
            if !known.contains(&target) {
                let near = nearest(&target, known.iter().map(String::as_str));
                let fault = Diagnostic::new(
                    command::ANSWER,
                    format!("`columns.{}`: {} has no such column", target.escape_debug(), self.table.name),
                );
                self.faults.push(fault.expected(format!("one of {}", known.join(", "))).outcome("nothing was written").hint(meant(near)));
            } else if heading == "none" {
                by_target.remove(&target);
            } else if let Some(seen) = self.evidence.named(&heading) {
                let label = self.evidence.label(seen);
                by_target.retain(|_, known| *known != label);
                by_target.insert(target, label);
            } else {
                self.no_column(&format!("columns.{target}"), &heading);
            }
        }
        by_target.into_iter().map(|(target, label)| (label, target)).collect()
    }

    fn columns(&mut self, draft: &mut Draft) {
        let by_months = self.said.of("amount") == MONTHS;
        // Without a day and a period of their own, rows lie in what their file covers, where that is one period.
        let of_one = self.said.of("covers").contains("extent: one") || own_period::is_said(&self.said.of(own_period::KEY));
        if self.table.special.date.is_some() && self.date_seen().is_none() && !by_months && !of_one {
            self.cannot.push("a file of several months without a column of dates: rows have no month".to_owned());
        }
        let amounts = self.amounts();
        let date = self.date_seen();
        let by_label = self.targets();
        let currencies = currency::named(self.evidence, self.table, &|key| self.said.of(key));
        let is_sum = is_sum(self.evidence, &self.said.of("amount"));
        let mut taken: Vec<String> = Vec::new();
        for seen in self.evidence.columns.iter().collect::<Vec<&'a Seen>>() {
            let label = self.evidence.label(seen);
            let target = by_label.get(&label).cloned();
            let is_amount = amounts.iter().any(|amount| std::ptr::eq(*amount, seen));
            let is_date = date.is_some_and(|date| std::ptr::eq(date, seen));
            let is_currency = currencies.as_ref().is_some_and(|found| found.are(seen));
            let is_used = is_amount || is_date || target.is_some() || is_currency;
            let everywhere = seen.places.iter().all(Option::is_some);
            let is_label = self.is_label(seen);
            let is_used = is_used || (is_label && words::column_keys().contains(&"position"));
            // What nobody needs is left out where a contract could not name it, or not every file has it.
            if !is_used && (seen.heading.trim().is_empty() || seen.occurrence.is_some() || !everywhere) {
                continue;
            }
            if !everywhere {
                self.cannot.push(format!("the column `{label}`, which is needed, stands in some of the files only"));
            }
            if (seen.heading.trim().is_empty() || seen.occurrence.is_some()) && is_used && !words::column_keys().contains(&"position") {
                self.cannot.push(format!("a column that its heading does not tell apart: `{label}`"));
            }
            let at = seen.places.iter().flatten().next().copied().unwrap_or(0);
            let own = self.own_name((is_amount && amounts.len() == 1, is_date), target.as_deref());
            let name = own.filter(|name| !taken.contains(name)).unwrap_or_else(|| {
                let reserved: Vec<String> = taken.iter().cloned().chain(by_label.values().cloned()).chain(["amount".to_owned()]).collect();
                sql_name(&seen.heading, at, &reserved)
            });
            taken.push(name.clone());
            let mut column = DraftColumn { name, heading: seen.heading.clone(), target, ..DraftColumn::default() };
            if seen.heading.trim().is_empty() {
                column.words.push(("position", (at + 1).to_string()));
            } else if let Some(occurrence) = seen.occurrence {
                column.words.push(("occurrence", occurrence.to_string()));
            }
            self.type_of(seen, &mut column, is_amount, is_date);
            if !by_months && !is_sum {
                column.words.extend(side(&amounts, seen).map(|side| ("side", side.to_owned())));
            }
            self.place_words(seen, &mut column);
            self.common_words(seen, &mut column);
            self.only(seen, &mut column);
            draft.columns.push(column);
        }
        if by_months {
            let day = |(seen, year, month): (&Seen, i32, u8)| Some((name_of(draft, seen)?, format!("{year}-{month:02}-01")));
            draft.months = month_columns(self.evidence).into_iter().filter_map(day).collect();
        }
        self.sign_from(draft);
    }

    /// The words that a column may say which decides what counts; or those that it has for kinds of rows.
    fn only(&self, seen: &Seen, column: &mut DraftColumn) {
        let is_open = column.physical_type == "VARCHAR" && column.words.iter().all(|(key, _)| *key != "personal");
        let only = guarded::only((self.evidence, self.table), seen, &|key| self.said.of(key)).filter(|_| is_open);
        let of_sign = (self.said.of("amount"), self.said.of("sign"));
        let kinds = || sign::kinds(self.evidence, seen, (&of_sign.0, &of_sign.1)).filter(|_| is_open);
        column.words.extend(only.map(|words| ("only", words)).or_else(|| Some(("kinds", kinds()?))));
    }

    /// What the common table calls a column: its one amount, its date, or what it fills.
    fn own_name(&self, (is_amount, is_date): (bool, bool), target: Option<&str>) -> Option<String> {
        let special = &self.table.special;
        match (is_amount, is_date) {
            (true, _) => special.amount.as_deref(),
            (_, true) => special.date.as_deref(),
            _ => target,
        }
        .map(str::to_owned)
    }

    /// A layout that is known: its contract as it is shipped.
    fn known(&mut self, known: KnownLayout, draft: &mut Draft) -> Answer<()> {
        let by_label = self.targets();
        if self.said.answers.below("personal").next().is_some() {
            self.cannot.push(format!("answers below `personal` beside the layout `{}`: edit its contract once it is written", known.name));
        }
        let amounts = self.amounts();
        for column in contract_of(known)?.columns {
            let (name, heading, physical_type) = (column.name.to_string(), column.physical_name.clone(), column.kind.as_str());
            // What is personal in the layout goes nowhere where it would not be.
            let may = |target: &&String| column.rules.personal.is_none() || self.is_personal(target);
            let target = by_label.get(&heading).filter(may).cloned();
            let amount = amounts.iter().find(|seen| seen.heading == heading && column.kind == Type::Money);
            let is_text = column.kind == Type::Text && column.rules.personal.is_none();
            let mut column = DraftColumn { name, heading, physical_type, target, ..DraftColumn::default() };
            amount.into_iter().for_each(|seen| self.amount_words(&mut column, seen));
            let seen = self.evidence.columns.iter().find(|seen| is_text && column.is_of(seen));
            seen.into_iter().for_each(|seen| self.only(seen, &mut column));
            draft.columns.push(column);
        }
        self.sign_from(draft);
        draft.known = Some(known);
        let not_data = super::left_out::answered((self.evidence, self.table), draft, &|key| self.said.of(key));
        if !not_data.is_empty() {
            draft.layout.push(("not_data", format!("[{}]", not_data.join(", ")), "each is counted, with its reason".to_owned()));
        }
        Ok(())
    }

    fn is_personal(&self, target: &str) -> bool {
        self.table.column(target).is_some_and(|column| column.rules.personal.is_some())
    }

    /// Whether a record that is no row is told by what stands in this column, or the sign of the amount.
    fn is_label(&self, seen: &Seen) -> bool {
        if self.said.of("sign").strip_prefix("from ").is_some_and(|label| label == self.evidence.label(seen)) {
            return true;
        }
        let of = |(sample, at): (&super::evidence::Sample, &Option<usize>)| {
            at.is_some() && sample.profile.left_out.iter().any(|left| left.label.is_some() && left.label_at == *at)
        };
        self.evidence.samples.iter().zip(&seen.places).any(of)
    }

    /// The column whose words give the amount its sign.
    fn sign_from(&mut self, draft: &mut Draft) {
        let Some(flag) = self.said.of("sign").strip_prefix("from ").and_then(|label| self.evidence.named(label)).cloned() else { return };
        let Some(name) = name_of(draft, &flag) else { return };
        let word = |word: &str| if word == EMPTY { "\"\"".to_owned() } else { quoted_in_list(word) };
        let list = |key: &str| self.said.of(key).split(',').map(|said| word(said.trim())).collect::<Vec<_>>().join(", ");
        let words = format!("{{column: {name}, debit: [{}], credit: [{}]}}", list("debit"), list("credit"));
        let is_amount = |column: &&mut DraftColumn| column.words.iter().any(|(key, _)| *key == "includes_vat");
        draft.columns.iter_mut().filter(is_amount).for_each(|column| column.words.push(("sign_from", words.clone())));
        // A dash that is a sign stands for no nothing.
        let is_flag = |column: &&mut DraftColumn| column.name == name;
        draft.columns.iter_mut().filter(is_flag).for_each(|column| column.words.retain(|(key, _)| *key != "null_words"));
    }

    fn layout(&mut self, draft: &mut Draft, around: &Around<'_>) {
        draft.layout = super::layout::layout(self.evidence, self.said.of("control") != NO, &mut self.cannot);
        if !self.said.of("member").is_empty() {
            let member = serde_json::Value::from(self.said.of("member")).to_string();
            draft.layout.push(("member", member, "of the archive".to_owned()));
        }
        if self.said.of(LAST_LINE_END) == "absent" {
            draft.layout.push((LAST_LINE_END, "absent".to_owned(), "some samples have none".to_owned()));
        }
        if self.said.of(MIXED) == YES {
            draft.layout.push(("trust_encoding", "true".to_owned(), "they mix encodings".to_owned()));
        }
        let named = self.evidence.named_files(self.date_seen(), around.calendar());
        let inside = super::inside::inside(self.evidence, &named, around.calendar()).filter(|found| found.covers == draft.covers);
        let types = super::records::records(self.evidence, draft, &|key| self.said.of(key), inside.as_ref());
        draft.layout.extend(types);
        // A heading that nothing here names would refuse the file, be it in some samples only, or without a name.
        let in_contract = |seen: &&Seen| draft.columns.iter().any(|column| column.is_of(seen));
        let mut not_needed: Vec<String> =
            self.evidence.columns.iter().filter(|seen| !in_contract(seen)).map(|seen| self.evidence.label(seen)).collect();
        let without_name = |profile: &Profile| profile.columns.iter().any(|column| column.heading.trim().is_empty());
        let trailing = |profile: &Profile| profile.layout.trailing_delimiter;
        let ends = self.evidence.samples.iter().filter(|sample| trailing(&sample.profile)).count();
        // A delimiter that ends the lines of some samples only is there a column without a name.
        let some_end = ends > 0 && ends < self.evidence.samples.len();
        let unnamed = self.evidence.samples.iter().any(|sample| without_name(&sample.profile) && !trailing(&sample.profile)) || some_end;
        let is_named = draft.columns.iter().all(|column| !column.heading.trim().is_empty());
        if unnamed && is_named && not_needed.is_empty() {
            not_needed.push("columns without a heading and without values".to_owned());
        }
        if !not_needed.is_empty() {
            draft.layout.push(("extra_columns", "note".to_owned(), format!("not needed: {}", not_needed.join(", "))));
        }
        let left = super::left_out::left_out((self.evidence, self.table), draft, &|key| self.said.of(key), &mut self.cannot);
        draft.layout.extend(left);
        draft.layout.extend(super::adds_up::adds_up(self.evidence, draft));
    }
}

/// Of two columns that make one amount, which this one is.
fn side(amounts: &[&Seen], seen: &Seen) -> Option<&'static str> {
    match amounts {
        [whole, _] if std::ptr::eq(*whole, seen) => Some("debit"),
        [_, off] if std::ptr::eq(*off, seen) => Some("credit"),
        _ => None,
    }
}

/// The name of the column in the contract to be.
pub(super) fn name_of(draft: &Draft, seen: &Seen) -> Option<String> {
    draft.column_of(seen).map(|column| column.name.clone())
}

pub(super) fn dedup(words: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
}

/// A text in a list of YAML.
#[must_use]
pub fn quoted_in_list(text: &str) -> String {
    let quoted = super::answers::quoted(text);
    let plain = quoted.starts_with(|c: char| c.is_ascii_alphabetic()) && !quoted.contains(['(', ')']);
    if plain { quoted } else { serde_json::Value::from(text).to_string() }
}
