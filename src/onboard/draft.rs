//! From evidence and answers to the feed as it is to be written: every column with its words, what is no row, controls, names of files.

use std::collections::BTreeMap;

use super::{
    answers::{Answers, NO, Question, YES, meant},
    ask::{Around, amount_columns, personal_kind, proposed_roles},
    currency,
    evidence::{Evidence, Sample, Seen},
    guess::{sql_name, targets},
    layout::line_length,
    looks::{MONTHS, month_columns},
    places::contract_of,
    said::{can_read_date, cannot, controls, knows_style, or_nought},
    unit::{PENCE, THOUSANDS},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes::command},
    profile::{DATE_CELL, Format, Kind, Profile},
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
    /// `expression AS column` of the SQL, in the order of the common table.
    pub select: Vec<(String, String)>,
    /// Row of `ownership_rule.csv`, if one is to be written.
    pub rule: Option<String>,
    /// Names of the samples, for comments.
    pub samples: Vec<String>,
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
        active_from: active_from(around, &table.name),
        ..Draft::default()
    };
    if let Some(known) = evidence.given.as_ref().and_then(|given| given.known) {
        drawn.known(known, &mut draft)?;
    } else {
        drawn.columns(&mut draft);
        drawn.layout(&mut draft, around);
    }
    controls(&mut draft);
    drawn.select(&mut draft);
    draft.rule = drawn.rule(around, &draft);
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
fn active_from(around: &Around<'_>, table: &str) -> Option<String> {
    let council = around.partnership.councils.iter().find(|known| *known.id == *around.council)?;
    let (span, _) = council.cost_basis.iter().find(|(_, basis)| basis.common_table() == table)?;
    span.from.map(|day| day.to_string())
}

/// Answers by their questions.
struct Said<'a> {
    questions: &'a [Question],
    answers: &'a Answers,
}

impl Said<'_> {
    /// The answer, or what the evidence speaks for; empty where nothing asks for it.
    fn of(&self, key: &str) -> String {
        let question = self.questions.iter().find(|question| question.key == key);
        question.and_then(|question| self.answers.of(question)).unwrap_or_default().to_owned()
    }
}

struct Drawn<'a> {
    evidence: &'a Evidence,
    said: &'a Said<'a>,
    table: &'a Contract,
    /// What no word of a contract says.
    cannot: Vec<String>,
    faults: Vec<Diagnostic>,
}

