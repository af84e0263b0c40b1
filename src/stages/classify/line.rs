//! Putting meanings on lines: a lookup per line, by numbers that are worked out once per distinct code.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int32Array, StringArray},
    buffer::BooleanBuffer,
    datatypes::Int32Type,
    record_batch::RecordBatch,
};

use hashbrown::HashMap;

use super::{
    codes::{ByDay, Coded, LineCodes},
    columns::LineColumns,
    cube::{CellOf, ClassTotals, Cube},
    meaning::{Account, Class, CostCentre, Interned, Meaning, Meanings, NAMELESS, Over, Timeline},
    pay::{KINDS, Laid, WHOLE_LINE},
    policy::{Facts, RULES},
};
use crate::{
    diagnostic::Answer,
    domain::{Day, Ownership, Pence},
    schema::batch,
};

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
    fn look_up(&self, codes: &LineCodes<'_>, row: usize, day: Day, by_rule: ByDay<'_>) -> (u32, u32, u32) {
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

    fn codes<'b>(&'b self, lines: &'b RecordBatch) -> Answer<LineCodes<'b>> {
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
        Ok(LineCodes {
            signatures: [project, cost_centre, department, account],
            classes,
            without,
            accounts,
            cost_centres,
            departments,
            actual,
        })
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
