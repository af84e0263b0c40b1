//! What a file held: every record accounted for, and its pounds.

use std::collections::BTreeMap;

use super::{
    adds_up::Added,
    amounts::FormSums,
    faults,
    header::Header,
    judge::Judge,
    labels::{Labelled, Labels},
    left_out::{Left, LeftOut},
    middle::{InMiddle, Running},
    records::ControlRecord,
    text::lines::LineEnds,
    totals::{Edges, LooksTotal},
    twice::Twice,
    value::{
        part_pennies::{NoiseTally, printed},
        seen::AmountsSeen,
        sides::Sides,
    },
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal},
    domain::{Identifier, Label, Pence, printable},
    schema::ExtraColumns,
};

/// Counts and sums over the records of a file. Parts of it are added in the order of their chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub accepted: u64,
    pub rejected: u64,
    /// Rows of delimiters only.
    pub blank: u64,
    /// Lines before the header that are no control records.
    pub preamble: u64,
    /// Rows that are declared not to be data, by their reason.
    pub not_data: BTreeMap<String, u64>,
    /// Control records by their tag.
    pub controls: BTreeMap<String, u64>,
    /// Rows of printed totals.
    pub footers: u64,
    /// One for each money column, in the contract's order.
    pub sums: Vec<ColumnSum>,
    /// Named fields of control records, as printed.
    pub trailer: BTreeMap<String, String>,
    /// Printed totals by their name; one that was left empty is nought.
    pub footer: BTreeMap<String, FooterTotal>,
    /// For each [`super::BalanceBy`], the groups whose sum so far is not nought, in millionths of a pound.
    pub unbalanced: Vec<BTreeMap<String, Pence>>,
    /// The same groups, over the rejected rows alone.
    pub(super) rejected_groups: Vec<BTreeMap<String, Pence>>,
    /// The sender's amounts by the judge's form; nought where it has none.
    pub form: FormSums,
    /// Control records themselves: the first of every tag, and more where a tag must stand only once.
    pub control_records: Vec<ControlRecord>,
    /// Everything that is no row, by its reason, with what it holds.
    pub left_out: BTreeMap<Left, LeftOut>,
    pub(super) labels: Labels,
    /// For each sum that the contract promises on every row, what the rows hold of it.
    pub adds_up: Vec<Added>,
    /// Accepted rows with an amount other than nought.
    pub with_amount: u64,
    /// The outermost of them.
    pub(super) edges: Edges,
    /// Outermost rows look like totals that nobody declared. Known once the whole file was read.
    pub looks_total: Option<LooksTotal>,
    /// A row amid the others looks like a total that nobody declared. Known once the whole file was read.
    pub in_middle: Option<InMiddle>,
    pub(super) running: Running,
    pub(super) twice: Twice,
    /// The last record of the file has no line end.
    pub open_end: bool,
    /// The same, and it is neither a control record, the footer nor blank: it may have been cut.
    pub maybe_cut: bool,
    /// For each column that the contract does not know, the values that rows hold in it.
    pub extra: Vec<u64>,
    /// Records from whose beginning byte order marks were taken off: count, and the first line.
    pub marks: Option<(u64, u64)>,
    /// The file ended with the Ctrl-Z of CP/M and MS-DOS, which was taken off.
    pub ctrl_z: bool,
    /// Bytes of the line end where the declared length of a line counts it; else 0. Known once the whole file was read.
    pub(super) counted_line_end: usize,
    pub(super) footer_lines: Vec<u64>,
    pub(super) line_ends: LineEnds,
    /// Values of each column from which padding was taken off.
    pub(super) padded: Vec<u64>,
    /// Amounts of each money column that were printed in more than the plainest style.
    pub(super) styled: Vec<u64>,
    /// For each column and date format that has a rival, the first line read by it.
    pub(super) contested: BTreeMap<(usize, u8), u64>,
}

/// Sum of one money column, rows accepted and rejected apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSum {
    pub column: Identifier,
    pub accepted: Sides,
    /// Over those amounts of rejected rows that could be read.
    pub rejected: Sides,
    /// Rejected rows whose amount could not be read.
    pub unread: u64,
    /// What rounding took off the accepted rows, in millionths of a pound: what was printed less what counts.
    pub residue: Sides,
    /// The same of the rejected rows.
    pub rejected_residue: Sides,
    /// Values of all rows that were read through noise.
    pub noise: NoiseTally,
    /// How the amounts of all rows are printed and signed.
    pub seen: AmountsSeen,
}

impl ColumnSum {
    /// What the rows printed, accepted and rejected ones, in millionths of a pound: as far as it could be read.
    #[must_use]
    pub const fn printed(&self) -> Pence {
        printed(self.accepted.net() + self.rejected.net(), self.residue.net() + self.rejected_residue.net())
    }
}

