//! The words of one column of the contract to be: its type, how its values are printed, what is personal in it.

use super::{
    amounts::amount_columns,
    answers::{NO, YES},
    ask::personal_kind,
    draft::{DraftColumn, Drawn, dedup, quoted_in_list},
    evidence::{Sample, Seen},
    layout::line_length,
    looks::MONTHS,
    said::{can_read_date, knows_style, unknown_style},
    unit::{MILLIONS, OTHER_CURRENCY, PENCE, THOUSANDS},
    withheld,
};
use crate::{
    decode::overlapping_added,
    profile::{DATE_CELL, Format, Kind, Money, Profile},
    schema::{DateFormat, Type, date_format, words, written_otherwise},
};

/// Styles of money that are read from the start: of each text that they read there is no other reading. `CR` is none of them: on a list of
/// payments it may mark what was paid.
const UNMISTAKABLE: [&str; 7] = ["plain", "commas", "pound", "apart", "brackets", "minus_after", "unicode_minus"];

/// Of them those that bear a sign: where another column gives the sign, none of them is read unseen.
const SIGNED: [&str; 4] = ["apart", "brackets", "minus_after", "unicode_minus"];

/// What says where the point of a text stands, or how large it is: nothing else is read beside it unseen.
const ALONE: [&str; 4] = ["implied", "overpunch", "scientific", "rounded"];

/// Types of whole numbers.
const WHOLE: [Type; 4] = [Type::TinyInt, Type::SmallInt, Type::Integer, Type::BigInt];

