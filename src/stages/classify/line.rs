//! Putting meanings on lines: a lookup per line, by numbers that are worked out once per distinct code.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, DictionaryArray, Int32Array, StringArray},
    buffer::BooleanBuffer,
    datatypes::Int32Type,
    record_batch::RecordBatch,
};

use hashbrown::HashMap;

use super::{
    either,
    meaning::{Account, Class, CostCentre, Interned, Meaning, Meanings, NAMELESS, Over, RULE_COLUMNS, Timeline},
    pay::{KINDS, Laid, WHOLE_LINE},
    policy::{Facts, RULES},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Day, Ownership, Pence, fold_code},
    lake::PartFile,
    schema::{Contract, UnknownCode, batch},
};

/// Where the lines of a common table carry what classification looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumns<'c> {
    /// Column of the common table for each of [`RULE_COLUMNS`]; `None` where the table has no such thing.
    pub rules: [Option<&'c str>; 4],
    /// Columns that stand for those in lines in which they are empty.
    pub rules_else: [Option<&'c str>; 4],
    /// `None` = every line takes effect on the last day of its delivery period.
    pub date: Option<&'c str>,
    pub amount: &'c str,
    /// A column and its word for what has happened: only that is cost. `None` where all lines have happened.
    pub actual: Option<(&'c str, &'c str)>,
    /// A code without a reference row is in suspense (ledger); else it is unclassified cost (payments).
    pub codes_must_be_known: bool,
}

impl<'c> LineColumns<'c> {
    /// As the contract of the common table says.
    ///
    /// # Errors
    /// TC0627 where its rows have no pounds, for then there is no cost in them.
    pub fn of(contract: &'c Contract) -> Answer<Self> {
        let special = &contract.special;
        let no_pounds = || {
            Diagnostic::new(codes::config::AMOUNT, format!("costs are read from `{}`, and its rows have no pounds", contract.name))
                .place(Place::file(&contract.file))
                .expected("a column of pounds, which the `truecost` property of the contract names: `amount: amount`")
                .outcome("nothing was published; the last release is unchanged")
        };
        Ok(Self {
            rules: special.codes.each_ref().map(|column| column.as_deref()),
            rules_else: special.codes_else.each_ref().map(|column| column.as_deref()),
            date: special.date.as_deref(),
            amount: special.amount.as_deref().ok_or_else(no_pounds)?,
            actual: special.actual.as_ref().map(|(column, word)| (&**column, word.as_str())),
            codes_must_be_known: special.unknown_code == UnknownCode::Suspense,
        })
    }

    /// Where rows that are no lines of cost carry their codes: nothing else is read of them.
    #[must_use]
    pub fn codes_of(contract: &'c Contract) -> Self {
        let rules = contract.special.codes.each_ref().map(|column| column.as_deref());
        let rules_else = contract.special.codes_else.each_ref().map(|column| column.as_deref());
        Self { rules, rules_else, date: None, amount: "", actual: None, codes_must_be_known: true }
    }

    /// As a part has them that was written before its table had all of these columns.
    #[must_use]
    pub fn in_part(mut self, part: &PartFile) -> Self {
        let is_there = |name: &&str| part.schema().column_with_name(name).is_some();
        for (column, other) in self.rules.iter_mut().zip(&mut self.rules_else) {
            (*column, *other) = (column.filter(is_there), other.filter(is_there));
            *column = column.or_else(|| other.take());
        }
        self
    }

    /// Without the rule columns on which no rule turns.
    #[must_use]
    pub fn only(mut self, used: [bool; 4]) -> Self {
        for ((column, other), used) in self.rules.iter_mut().zip(&mut self.rules_else).zip(used) {
            (*column, *other) = (column.filter(|_| used), other.filter(|_| used));
        }
        self
    }

    /// The columns to read, amount included.
    #[must_use]
    pub fn names(&self) -> Vec<&'c str> {
        self.rule_names().chain(self.date).chain([self.amount]).chain(self.actual_column()).collect()
    }

    /// The columns of them that hold codes.
    #[must_use]
    pub fn code_names(&self) -> Vec<&'c str> {
        self.rule_names().chain(self.actual_column()).collect()
    }

    /// The columns of them that hold codes on which rules can turn.
    pub fn rule_names(&self) -> impl Iterator<Item = &'c str> + use<'c> {
        self.rules.into_iter().chain(self.rules_else).flatten()
    }

    /// Lines read with codes as dictionaries, each code by the column that stands for it there.
    ///
    /// # Errors
    /// TC1250 where a column is not there.
    pub fn whole(&self, lines: RecordBatch) -> Answer<RecordBatch> {
        self.rules.iter().zip(&self.rules_else).try_fold(lines, |lines, pair| match pair {
            (Some(name), Some(other)) => either::or_else(&lines, name, other),
            _ => Ok(lines),
        })
    }

    fn actual_column(&self) -> Option<&'c str> {
        self.actual.map(|(column, _)| column)
    }
}