impl<'a> Drawn<'a> {
    fn date_seen(&self) -> Option<&'a Seen> {
        self.evidence.named(&self.said.of("date"))
    }

    fn amounts(&mut self) -> Vec<&'a Seen> {
        let amount = self.said.of("amount");
        if amount == MONTHS {
            return month_columns(self.evidence).into_iter().map(|(seen, _, _)| seen).collect();
        }
        let Some((one, other)) = amount_columns(self.evidence, &amount) else {
            self.no_column("amount", &amount);
            return Vec::new();
        };
        [Some(one), other].into_iter().flatten().collect()
    }

    fn no_column(&mut self, key: &str, heading: &str) {
        let labels: Vec<String> = self.evidence.columns.iter().map(|seen| self.evidence.label(seen)).collect();
        let known: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        let near = nearest(heading, labels.iter().map(String::as_str));
        let fault =
            Diagnostic::new(command::ANSWER, format!("`{}` cannot be the answer to `{key}`: it is no column", heading.escape_debug()));
        self.faults.push(fault.expected(format!("one of {}", known.join(", "))).outcome("nothing was written").hint(meant(near)));
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
                let fault = Diagnostic::new(command::ANSWER, format!("`{}` is no column of {}", target.escape_debug(), self.table.name));
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
        // Without a day, rows lie in what their file covers, where that is one period.
        let of_one = self.said.of("covers").contains("extent: one");
        if self.table.special.date.is_some() && self.date_seen().is_none() && !by_months && !of_one {
            self.cannot.push("a file of several months without a column of dates: rows have no month".to_owned());
        }
        let amounts = self.amounts();
        let date = self.date_seen();
        let by_label = self.targets();
        let mut taken: Vec<String> = Vec::new();
        let columns: Vec<&'a Seen> = self.evidence.columns.iter().collect();
        for seen in columns {
            let label = self.evidence.label(seen);
            let target = by_label.get(&label).cloned();
            let is_amount = amounts.iter().any(|amount| std::ptr::eq(*amount, seen));
            let is_date = date.is_some_and(|date| std::ptr::eq(date, seen));
            let is_currency = currency::is_it(self.evidence, self.table, &self.said.of("currency"), seen);
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
            let own = self.own_name((is_amount && amounts.len() == 1, is_date), target.as_deref());
            let name = own.filter(|name| !taken.contains(name)).unwrap_or_else(|| {
                let reserved: Vec<String> = taken.iter().cloned().chain(by_label.values().cloned()).chain(["amount".to_owned()]).collect();
                sql_name(&seen.heading, seen.places.iter().flatten().next().copied().unwrap_or(0), &reserved)
            });
            taken.push(name.clone());
            let mut column = DraftColumn { name, heading: seen.heading.clone(), target, ..DraftColumn::default() };
            if seen.heading.trim().is_empty() {
                let at = seen.places.iter().flatten().next().copied().unwrap_or(0);
                column.words.push(("position", (at + 1).to_string()));
            } else if let Some(occurrence) = seen.occurrence {
                column.words.push(("occurrence", occurrence.to_string()));
            }
            self.type_of(seen, &mut column, is_amount, is_date);
            if let [whole, off] = amounts.as_slice()
                && !by_months
            {
                let side = if std::ptr::eq(*whole, seen) {
                    Some("debit")
                } else if std::ptr::eq(*off, seen) {
                    Some("credit")
                } else {
                    None
                };
                column.words.extend(side.map(|side| ("side", side.to_owned())));
            }
            self.place_words(seen, &mut column);
            self.common_words(seen, &mut column);
            column.words.extend(currency::only(self.evidence, self.table).filter(|_| is_currency).map(|words| ("only", words)));
            draft.columns.push(column);
        }
        if by_months {
            let day = |(seen, year, month): (&Seen, i32, u8)| Some((name_of(draft, seen)?, format!("{year}-{month:02}-01")));
            draft.months = month_columns(self.evidence).into_iter().filter_map(day).collect();
        }
        self.sign_from(draft);
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

    /// Where the column stands in a line of fixed width.
    fn place_words(&self, seen: &Seen, column: &mut DraftColumn) {
        let Some(profile) = self.evidence.samples.first().map(|sample| &sample.profile) else { return };
        let place = seen.places.first().copied().flatten().and_then(|at| profile.layout.places.get(at));
        let Some((from, to)) = place.filter(|_| profile.format == Format::Fixed) else { return };
        // The last column of a printed report goes on to the end of the line.
        let is_last = profile.layout.places.iter().all(|(_, other)| other <= to) && !profile.layout.given;
        let profiles: Vec<&Profile> = self.evidence.samples.iter().map(|sample| &sample.profile).collect();
        let to = if is_last { line_length(&profiles).max(*to) } else { *to };
        column.words.push(("from", from.to_string()));
        column.words.push(("to", to.to_string()));
    }

    /// A layout that is known: its contract as it is shipped.
    fn known(&mut self, known: KnownLayout, draft: &mut Draft) -> Answer<()> {
        let by_label = self.targets();
        if self.said.answers.below("personal").next().is_some() {
            self.cannot.push(format!("answers below `personal` beside the layout `{}`: edit its contract once it is written", known.name));
        }
        for column in contract_of(known)?.columns {
            let physical_type = if column.kind == Type::Money { "DECIMAL(18,2)" } else { "VARCHAR" };
            let (name, heading) = (column.name.to_string(), column.physical_name.clone());
            // What is personal in the layout goes nowhere where it would not be.
            let may = |target: &&String| column.rules.personal.is_none() || self.is_personal(target);
            let target = by_label.get(&heading).filter(may).cloned();
            draft.columns.push(DraftColumn { name, heading, physical_type, target, ..DraftColumn::default() });
        }
        draft.known = Some(known);
        Ok(())
    }

    fn is_personal(&self, target: &str) -> bool {
        self.table.column(target).is_some_and(|column| column.rules.personal.is_some())
    }

    /// Whether a record that is no row is told by what stands in this column.
    fn is_label(&self, seen: &Seen) -> bool {
        let of = |(sample, at): (&super::evidence::Sample, &Option<usize>)| {
            at.is_some() && sample.profile.left_out.iter().any(|left| left.label.is_some() && left.label_at == *at)
        };
        self.evidence.samples.iter().zip(&seen.places).any(of)
    }

    /// The column whose words give the amount its sign.
    fn sign_from(&mut self, draft: &mut Draft) {
        let Some(flag) = self.said.of("sign").strip_prefix("from ").and_then(|label| self.evidence.named(label)).cloned() else { return };
        let Some(name) = name_of(draft, &flag) else { return };
        let list = |key: &str| self.said.of(key).split(',').map(|word| quoted_in_list(word.trim())).collect::<Vec<_>>().join(", ");
        let words = format!("{{column: {name}, debit: [{}], credit: [{}]}}", list("debit"), list("credit"));
        let is_amount = |column: &&mut DraftColumn| column.words.iter().any(|(key, _)| *key == "includes_vat");
        draft.columns.iter_mut().filter(is_amount).for_each(|column| column.words.push(("sign_from", words.clone())));
    }

    fn type_of(&mut self, seen: &Seen, column: &mut DraftColumn, is_amount: bool, is_date: bool) {
        let wanted = column.target.as_ref().and_then(|target| self.table.column(target)).map(|column| column.kind);
        column.physical_type = "VARCHAR";
        if is_date || wanted == Some(Type::Date) {
            column.physical_type = "DATE";
            column.words.push(("formats", self.formats(seen)));
            column.required = is_date && self.is_full(seen);
        } else if is_amount || wanted == Some(Type::Money) || self.is_clean_money(seen) {
            column.physical_type = "DECIMAL(18,2)";
            column.words.push(("money", self.styles(seen, is_amount)));
            // Of two columns each row may fill one, and of months some: what is empty is no fault.
            let amount = self.said.of("amount");
            let is_one = amount_columns(self.evidence, &amount).is_none_or(|(_, off)| off.is_none());
            let every_row = if amount == MONTHS { self.is_full(seen) } else { is_one };
            column.required = is_amount && every_row && self.said.of("without_amount") != "left_out";
            if is_amount {
                self.amount_words(column, seen);
            }
        }
    }

    /// Whether every row of every sample holds it.
    fn is_full(&self, seen: &Seen) -> bool {
        self.evidence.facts(seen).all(|column| column.filled.rows == column.filled.of)
    }

    /// Amounts beside the one that counts: their sums stand in the proof.
    fn is_clean_money(&self, seen: &Seen) -> bool {
        self.evidence.kind(seen) == Kind::Money
            && self
                .evidence
                .facts(seen)
                .filter_map(|column| column.money.as_ref())
                .all(|money| money.noise + money.part_pennies + money.others == 0)
            && self.unknown_styles(seen).is_empty()
    }

    fn formats(&mut self, seen: &Seen) -> String {
        let mut formats: Vec<String> = Vec::new();
        for kind in self.evidence.facts(seen).filter_map(|column| column.dates.as_ref()).flat_map(|dates| &dates.kinds) {
            match &kind.word {
                Some(word) if can_read_date(word) => formats.push(quoted_in_list(word)),
                // A cell that is shown as a date is one, whatever `formats` says.
                None if kind.printed == DATE_CELL => {}
                _ => self.cannot.push(format!("dates written {} in `{}` ({} rows)", kind.printed, seen.heading, kind.rows)),
            }
        }
        dedup(&mut formats);
        if formats.is_empty() {
            // Texts among the cells would be seen in the sample; of those to come only what nobody can mistake is read.
            formats.push("yyyy-mm-dd".to_owned());
        }
        format!("[{}]", formats.join(", "))
    }

    fn all_styles(&self, seen: &Seen) -> Vec<String> {
        let facts = self.evidence.facts(seen).filter_map(|column| column.money.as_ref());
        let mut styles: Vec<String> = facts.flat_map(|money| money.styles.iter().map(|(word, _)| word.clone())).collect();
        styles.retain(|word| word != "minus" && word != "padded");
        for word in &mut styles {
            if word == "dash_nought" {
                "accounting".clone_into(word); // the dash for nought is the mark of that style
            }
        }
        dedup(&mut styles);
        styles
    }

    fn unknown_styles(&self, seen: &Seen) -> Vec<String> {
        self.all_styles(seen).into_iter().filter(|word| !knows_style(word)).collect()
    }

    fn styles(&mut self, seen: &Seen, needed: bool) -> String {
        let mut styles = vec!["plain".to_owned()];
        styles.extend(self.all_styles(seen));
        // A total is longer than any of its rows: it may have groups where no row has one.
        let is_total =
            |sample: &Sample, at: usize| sample.profile.totals.iter().any(|total| total.column == at && total.printed.contains(','));
        if self.evidence.samples.iter().zip(&seen.places).any(|(sample, at)| at.is_some_and(|at| is_total(sample, at))) {
            styles.push("commas".to_owned());
        }
        match self.said.of("unit").as_str() {
            PENCE if needed => styles.push("implied(2)".to_owned()),
            THOUSANDS if needed => self.cannot.push(format!("amounts in thousands of pounds in `{}`", seen.heading)),
            _ => {}
        }
        dedup(&mut styles);
        if needed {
            for word in self.unknown_styles(seen) {
                self.cannot.push(format!("amounts of the style {word} in `{}`", seen.heading));
            }
        }
        styles.retain(|word| knows_style(word));
        format!("[{}]", styles.join(", "))
    }

    fn amount_words(&mut self, column: &mut DraftColumn, seen: &Seen) {
        let vat = match self.said.of("vat").as_str() {
            "net" => "\"no\"",
            "gross" => "\"yes\"",
            _ => "unknown",
        };
        column.words.push(("includes_vat", vat.to_owned()));
        let facts: Vec<&crate::profile::Money> = self.evidence.facts(seen).filter_map(|column| column.money.as_ref()).collect();
        let (noise, parts) = (facts.iter().any(|m| m.noise > 0), facts.iter().any(|m| m.part_pennies > 0));
        let decimals = facts.iter().map(|money| money.decimals).max().unwrap_or(2);
        if noise && self.said.of("noise") == YES {
            self.word_if_known(column, "noise", "0.000001".to_owned(), "noise of a workbook");
        }
        let round = self.said.of("part_pennies");
        if parts && round.starts_with("half") {
            self.word_if_known(column, "decimals", decimals.clamp(3, 6).to_string(), "parts of a penny");
            self.word_if_known(column, "round", round, "parts of a penny");
        }
    }

    fn word_if_known(&mut self, column: &mut DraftColumn, key: &'static str, value: String, what: &str) {
        if words::column_keys().contains(&key) {
            column.words.push((key, value));
        } else {
            self.cannot.push(format!("{what} in `{}`", column.heading));
        }
    }

    /// Words that any column may have: aliases, blanks, words for nothing, what is personal.
    fn common_words(&mut self, seen: &Seen, column: &mut DraftColumn) {
        if !seen.aliases.is_empty() {
            let list: Vec<String> = seen.aliases.iter().map(|alias| quoted_in_list(alias)).collect();
            column.words.push(("aliases", format!("[{}]", list.join(", "))));
        }
        if self.evidence.facts(seen).any(|facts| facts.padded > 0) {
            column.words.push(("trim", "true".to_owned()));
        }
        let nothing = self.said.of("nothing");
        let words: Vec<&str> = nothing.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        let of_column: Vec<String> = words
            .iter()
            .filter(|word| self.evidence.facts(seen).any(|facts| facts.null_words.iter().any(|(known, _)| known.trim() == **word)))
            .map(|word| quoted_in_list(word))
            .collect();
        if !of_column.is_empty() && column.physical_type != "DECIMAL(18,2)" {
            column.words.push(("null_words", format!("[\"\", {}]", of_column.join(", "))));
        }
        if let Some(kind) = self.personal(seen, column) {
            column.words.push(("personal", kind));
        }
        column.comment = self.comment(seen);
    }

    fn personal(&self, seen: &Seen, column: &DraftColumn) -> Option<String> {
        let said = self
            .said
            .answers
            .below("personal")
            .find(|(heading, _)| self.evidence.named(heading).is_some_and(|named| std::ptr::eq(named, seen)));
        let target = column.target.as_ref().and_then(|target| self.table.column(target));
        let of_target = target.and_then(|target| target.rules.personal.as_ref()).map(|personal| personal.kind.as_str());
        let proposed = self.evidence.facts(seen).find_map(personal_kind).or(of_target);
        match said.map(|(_, kind)| kind) {
            Some(NO) => None,
            Some("drop") => Some(format!("{{kind: {}, treat: drop}}", proposed.unwrap_or("free_text"))),
            Some(kind) => Some(format!("{{kind: {kind}}}")),
            None => proposed.map(|kind| format!("{{kind: {kind}}}")),
        }
    }

    /// What was seen of the column, in a few words and without a value.
    fn comment(&self, seen: &Seen) -> String {
        let facts: Vec<&crate::profile::Column> = self.evidence.facts(seen).collect();
        let (rows, of) = facts.iter().fold((0, 0), |(rows, of), column| (rows + column.filled.rows, of + column.filled.of));
        let mut said = if rows == of { format!("in all {of} rows") } else { format!("in {rows} of {of} rows") };
        if facts.iter().any(|column| column.leading_noughts > 0) {
            said.push_str("; codes that begin with 0");
        }
        let noise: u64 = facts.iter().filter_map(|column| column.money.as_ref()).map(|money| money.noise).sum();
        if noise > 0 {
            said.push_str(&format!("; noise in {noise}"));
        }
        said
    }

    fn layout(&mut self, draft: &mut Draft, around: &Around<'_>) {
        draft.layout = super::layout::layout(self.evidence, &mut self.cannot);
        if !self.said.of("member").is_empty() {
            let member = serde_json::Value::from(self.said.of("member")).to_string();
            draft.layout.push(("member", member, "of the archive".to_owned()));
        }
        let named = self.evidence.named_files(self.date_seen(), around.calendar());
        let inside = super::inside::inside(self.evidence, &named, around.calendar()).filter(|found| found.covers == draft.covers);
        let types = super::records::records(self.evidence, draft, &|key| self.said.of(key), inside.as_ref());
        draft.layout.extend(types);
        // A heading that nothing here names would refuse the file, be it in some samples only, or without a name.
        let in_contract = |seen: &&Seen| draft.columns.iter().any(|column| column.heading == seen.heading);
        let mut not_needed: Vec<String> =
            self.evidence.columns.iter().filter(|seen| !in_contract(seen)).map(|seen| self.evidence.label(seen)).collect();
        let without_name = |profile: &crate::profile::Profile| profile.columns.iter().any(|column| column.heading.trim().is_empty());
        let trailing = |profile: &crate::profile::Profile| profile.layout.trailing_delimiter;
        let unnamed = self.evidence.samples.iter().any(|sample| without_name(&sample.profile) && !trailing(&sample.profile));
        let is_named = draft.columns.iter().all(|column| !column.heading.trim().is_empty());
        if unnamed && is_named && not_needed.is_empty() {
            not_needed.push("columns without a heading and without values".to_owned());
        }
        if !not_needed.is_empty() {
            draft.layout.push(("extra_columns", "note".to_owned(), format!("not needed: {}", not_needed.join(", "))));
        }
        let left = super::left_out::left_out((self.evidence, self.table), draft, &|key| self.said.of(key), &mut self.cannot);
        draft.layout.extend(left);
    }

    fn select(&mut self, draft: &mut Draft) {
        let negative = self.said.of("sign") == "cost_negative";
        draft.credit_positive = negative;
        let amounts = self.amounts();
        let names: Vec<String> = amounts.iter().filter_map(|seen| name_of(draft, seen)).collect();
        let mut select = Vec::new();
        let balance = format!("'{}'", if self.said.of("balance").is_empty() { "actual".to_owned() } else { self.said.of("balance") });
        for column in &self.table.columns {
            let name = column.name.to_string();
            if self.table.special.date.as_deref() == Some(&*name) {
                select.extend(self.date_seen().and_then(|seen| name_of(draft, seen)).map(|from| (from, name)));
            } else if self.table.special.amount.as_deref() == Some(&*name) {
                let sign = if negative { "-" } else { "" };
                match names.as_slice() {
                    [one] => select.push((format!("{sign}{one}"), name)),
                    _ if !draft.months.is_empty() => {}
                    [whole, off] => select.push((format!("{} - {}", or_nought(draft, whole), or_nought(draft, off)), name)),
                    _ => {}
                }
            } else if let Some(from) = draft.columns.iter().find(|from| from.target.as_deref() == Some(&*name)) {
                select.push((from.name.clone(), name));
            } else if let Some((_, constant)) =
                [("balance_type", balance.as_str()), ("currency", "'GBP'")].iter().find(|(known, _)| *known == name)
            {
                select.push(((*constant).to_owned(), name));
            }
        }
        draft.select = select;
        let name = |special: &Option<crate::domain::Identifier>| special.as_deref().map(str::to_owned).unwrap_or_default();
        draft.month_targets = (name(&self.table.special.date), name(&self.table.special.amount));
    }

    /// `ashvale_default,…`: what no other rule covers is the council's own.
    fn rule(&mut self, around: &Around<'_>, draft: &Draft) -> Option<String> {
        if self.said.of("rest") != "retained" {
            return None;
        }
        let (author, approver) = (self.said.of("author"), self.said.of("approver"));
        if author.is_empty() || approver.is_empty() || author == approver {
            self.faults.push(
                Diagnostic::new(command::ANSWER, "a rule needs who wrote it and who approved it, and these are two persons")
                    .expected("`author` and `approver`")
                    .outcome("nothing was written")
                    .hint("--answer author=NAME --answer approver=NAME, or --answer rest=suspense"),
            );
        }
        let from = draft.active_from.clone().unwrap_or_else(|| "2014-04-01".to_owned());
        let council = around.council;
        Some(format!(
            "{council}_default,{council},,,,,,{from},,retained,none,,what no other rule covers is the council's own,{author},{approver}"
        ))
    }
}

/// The name of the column in the contract to be.
fn name_of(draft: &Draft, seen: &Seen) -> Option<String> {
    draft.columns.iter().find(|column| column.heading == seen.heading).map(|column| column.name.clone())
}

fn dedup(words: &mut Vec<String>) {
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