impl Drawn<'_> {
    /// Where the column stands in a line of fixed width.
    pub(super) fn place_words(&self, seen: &Seen, column: &mut DraftColumn) {
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

    pub(super) fn type_of(&mut self, seen: &Seen, column: &mut DraftColumn, is_amount: bool, is_date: bool) {
        let wanted = column.target.as_ref().and_then(|target| self.table.column(target)).map(|column| column.kind);
        column.physical_type = "VARCHAR";
        if is_date || wanted == Some(Type::Date) {
            column.physical_type = "DATE";
            column.words.push(("formats", self.formats(seen)));
            let accepted =
                self.nothing_of(seen).next().is_some() || !withheld::no_dates(self.evidence, seen, &|key| self.said.of(key)).is_empty();
            column.required = is_date && self.evidence.is_full(seen) && !accepted;
        } else if is_amount || wanted == Some(Type::Money) || self.is_clean_money(seen) {
            column.physical_type = "DECIMAL(18,2)";
            column.words.push(("money", self.styles(seen, is_amount)));
            // Of two columns each row may fill one, and of months some: what is empty is no fault.
            let amount = self.said.of("amount");
            let is_one = amount_columns(self.evidence, &amount).is_none_or(|(_, off)| off.is_none());
            let every_row = if amount == MONTHS { self.evidence.is_full(seen) } else { is_one };
            column.required = is_amount && every_row && self.said.of("without_amount") != "left_out";
            if is_amount {
                self.amount_words(column, seen);
            }
        } else if let Some(whole) = wanted.filter(|kind| WHOLE.contains(kind)) {
            column.physical_type = whole.as_str();
            self.holds_whole_numbers(seen, column);
        }
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
        let ways = self.written_otherwise(seen, &formats);
        formats.extend(ways);
        format!("[{}]", formats.join(", "))
    }

    /// The same days written otherwise, as programs do from month to month: only where rows say which order it is, and only what reads no
    /// text of the others as another day.
    fn written_otherwise(&self, seen: &Seen, formats: &[String]) -> Vec<String> {
        let kinds: Vec<_> = self.evidence.facts(seen).filter_map(|column| column.dates.as_ref()).flat_map(|dates| &dates.kinds).collect();
        let day_first = kinds.iter().any(|kind| kind.day_first_only > 0) && kinds.iter().all(|kind| kind.month_first_only == 0);
        let mut taken: Vec<DateFormat> = formats.iter().filter_map(|text| date_format(text.trim_matches('"')).ok()).collect();
        let said = taken.len();
        let ways: Vec<DateFormat> = taken
            .iter()
            .filter(|format| day_first || format.text.starts_with("yyyy") || format.text.contains("mmm"))
            .flat_map(|format| written_otherwise(&format.text))
            .filter_map(|way| date_format(&way).ok())
            .collect();
        for way in ways {
            let one = std::slice::from_ref(&way);
            if taken.iter().all(|format| format.parts != way.parts) && overlapping_added(&taken, one).is_none() {
                taken.push(way);
            }
        }
        taken.iter().skip(said).map(|format| quoted_in_list(&format.text)).collect()
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
        // What a month of larger amounts has, or another setting of the same program: none of it can be mistaken.
        let is_free = self.evidence.samples.iter().all(|sample| sample.profile.format != Format::Fixed);
        let is_alone = |style: &String| ALONE.iter().any(|alone| style.starts_with(alone));
        if is_free && self.said.of("unit") != PENCE && !styles.iter().any(is_alone) {
            let has_sign = self.said.of("sign").starts_with("from ");
            let read = UNMISTAKABLE.iter().skip(1).filter(|style| !has_sign || !SIGNED.contains(style));
            styles.extend(read.map(|style| (*style).to_owned()));
        }
        match self.said.of("unit").as_str() {
            PENCE if needed => styles.push("implied(2)".to_owned()),
            THOUSANDS if needed => self.cannot.push(format!("amounts in thousands of pounds in `{}`", seen.heading)),
            MILLIONS if needed => self.cannot.push(format!("amounts in millions of pounds in `{}`", seen.heading)),
            OTHER_CURRENCY if needed => self.cannot.push(format!("amounts in another currency than pounds in `{}`", seen.heading)),
            _ => {}
        }
        dedup(&mut styles);
        if needed {
            for word in self.unknown_styles(seen) {
                self.cannot.push(unknown_style(&word, &seen.heading));
            }
        }
        styles.retain(|word| knows_style(word));
        format!("[{}]", styles.join(", "))
    }

    /// Whether VAT is in the amount, as was answered.
    fn includes_vat(&self) -> (&'static str, String) {
        let vat = match self.said.of("vat").as_str() {
            "net" => "\"no\"",
            "gross" => "\"yes\"",
            _ => "unknown",
        };
        ("includes_vat", vat.to_owned())
    }

    /// What was answered of an amount.
    pub(super) fn amount_words(&mut self, column: &mut DraftColumn, seen: &Seen) {
        column.words.push(self.includes_vat());
        let facts: Vec<&Money> = self.evidence.facts(seen).filter_map(|column| column.money.as_ref()).collect();
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
    pub(super) fn common_words(&mut self, seen: &Seen, column: &mut DraftColumn) {
        if !seen.aliases.is_empty() {
            let list: Vec<String> = seen.aliases.iter().map(|alias| quoted_in_list(alias)).collect();
            column.words.push(("aliases", format!("[{}]", list.join(", "))));
        }
        // Blanks around an amount or a day change nothing of it, and come and go with whoever saves the file.
        let is_typed = column.physical_type != "VARCHAR" && self.evidence.samples.iter().all(|s| s.profile.format == Format::Delimited);
        if is_typed || self.evidence.facts(seen).any(|facts| facts.padded > 0) {
            column.words.push(("trim", "true".to_owned()));
        }
        let mut of_column: Vec<String> = self.nothing_of(seen).map(|word| quoted_in_list(&word)).collect();
        if column.physical_type == "DATE" {
            of_column.extend(withheld::no_dates(self.evidence, seen, &|key| self.said.of(key)).iter().map(|word| quoted_in_list(word)));
        }
        if !of_column.is_empty() && column.physical_type != "DECIMAL(18,2)" {
            column.words.push(("null_words", format!("[\"\", {}]", of_column.join(", "))));
        }
        if let Some(kind) = self.personal(seen, column) {
            column.words.push(("personal", kind));
        }
        column.comment = self.comment(seen);
    }

    /// Words of the column that stand for nothing, as was answered.
    fn nothing_of<'s>(&'s self, seen: &'s Seen) -> impl Iterator<Item = String> + 's {
        let words: Vec<String> = self.said.of("nothing").split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect();
        let is_here = |word: &String| self.evidence.facts(seen).any(|facts| facts.null_words.iter().any(|(known, _)| known.trim() == word));
        words.into_iter().filter(is_here)
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
}