/// Lines and pounds by where they went. A line in several parts counts where its first part went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassTotals {
    pub cost: (u64, Pence),
    pub not_cost: (u64, Pence),
    pub suspense: (u64, Pence),
}

impl ClassTotals {
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.cost.0 + self.not_cost.0 + self.suspense.0
    }

    #[must_use]
    pub fn pence(&self) -> Pence {
        self.cost.1 + self.not_cost.1 + self.suspense.1
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.cost, other.cost), (&mut self.not_cost, other.not_cost), (&mut self.suspense, other.suspense)] {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
    }

    fn count(&mut self, ownership: Ownership, pence: Pence, lines: u64) {
        let into = match ownership {
            Ownership::NotCost => &mut self.not_cost,
            Ownership::Suspense => &mut self.suspense,
            _ => &mut self.cost,
        };
        into.0 += lines;
        into.1 += pence;
    }
}

/// Numbers of what stands for a missing row, in [`Meanings`].
#[derive(Clone, Copy, Debug)]
struct Fixed {
    no_rule: u32,
    unknown_account: u32,
    unclassified: u32,
    unknown_fund: u32,
}

/// Classifies the lines of one feed.
pub struct Classifier<'a> {
    meanings: &'a Meanings,
    meaning: &'a Meaning,
    columns: LineColumns<'a>,
    fixed: Fixed,
    /// First and last day of the delivery period: dates are clamped to them.
    days: (Day, Day),
    /// For each class its ownership, and the number of its owner in `owners`.
    owner: Vec<(Ownership, u32)>,
    owners: Vec<Owner>,
    /// For each class what it says of the rules: its place in [`RULES`].
    rules: Vec<u8>,
}

/// Adds the classes that stand for a missing rule or row; call it before any [`Classifier`] is made.
pub fn add_fixed(meanings: &mut Meanings) {
    meanings.classes.number(Class::suspense("no_rule"));
    for (group, statement) in [("unknown", "unknown"), ("unclassified", "expenditure")] {
        meanings.accounts.number(Account {
            group: group.into(),
            statement: statement.into(),
            is_cost: true,
            reserve_movement: false,
            on_cost: false,
            recharge: false,
        });
    }
    meanings.cost_centres.number(CostCentre { fund: "unknown".into(), capital: false });
}

/// What a class that `code_class` gives says of the rules, as its place in [`RULES`].
fn rule_of(class: &Class) -> u8 {
    let word = match (class.ownership, class.rule_id.as_str()) {
        (Ownership::Suspense, _) => "none",
        (_, "not_a_member") => "not_a_member",
        _ => "rule",
    };
    RULES.iter().position(|rule| *rule == word).and_then(|place| u8::try_from(place).ok()).unwrap_or_default()
}

fn fixed(meanings: &Meanings) -> Fixed {
    let class = |rule: &str| meanings.classes.values.iter().position(|c| c.rule_id == rule).map_or(0, |n| n as u32);
    let account = |group: &str| meanings.accounts.values.iter().position(|a| a.group == group).map_or(0, |n| n as u32);
    Fixed {
        no_rule: class("no_rule"),
        unknown_account: account("unknown"),
        unclassified: account("unclassified"),
        unknown_fund: meanings.cost_centres.values.iter().position(|c| c.fund == "unknown").map_or(0, |n| n as u32),
    }
}

/// Lines, debits and credits of one class on one kind of account in one fund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of a line in several parts the first counts.
    pub lines: u64,
    /// Lines and parts of lines.
    pub parts: u64,
    pub debits: Pence,
    pub credits: Pence,
}

/// What a whole part adds up to, by what its lines were found to be.
///
/// Summed while the class is put on the line, so that it costs no second reading of millions of lines.
#[derive(Clone, Debug)]
pub struct Cube {
    accounts: usize,
    cost_centres: usize,
    /// 1 where no line is resolved into parts.
    kinds: usize,
    cells: Vec<Sums>,
}

