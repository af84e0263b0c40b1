//! Digests over what a step reads: the same digest, the same part. Nothing else decides whether a part is made anew.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use super::{
    Beside, BesideSource, CostSource,
    cost::{CostPlan, How, Step},
    digest_of, program,
    scope::{Grain, Scope},
    tables::{Given, GivenRows},
};
use crate::{domain::Calendar, engine::Parameters, lake::PublishedPart, pipeline::Partnership};

/// The parts of published tables, each with what it was made for.
pub type MadeParts = BTreeMap<String, Vec<(Scope, PublishedPart)>>;

/// What digests are made over.
#[derive(Debug)]
pub struct Inputs<'p> {
    pub partnership: &'p Partnership,
    pub plan: &'p CostPlan,
    /// The partitions of the common tables that count.
    pub sources: &'p [CostSource],
    /// What is read beside them.
    pub beside: Beside<'p>,
    /// What the steps before have published.
    pub made: &'p MadeParts,
    /// The parts of periods that stand as they were published.
    pub standing: &'p MadeParts,
    /// Files and parts of tables that nobody publishes, by table and scope: every period of a year reads the same of it.
    worked: RefCell<BTreeMap<(String, String), Rc<[String]>>>,
}

impl<'p> Inputs<'p> {
    #[must_use]
    pub fn new(
        partnership: &'p Partnership,
        plan: &'p CostPlan,
        sources: &'p [CostSource],
        beside: &'p [BesideSource],
        made: &'p MadeParts,
        standing: &'p MadeParts,
    ) -> Self {
        let beside = Beside::of(beside, partnership.calendar);
        Self { partnership, plan, sources, beside, made, standing, worked: RefCell::default() }
    }