/// A printed total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FooterTotal {
    /// As printed, without blanks around it.
    pub text: String,
    /// In millionths of a pound, read as the values of its column are; `None` where the column is no money column and the text no plain
    /// amount.
    pub millionths: Option<Pence>,
}

/// Lines of doubled records that are remembered for the message.
const REMEMBERED: usize = 3;

impl Tally {
    pub(super) fn new(judge: &Judge) -> Self {
        let sum = |at: usize| {
            let column = judge.plans.get(at).map(|plan| plan.name.clone())?;
            let (accepted, rejected, none) = (Sides::default(), Sides::default(), Sides::default());
            let (noise, seen) = (NoiseTally::default(), AmountsSeen::default());
            Some(ColumnSum { column, accepted, rejected, unread: 0, residue: none, rejected_residue: none, noise, seen })
        };
        Self {
            sums: judge.money_columns().filter_map(sum).collect(),
            unbalanced: vec![BTreeMap::new(); judge.balances.len()],
            rejected_groups: vec![BTreeMap::new(); judge.balances.len()],
            padded: vec![0; judge.plans.len()],
            styled: vec![0; judge.money_columns().count()],
            adds_up: vec![Added::default(); judge.adds_up.len()],
            ..Self::default()
        }
    }

    /// Where a row of totals stands, for the message that there are several.
    pub(super) fn remember_footer(&mut self, line: u64) {
        self.footer_lines.push(line);
        self.footer_lines.sort_unstable();
        self.footer_lines.truncate(REMEMBERED);
    }

    /// Byte order marks at the beginning of `count` records, the first of them on `line`.
    pub(super) fn count_marks(&mut self, count: u64, line: u64) {
        let (known, first) = self.marks.unwrap_or((0, line));
        self.marks = Some((known + count, first.min(line)));
    }

    /// Adds what the next chunk held.
    pub fn add(&mut self, mut next: Self) {
        self.running.add(&std::mem::take(&mut next.running));
        self.twice.add(&std::mem::take(&mut next.twice));
        if self.sums.is_empty() && self.padded.is_empty() {
            // An empty tally to begin with.
            let (running, twice) = (std::mem::take(&mut self.running), std::mem::take(&mut self.twice));
            *self = Self { running, twice, ..next };
            return;
        }
        self.accepted += next.accepted;
        self.rejected += next.rejected;
        self.blank += next.blank;
        self.preamble += next.preamble;
        self.footers += next.footers;
        self.open_end |= next.open_end;
        self.maybe_cut |= next.maybe_cut;
        self.with_amount += next.with_amount;
        self.edges.add(next.edges);
        self.extra.iter_mut().zip(next.extra).for_each(|(sum, more)| *sum += more);
        if let Some((count, line)) = next.marks {
            self.count_marks(count, line);
        }
        next.left_out.into_iter().for_each(|(left, out)| self.leave_out(left, out));
        self.ctrl_z |= next.ctrl_z;
        self.form.add(next.form);
        self.labels.add(next.labels);
        self.adds_up.iter_mut().zip(&next.adds_up).for_each(|(sum, more)| sum.add(more));
        self.line_ends.add(next.line_ends);
        next.not_data.into_iter().for_each(|(reason, count)| *self.not_data.entry(reason).or_default() += count);
        next.controls.into_iter().for_each(|(tag, count)| *self.controls.entry(tag).or_default() += count);
        next.control_records.into_iter().for_each(|record| self.remember(record));
        self.trailer.extend(next.trailer);
        self.footer.extend(next.footer);
        next.footer_lines.into_iter().for_each(|line| self.remember_footer(line));
        for (sum, more) in self.sums.iter_mut().zip(next.sums) {
            sum.accepted.add(more.accepted);
            sum.rejected.add(more.rejected);
            sum.unread += more.unread;
            sum.residue.add(more.residue);
            sum.rejected_residue.add(more.rejected_residue);
            sum.noise.add(more.noise);
            sum.seen = sum.seen.plus(more.seen);
        }
        let balances = self.unbalanced.iter_mut().chain(&mut self.rejected_groups);
        for (groups, more) in balances.zip(next.unbalanced.into_iter().chain(next.rejected_groups)) {
            for (group, pence) in more {
                balance(groups, group, pence);
            }
        }
        self.padded.iter_mut().zip(next.padded).for_each(|(sum, more)| *sum += more);
        self.styled.iter_mut().zip(next.styled).for_each(|(sum, more)| *sum += more);
        next.contested.into_iter().for_each(|(key, line)| {
            self.contested.entry(key).or_insert(line);
        });
    }