/// Where a line, or a part of one, is counted.
#[derive(Clone, Copy, Debug)]
pub struct CellOf {
    pub owner: usize,
    pub account: usize,
    pub cost_centre: usize,
    /// Place in [`KINDS`].
    pub kind: usize,
}

impl Cube {
    fn new(meanings: &Meanings, owners: usize, kinds: usize) -> Self {
        let (accounts, cost_centres) = (meanings.accounts.values.len(), meanings.cost_centres.values.len());
        Self { accounts, cost_centres, kinds, cells: vec![Sums::default(); owners * accounts * cost_centres * kinds] }
    }

    fn count(&mut self, of: CellOf, pence: Pence, lines: u64) {
        let centre = (of.owner * self.accounts + of.account) * self.cost_centres + of.cost_centre;
        // A table that does not tell kinds apart has them in one.
        if let Some(cell) = self.cells.get_mut(centre * self.kinds + of.kind.min(self.kinds - 1)) {
            cell.lines += lines;
            cell.parts += 1;
            if pence < 0 { cell.credits += pence } else { cell.debits += pence }
        }
    }

    /// Cells with lines, or parts of lines.
    pub fn cells(&self) -> impl Iterator<Item = (CellOf, Sums)> + '_ {
        let numbered = self.cells.iter().enumerate().filter(|(_, sums)| sums.parts > 0);
        numbered.map(|(at, sums)| {
            let centre = at / self.kinds;
            let (owner, account) = (centre / self.cost_centres / self.accounts, centre / self.cost_centres % self.accounts);
            (CellOf { owner, account, cost_centre: centre % self.cost_centres, kind: at % self.kinds }, *sums)
        })
    }
}

/// Ownership, service and bearer: what is left of a class when the rule that gave it does not matter.
pub type Owner = (Ownership, String, Option<String>);

/// What each row of a row group was found to be, as numbers into [`Meanings`].
struct Found {
    class: Vec<i32>,
    account: Vec<i32>,
    cost_centre: Vec<i32>,
    effective: Vec<i32>,
    totals: ClassTotals,
}

impl<'a> Classifier<'a> {
    #[must_use]
    pub fn new(meanings: &'a Meanings, meaning: &'a Meaning, columns: LineColumns<'a>, days: (Day, Day)) -> Self {
        // Account and cost centre mean something of their own, and a department where the table has some; else they matter to rules alone.
        let named = |place: usize| meaning.signatures.get(place).is_some_and(|codes| !codes.is_empty());
        let columns = columns.only([named(0), true, named(2) || !meaning.departments.is_empty(), true]);
        let mut owners = Interned::<Owner>::default();
        let number = |c: &Class| (c.ownership, owners.number((c.ownership, c.service.clone(), c.bearer.clone())));
        let owner = meanings.classes.values.iter().map(number).collect();
        let rules = meanings.classes.values.iter().map(rule_of).collect();
        Self { meanings, meaning, columns, fixed: fixed(meanings), days, owner, owners: owners.values, rules }
    }

    /// Nothing counted yet. `has_parts`: kinds of parts are told apart.
    #[must_use]
    pub fn cube(&self, has_parts: bool) -> Cube {
        Cube::new(self.meanings, self.owners.len(), if has_parts { KINDS.len() } else { 1 })
    }