    /// Digest over all that the parts of a step are made from in a scope: the program, the text of its query, the contracts of what it
    /// fills and reads, reference tables, and the files and parts of the scope; of tables that nobody publishes, over what they are made
    /// from. `recipe` is [`Self::recipe`] of the step.
    #[must_use]
    pub fn of(&self, step: &Step, recipe: &str, scope: &Scope) -> String {
        let mut all = vec![recipe.to_owned(), scope.key(), self.days(scope)];
        self.add_lines(step, scope, &mut all);
        digest_of(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Digest over what is the same for all parts of a step: everything but lines.
    #[must_use]
    pub fn recipe(&self, step: &Step) -> String {
        let how = match step.how {
            How::Query(_) => "query",
            How::Kernel(_) => "kernel",
        };
        let mut all = vec![program(), how.to_owned(), step.text.clone()];
        all.extend(step.fills.iter().map(|table| self.contract("published", table)));
        for read in &step.reads {
            all.push(read.clone());
            match self.plan.step_of(read) {
                Some(before) if before.publishes(read) => all.push(self.contract("published", read)),
                Some(before) => all.push(self.recipe(before)),
                None => all.extend(step.given.get(read).cloned()),
            }
        }
        digest_of(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn contract(&self, kind: &str, table: &str) -> String {
        self.partnership.contracts.get(&format!("{kind}/{table}")).map_or_else(String::new, |contract| contract.digest.hex())
    }

    /// The days that a period stands for: parameters of a query, and bounds of a line's date.
    fn days(&self, scope: &Scope) -> String {
        let period = match scope {
            Scope::Partition(source) => source.file.period,
            Scope::Period(period) | Scope::Council(_, period) => *period,
            Scope::Year(_) | Scope::Whole | Scope::These(_) => return String::new(),
        };
        let (first, last) = self.partnership.calendar.days_of(period);
        format!("{first} {last}")
    }

    /// The files of common tables and the parts of published ones from which a step is made in a scope.
    fn add_lines(&self, step: &Step, scope: &Scope, all: &mut Vec<String>) {
        for read in &step.reads {
            match (self.plan.step_of(read), self.plan.given.get(read)) {
                (Some(before), _) if before.publishes(read) => add_parts(read, self.made.get(read), scope, all),
                (Some(before), _) => {
                    for scope in scope_of(step, before, scope, self.sources, self.partnership.calendar) {
                        all.extend(self.lines_of(read, before, &scope).iter().cloned());
                    }
                }
                (None, Some(given)) if matches!(given.rows, GivenRows::Lake) => {
                    // A partition holds itself alone.
                    let of = if let Scope::Partition(one) = scope { std::slice::from_ref(&**one) } else { self.sources };
                    let files = of.iter().filter(|source| scope.holds(source) && source.basis.common_table() == read);
                    let is_read = |source: &&CostSource| source.carried.is_none() || step.reads_carried();
                    all.extend(
                        files.filter(is_read).map(|source| format!("{read} {} {}{}", source.key(), source.file.name, whence(source))),
                    );
                    let beside = self.beside.in_scope(read, scope);
                    all.extend(beside.iter().map(|source| format!("{read} {} {}", source.key(), source.file.name)));
                }
                (None, Some(Given { rows: GivenRows::NilReturns, .. })) => {
                    all.extend(self.beside.nil_in(scope).iter().map(|source| format!("{read} {} {}", source.table, source.key())));
                }
                (None, Some(Given { rows: GivenRows::Standing(table) | GivenRows::StandingPeriods(table), .. })) => {
                    add_parts(read, self.standing.get(*table), scope, all);
                }
                (None, _) => {}
            }
        }
    }

    /// The same of a table that nobody publishes, worked out once for each scope that others have in common.
    fn lines_of(&self, table: &str, step: &Step, scope: &Scope) -> Rc<[String]> {
        let common = match scope {
            Scope::Period(_) | Scope::Year(_) | Scope::Council(..) => Some(scope.key()),
            Scope::Whole => Some("whole".to_owned()),
            Scope::Partition(_) | Scope::These(_) => None,
        };
        let key = common.map(|scope| (table.to_owned(), scope));
        if let Some(known) = key.as_ref().and_then(|key| self.worked.borrow().get(key).cloned()) {
            return known;
        }
        let mut lines = Vec::new();
        self.add_lines(step, scope, &mut lines);
        let lines: Rc<[String]> = lines.into();
        if let Some(key) = key {
            self.worked.borrow_mut().insert(key, Rc::clone(&lines));
        }
        lines
    }
}

fn add_parts(read: &str, parts: Option<&Vec<(Scope, PublishedPart)>>, scope: &Scope, all: &mut Vec<String>) {
    let parts = parts.map_or(&[][..], Vec::as_slice).iter().filter(|(of, _)| of.meets(scope));
    all.extend(parts.map(|(of, part)| format!("{read} {} {}", of.key(), part.sha256)));
}

/// Of lines that stand in, whence they are.
fn whence(source: &CostSource) -> String {
    source.carried.map_or_else(String::new, |carried| format!(" of {}", carried.from))
}

/// For what the unpublished table of `before` is made, where `step` is made for `scope` and reads it. A whole table is whole for every
/// reader, but for one that looks up in it; others are made for every period, or year, that the scope touches. What is made for a period
/// and looked up in for a partition depends on its council's partitions alone. A year is none of a period whose query does not read it
/// with the parameters of that period, as where a closing period alone counts its year.
#[must_use]
pub fn scope_of(step: &Step, before: &Step, scope: &Scope, sources: &[CostSource], calendar: Calendar) -> Vec<Scope> {
    match (before.grain, scope) {
        (Grain::Year, Scope::Period(_)) if !reads_with(step, before, &scope.parameters(calendar)) => return Vec::new(),
        (Grain::Period, Scope::Partition(source)) => return vec![Scope::Council(source.file.council.clone(), source.file.period)],
        (Grain::Period, Scope::Council(..)) => return vec![scope.clone()],
        _ => {}
    }
    if before.grain != Grain::Whole {
        return Scope::meeting(before.grain, sources, scope);
    }
    let narrowed = step.looks_up() || step.grain == Grain::Whole;
    vec![if narrowed { scope.clone() } else { Scope::Whole }]
}

fn reads_with(step: &Step, before: &Step, parameters: &Parameters) -> bool {
    let How::Query(query) = &step.how else { return true };
    let mut tables = before.fills.iter().filter(|table| step.reads.contains(*table)).peekable();
    tables.peek().is_none() || {
        let read = query.reads_with(parameters);
        tables.any(|table| read.contains(table))
    }
}