    /// Groups of a [`super::BalanceBy`] whose sum is not nought: over all rows; or where these hold, over the accepted rows alone, which
    /// are what is taken in. In millionths of a pound, as the file says them.
    #[must_use]
    pub fn out_of_balance(&self, at: usize) -> BTreeMap<String, Pence> {
        match (self.unbalanced.get(at), self.rejected_groups.get(at)) {
            (Some(all), Some(rejected)) if all.is_empty() => rejected.iter().map(|(group, pence)| (group.clone(), -pence)).collect(),
            (all, _) => all.cloned().unwrap_or_default(),
        }
    }

    /// Accepted rows that call themselves no movement, each with the position of the column that says so.
    pub fn labelled(&self) -> impl Iterator<Item = (usize, Label, &Labelled)> {
        self.labels.of_file(self.accepted)
    }

    /// Whether every record stands in the file an even number of times.
    #[must_use]
    pub fn each_twice(&self) -> bool {
        self.twice.is_all()
    }

    /// Records after and before the header that are no preamble: accepted + rejected + blank + declared non-data.
    #[must_use]
    pub fn records(&self) -> u64 {
        let not_data: u64 = self.not_data.values().chain(self.controls.values()).sum();
        self.accepted + self.rejected + self.blank + self.footers + not_data
    }

    /// The tally of the whole file, with what stood before the header, once every chunk was added.
    ///
    /// # Errors
    /// TC0202 where there is no row, TC0216 and TC0217 where a control record or a row of totals is missing or doubled,
    /// TC0218 where dates of both orders stand in one column.
    pub fn finish(mut self, judge: &Judge, header: &Header) -> Answer<Self> {
        if self.sums.is_empty() && self.padded.is_empty() {
            self = Self::new(judge);
        }
        self.preamble += header.preamble.iter().filter(|line| !line.is_control).count() as u64;
        header.marks.iter().for_each(|line| self.count_marks(1, *line));
        self.extra.resize(header.extra.len(), 0);
        self.counted_line_end = header.line_end;
        self.leave_out_before(judge, header);
        self.looks_total = self.looks_total(judge);
        self.in_middle = self.in_middle(judge);
        let later = std::mem::take(&mut self.control_records);
        for record in &header.controls {
            *self.controls.entry(record.tag.clone()).or_default() += 1;
        }
        header.controls.iter().cloned().chain(later).for_each(|record| self.remember(record));
        let faults = self.faults(judge, header);
        if faults.is_empty() { Ok(self) } else { Err(Refusal(faults)) }
    }

    pub(super) fn remember(&mut self, record: ControlRecord) {
        // Not always met in the order of the file: records of another number of fields come before their neighbours.
        let (tag, line) = (record.tag.clone(), record.line);
        self.control_records.insert(self.control_records.partition_point(|known| known.line < line), record);
        let mut of_tag = 0;
        self.control_records.retain(|known| {
            of_tag += usize::from(known.tag == tag);
            known.tag != tag || of_tag <= REMEMBERED
        });
    }