    /// What it reads of a line.
    #[must_use]
    pub fn columns(&self) -> LineColumns<'a> {
        self.columns
    }

    #[must_use]
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    #[must_use]
    pub fn meanings(&self) -> &Meanings {
        self.meanings
    }

    /// The class columns of `lines` (read with codes as dictionaries), one row each, and what they add up to. `laid` says which rows are
    /// parts of lines: their classes stand there.
    pub fn classify(
        &self,
        lines: &RecordBatch,
        laid: Option<&Laid>,
        cube: &mut Cube,
    ) -> Answer<(Vec<(&'static str, ArrayRef)>, ClassTotals)> {
        let found = self.find(lines, laid, cube)?;
        let totals = found.totals;
        Ok((self.columns_of(found), totals))
    }

    /// Lines that stand in for a month: those on recharge accounts stand for nothing and are added to `left_out`; `None` where there are none.
    /// What a partner charges one month says nothing of the next, and its other side would be lacking.
    ///
    /// # Errors
    /// TC1250
    pub(super) fn without_recharges(&self, lines: &RecordBatch, left_out: &mut (u64, Pence)) -> Answer<Option<Laid>> {
        let amounts = batch::money(lines, self.columns.amount)?;
        let dates = self.columns.date.map(|name| batch::date(lines, name)).transpose()?;
        let codes = self.codes(lines)?;
        let is_recharge = |row: usize| {
            let account = codes.account(row).and_then(|timeline| timeline.on(self.day(dates, row)));
            account.and_then(|number| self.meanings.accounts.values.get(number as usize)).is_some_and(|account| account.recharge)
        };
        let recharges: Vec<bool> = (0..lines.num_rows()).map(is_recharge).collect();
        for (row, _) in recharges.iter().enumerate().filter(|(_, recharge)| **recharge) {
            left_out.0 += 1;
            left_out.1 += batch::value_at(amounts, row).unwrap_or_default();
        }
        if recharges.contains(&true) { Laid::but(lines, self.columns.amount, &recharges).map(Some) } else { Ok(None) }
    }

    /// The day on which a line takes effect: its own, brought into the period.
    fn day(&self, dates: Option<&Date32Array>, row: usize) -> Day {
        let date = dates.filter(|dates| dates.is_valid(row)).map(|dates| dates.value(row));
        date.map_or(self.days.1, |day| Day(day).clamp(self.days.0, self.days.1))
    }

    fn find(&self, lines: &RecordBatch, laid: Option<&Laid>, cube: &mut Cube) -> Answer<Found> {
        let amounts = batch::money(lines, self.columns.amount)?;
        let dates = self.columns.date.map(|name| batch::date(lines, name)).transpose()?;
        let codes = self.codes(lines)?;
        let rows = lines.num_rows();
        let mut found = Found {
            class: Vec::with_capacity(rows),
            account: Vec::with_capacity(rows),
            cost_centre: Vec::with_capacity(rows),
            effective: Vec::with_capacity(rows),
            totals: ClassTotals::default(),
        };
        let mut known: HashMap<[u32; 4], ByDay<'_>> = HashMap::new();
        for (row, amount) in amounts.iter().enumerate() {
            let day = self.day(dates, row);
            let by_rule = if let Some(classes) = &codes.classes {
                classes.at(row).unwrap_or(codes.without)
            } else {
                let signatures = codes.signatures(row);
                *known.entry(signatures).or_insert_with(|| self.by_day(self.meaning.classes.get(&signatures)))
            };
            let (by_codes, account, cost_centre) = self.look_up(&codes, row, day, by_rule);
            let part = laid.map_or(WHOLE_LINE, |laid| laid.at(row));
            let class = part.class.unwrap_or(by_codes);
            let (ownership, owner) = self.owner.get(class as usize).copied().unwrap_or((Ownership::Suspense, 0));
            found.totals.count(ownership, amount.unwrap_or(0), part.lines);
            let cell = CellOf { owner: owner as usize, account: account as usize, cost_centre: cost_centre as usize, kind: part.kind };
            cube.count(cell, amount.unwrap_or(0), part.lines);
            found.class.push(class as i32);
            found.account.push(account as i32);
            found.cost_centre.push(cost_centre as i32);
            found.effective.push(day.0);
        }
        Ok(found)
    }

    /// Class, account and cost centre of one line, as numbers. What becomes of it is looked up.
    fn look_up(&self, codes: &Codes<'_>, row: usize, day: Day, by_rule: ByDay<'_>) -> (u32, u32, u32) {
        let account = codes.account(row).and_then(|t| t.on(day));
        let cost_centre = codes.cost_centre(row).and_then(|t| t.on(day));
        let must_know = self.columns.codes_must_be_known;
        let account_number = account.unwrap_or(if must_know { self.fixed.unknown_account } else { self.fixed.unclassified });
        let fund = cost_centre.or_else(|| codes.department(row)?.on(day)).unwrap_or(self.fixed.unknown_fund);
        let is_cost = self.meanings.accounts.values.get(account_number as usize).is_none_or(|a| a.is_cost);
        let by_rule = by_rule.on(day).unwrap_or(self.fixed.no_rule);
        let facts = Facts {
            must_know,
            actual: codes.is_actual(row),
            account_known: account.is_some(),
            is_cost,
            centre_known: cost_centre.is_some(),
        };
        let rule = self.rules.get(by_rule as usize).copied().unwrap_or_default();
        (self.meanings.policy.class(facts, rule, by_rule), account_number, fund)
    }

    fn codes<'b>(&'b self, lines: &'b RecordBatch) -> Answer<Codes<'b>> {
        let [mut project, mut cost_centre, mut department, mut account] = [const { None }; 4];
        let slots = [&mut project, &mut cost_centre, &mut department, &mut account];
        for ((slot, name), known) in slots.into_iter().zip(self.columns.rules).zip(&self.meaning.signatures) {
            if let Some(name) = name {
                *slot = Some(Coded::new(lines, name, |code| known.get(code).copied().unwrap_or(NAMELESS))?);
            }
        }
        let actual = self.columns.actual.map(|(name, actual)| Coded::new(lines, name, |word| word == actual)).transpose()?;
        let timelines = |name: Option<&str>, by_code: &'b HashMap<String, Timeline<u32>>| {
            name.map(|name| Coded::new(lines, name, |code| self.by_day(by_code.get(code)))).transpose()
        };
        let accounts = timelines(self.columns.rules[3], &self.meaning.accounts)?;
        let cost_centres = timelines(self.columns.rules[1], &self.meaning.cost_centres)?;
        let departments = timelines(self.columns.rules[2].filter(|_| !self.meaning.departments.is_empty()), &self.meaning.departments)?;
        let (classes, without) = self.classes_of_one(lines)?;
        Ok(Codes { signatures: [project, cost_centre, department, account], classes, without, accounts, cost_centres, departments, actual })
    }

    /// Where rules turn on one column alone, the class of each of its codes is worked out once per code.
    fn classes_of_one<'b>(&'b self, lines: &'b RecordBatch) -> Answer<(Option<Coded<'b, ByDay<'b>>>, ByDay<'b>)> {
        let without = self.by_day(self.meaning.classes.get(&[NAMELESS; 4]));
        let mut turning = self.meaning.signatures.iter().zip(self.columns.rules).enumerate().filter(|(_, (codes, _))| !codes.is_empty());
        let (Some((place, (known, Some(name)))), None) = (turning.next(), turning.next()) else { return Ok((None, without)) };
        let class = |code: &str| {
            let mut signatures = [NAMELESS; 4];
            if let Some(signature) = signatures.get_mut(place) {
                *signature = known.get(code).copied().unwrap_or(NAMELESS);
            }
            self.by_day(self.meaning.classes.get(&signatures))
        };
        Ok((Some(Coded::new(lines, name, class)?), without))
    }

    fn by_day<'b>(&self, timeline: Option<&'b Timeline<u32>>) -> ByDay<'b> {
        match timeline.map(|t| (t, t.over(self.days))) {
            None => ByDay::Same(None),
            Some((_, Over::Same(value))) => ByDay::Same(value),
            Some((timeline, Over::Varies)) => ByDay::Varies(timeline),
        }
    }

    fn columns_of(&self, found: Found) -> Vec<(&'static str, ArrayRef)> {
        let class = Int32Array::from(found.class);
        let account = Int32Array::from(found.account);
        let cost_centre = Int32Array::from(found.cost_centre);
        let classes = &self.meanings.classes.values;
        let accounts = &self.meanings.accounts.values;
        let centres = &self.meanings.cost_centres.values;
        let truth = |numbers: &Int32Array, truths: Vec<bool>| -> ArrayRef {
            let numbers = numbers.values();
            let truth = |row| numbers.get(row).and_then(|n| truths.get(*n as usize)).copied().unwrap_or(false);
            Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(numbers.len(), truth), None))
        };
        vec![
            ("effective_date", Arc::new(Date32Array::from(found.effective)) as ArrayRef),
            ("ownership", named(&class, classes.iter().map(|c| Some(c.ownership.as_str())))),
            ("service", named(&class, classes.iter().map(|c| Some(c.service.as_str())))),
            ("bearer", named(&class, classes.iter().map(|c| c.bearer.as_deref()))),
            ("rule_id", named(&class, classes.iter().map(|c| Some(c.rule_id.as_str())))),
            ("account_group", named(&account, accounts.iter().map(|a| Some(a.group.as_str())))),
            ("statement", named(&account, accounts.iter().map(|a| Some(a.statement.as_str())))),
            ("is_cost", truth(&class, self.owner.iter().map(|(o, _)| *o != Ownership::NotCost).collect())),
            ("reserve_movement", truth(&account, accounts.iter().map(|a| a.reserve_movement).collect())),
            ("on_cost", truth(&account, accounts.iter().map(|a| a.on_cost).collect())),
            ("recharge", truth(&account, accounts.iter().map(|a| a.recharge).collect())),
            ("fund", named(&cost_centre, centres.iter().map(|c| Some(c.fund.as_str())))),
            ("capital", truth(&cost_centre, centres.iter().map(|c| c.capital).collect())),
        ]
    }
}

/// A dictionary array: `numbers` into `names`. Few names and many rows, so nothing is copied per row.
fn named<'n>(numbers: &Int32Array, names: impl Iterator<Item = Option<&'n str>>) -> ArrayRef {
    let names: StringArray = names.collect();
    match DictionaryArray::<Int32Type>::try_new(numbers.clone(), Arc::new(names)) {
        Ok(array) => Arc::new(array),
        // Numbers come from `Interned`, whose values are the names: they are always in range.
        Err(_) => arrow::array::new_null_array(&arrow::datatypes::DataType::Utf8, numbers.len()),
    }
}

/// One coded column: what its distinct codes mean, compared folded, and which of them each row has.
struct Coded<'b, T> {
    keys: &'b Int32Array,
    meaning: Vec<T>,
}

impl<'b, T: Copy> Coded<'b, T> {
    fn new(lines: &'b RecordBatch, name: &str, mut mean: impl FnMut(&str) -> T) -> Answer<Self> {
        let column = batch::column(lines, name)?;
        let dictionary = column.as_dictionary::<Int32Type>();
        let values = dictionary.values().as_string::<i32>();
        let meaning = values.iter().map(|v| mean(&fold_code(v.unwrap_or_default()))).collect();
        Ok(Self { keys: dictionary.keys(), meaning })
    }