    fn faults(&mut self, judge: &Judge, header: &Header) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for kind in judge.layout.rows.records.iter().filter(|kind| !kind.fields.is_empty()) {
            let seen: Vec<_> = self.control_records.iter().filter(|record| record.tag == kind.tag).collect();
            match seen.as_slice() {
                [] => faults.push(faults::record_missing(&judge.subject.file, &kind.tag)),
                [one] => {
                    for (name, field) in &kind.fields {
                        if let Some(text) = field.checked_sub(1).and_then(|at| one.fields.get(at)) {
                            self.trailer.insert(name.clone(), text.clone());
                        } else {
                            let stretch = field.checked_sub(2).and_then(|at| kind.stretches.get(at));
                            let place = stretch.map_or_else(|| format!("field {field}"), |at| format!("positions {at}"));
                            faults.push(faults::record_short(&judge.subject.file, &kind.tag, one.line, name, &place));
                        }
                    }
                }
                many => {
                    let lines: Vec<_> = many.iter().map(|record| record.line).collect();
                    faults.push(faults::record_repeated(&judge.subject.file, &kind.tag, &lines));
                }
            }
        }
        if let Some(footer) = &judge.layout.rows.footer {
            match self.footers {
                0 if !footer.totals.is_empty() => faults.push(faults::footer_missing(&judge.subject.file)),
                0 | 1 => {}
                _ => faults.push(faults::footer_repeated(&judge.subject.file, &self.footer_lines)),
            }
        }
        let nameless = self.without_heading(header);
        if nameless > 0 && judge.layout.rows.extra_columns == ExtraColumns::Refuse {
            faults.push(faults::without_heading(&judge.subject, header.line, nameless));
        }
        faults.extend(self.date_orders(judge));
        let rows = self.accepted + self.rejected;
        let nil = self.left_out.get(&Left::Nil);
        if nil.is_some() && rows > 0 {
            faults.push(faults::nil_beside_rows(&judge.subject, rows));
        }
        if faults.is_empty() && rows == 0 && nil.is_none() && !judge.layout.rows.allow_empty {
            faults.push(faults::no_rows(&judge.subject.file, header.line));
        }
        faults
    }

    /// Columns in which dates were read by a format and by the one that exchanges its day and month.
    fn date_orders(&self, judge: &Judge) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for (at, plan) in judge.plans.iter().enumerate() {
            let mut used = self.contested.range((at, 0)..=(at, u8::MAX)).map(|((_, format), line)| (usize::from(*format), *line));
            let formats = judge.contract.columns.get(at).map(|column| &column.rules.dates);
            let text = |format: usize| formats.and_then(|f| f.get(format)).map_or("", |f| f.text.as_str());
            if let (Some(one), Some(other)) = (used.next(), used.next()) {
                faults.push(faults::both_orders(&judge.subject.file, &plan.name, (text(one.0), one.1), (text(other.0), other.1)));
            }
        }
        faults
    }

    /// Values that stand in columns without a heading.
    fn without_heading(&self, header: &Header) -> u64 {
        let nameless = header.extra.iter().zip(&self.extra).filter(|(name, _)| *name == faults::NO_NAME);
        nameless.map(|(_, count)| count).sum()
    }

    /// Sentences about columns that the contract does not know: each with how many values it held; those without a heading together.
    #[must_use]
    pub fn extra_columns(&self, header: &Header) -> Vec<String> {
        let held = |count: u64| match count {
            0 => "it held nothing".to_owned(),
            1 => "it held 1 value".to_owned(),
            count => format!("it held {count} values"),
        };
        let extra = header.extra.iter().zip(&self.extra).filter(|(name, _)| *name != faults::NO_NAME);
        let mut notes: Vec<String> = extra
            .map(|(name, count)| format!("column `{}` is not in the contract and was left out: {}", printable(name), held(*count)))
            .collect();
        match header.extra.iter().filter(|name| *name == faults::NO_NAME).count() {
            0 => {}
            1 => notes.push(format!("a column without a heading was left out: {}", held(self.without_heading(header)))),
            n => notes.push(format!(
                "{n} columns without a heading were left out: {}",
                held(self.without_heading(header)).replacen("it", "they", 1)
            )),
        }
        notes
    }

    /// Sentences about what was normalised and skipped, for whoever reads the delivery's report.
    #[must_use]
    pub fn notes(&self, judge: &Judge) -> Vec<String> {
        let rows = |count: u64| if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
        let mut notes: Vec<String> = self.line_ends.note().into_iter().collect();
        if self.blank > 0 {
            notes.push(format!("{} of delimiters only skipped", rows(self.blank)));
        }
        notes.extend(self.not_data.iter().map(|(reason, count)| format!("{} skipped as declared: {reason}", rows(*count))));
        notes.extend(self.left_out_notes(judge));
        let records = |count: u64| if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
        let values = |count: u64| if count == 1 { "1 value".to_owned() } else { format!("{count} values") };
        let padded = judge.plans.iter().zip(&self.padded).filter(|(_, count)| **count > 0 && !judge.fills_up());
        notes.extend(padded.map(|(plan, count)| format!("padding taken off {} of `{}`", values(*count), plan.name)));
        let styled = self.sums.iter().zip(&self.styled).filter(|(_, count)| **count > 0);
        notes.extend(
            styled
                .map(|(sum, count)| format!("{} of `{}` printed otherwise than -1234.50, in declared styles", values(*count), sum.column)),
        );
        notes.extend(self.part_penny_notes(judge));
        if let Some((count, line)) = self.marks {
            notes.push(format!("byte order marks inside the file taken off the beginning of {}, first on line {line}", records(count)));
        }
        if self.counted_line_end > 0 {
            notes.push("the `length` of a line counts its line end".to_owned());
        }
        if self.ctrl_z {
            notes.push("the file ends with a Ctrl-Z (0x1A), which was taken off".to_owned());
        }
        if self.open_end {
            notes.push("the last record has no line end".to_owned());
        }
        notes
    }
}

/// Adds to the sum of a group; a sum of nought is not kept.
pub(super) fn balance(groups: &mut BTreeMap<String, Pence>, group: String, pence: Pence) {
    use std::collections::btree_map::Entry;
    match groups.entry(group) {
        Entry::Vacant(entry) => {
            if pence != 0 {
                entry.insert(pence);
            }
        }
        Entry::Occupied(mut entry) => {
            *entry.get_mut() += pence;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}