    /// `None` for a line without a code.
    fn at(&self, row: usize) -> Option<T> {
        if self.keys.is_null(row) {
            return None;
        }
        self.meaning.get(usize::try_from(self.keys.value(row)).ok()?).copied()
    }
}

/// What a code means within the period: nearly always the same on every day of it.
#[derive(Clone, Copy)]
enum ByDay<'b> {
    Same(Option<u32>),
    Varies(&'b Timeline<u32>),
}

impl ByDay<'_> {
    fn on(self, day: Day) -> Option<u32> {
        match self {
            Self::Same(value) => value,
            Self::Varies(timeline) => timeline.on(day),
        }
    }
}

struct Codes<'b> {
    signatures: [Option<Coded<'b, u32>>; 4],
    /// Classes by code, where rules turn on one column alone.
    classes: Option<Coded<'b, ByDay<'b>>>,
    /// Class of a line without that code.
    without: ByDay<'b>,
    accounts: Option<Coded<'b, ByDay<'b>>>,
    cost_centres: Option<Coded<'b, ByDay<'b>>>,
    departments: Option<Coded<'b, ByDay<'b>>>,
    actual: Option<Coded<'b, bool>>,
}

impl<'b> Codes<'b> {
    fn signatures(&self, row: usize) -> [u32; 4] {
        self.signatures.each_ref().map(|coded| coded.as_ref().and_then(|c| c.at(row)).unwrap_or(NAMELESS))
    }

    fn account(&self, row: usize) -> Option<ByDay<'b>> {
        self.accounts.as_ref()?.at(row)
    }

    fn cost_centre(&self, row: usize) -> Option<ByDay<'b>> {
        self.cost_centres.as_ref()?.at(row)
    }

    fn department(&self, row: usize) -> Option<ByDay<'b>> {
        self.departments.as_ref()?.at(row)
    }

    /// A line that does not say what kind of balance it is counts as actual.
    fn is_actual(&self, row: usize) -> bool {
        self.actual.as_ref().and_then(|c| c.at(row)).unwrap_or(true)
    }
}

/// Distinct codes of a batch read with codes as dictionaries, folded, by place in [`RULE_COLUMNS`].
pub fn distinct_codes(lines: &RecordBatch, columns: LineColumns<'_>, mut found: impl FnMut(usize, &str)) -> Answer<()> {
    debug_assert_eq!(columns.rules.len(), RULE_COLUMNS.len());
    for (place, name) in columns.rules.iter().enumerate() {
        let Some(name) = name else { continue };
        let dictionary = batch::column(lines, name)?.as_dictionary::<Int32Type>();
        dictionary.values().as_string::<i32>().iter().flatten().for_each(|code| found(place, &fold_code(code)));
    }
    Ok(())
}
