//! The register of assignments as it stands: how the pay of a post is split, and what its contributions go by.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use crate::{
    diagnostic::Answer,
    domain::{Day, Ownership, Pence, Split, Unsplit, split_pay},
    schema::batch::Rows,
};

/// One row of the register.
struct Row {
    split: Split,
    letter: Option<String>,
    is_annual: bool,
    fund: Option<String>,
}

/// What the register says of one assignment.
pub(super) struct Post(Vec<Row>);

/// By council and assignment.
pub(super) struct Posts<'a>(HashMap<&'a str, HashMap<&'a str, Post>>);

/// What the register says of an assignment on a day.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Terms<'p> {
    /// Distinct letters; a row without one is not told of.
    pub letters: BTreeSet<&'p str>,
    pub is_annual: bool,
    pub funds: BTreeSet<&'p str>,
}

impl<'a> Posts<'a> {
    /// `services` are those of the partnership: a split to another is faulty.
    pub fn of(table: Rows<'a>, services: &BTreeSet<&str>) -> Answer<Self> {
        let mut posts: HashMap<_, HashMap<_, Post>> = HashMap::new();
        for row in 0..table.count() {
            let Some(assignment) = table.maybe("assignment", row)? else { continue };
            let of_row = Row {
                split: split(table, row, services)?,
                letter: table.maybe("ni_letter", row)?.map(str::to_owned),
                is_annual: table.text("ni_method", row)? == "annual",
                fund: table.maybe("pension_fund", row)?.map(str::to_owned),
            };
            let post = posts.entry(table.text("council", row)?).or_default().entry(assignment).or_insert_with(|| Post(Vec::new()));
            post.0.push(of_row);
        }
        Ok(Self(posts))
    }

    /// `None` where the register does not have it.
    pub fn post(&self, council: &str, assignment: &str) -> Option<&Post> {
        self.0.get(council)?.get(assignment)
    }
}

impl Post {
    /// Pence by class, split once by the weights of that day.
    ///
    /// # Errors
    /// [`Unsplit`]: all of it is of the class of its cost centre and account.
    pub fn split(&self, pence: Pence, day: Day) -> Result<Vec<(&str, Pence)>, Unsplit> {
        split_pay(pence, self.0.iter().map(|row| &row.split), day)
    }

    /// What holds on a day.
    pub fn terms(&self, day: Day) -> Terms<'_> {
        let mut terms = Terms::default();
        let holds = |row: &&Row| row.split.valid_from <= day && row.split.valid_to.is_none_or(|end| day < end);
        for row in self.0.iter().filter(holds) {
            terms.letters.extend(row.letter.as_deref());
            terms.funds.extend(row.fund.as_deref());
            terms.is_annual |= row.is_annual;
        }
        terms
    }
}

/// The split of a row. One that gives something to a class which no cost can have counts as faulty: below nought is no weight.
fn split(table: Rows<'_>, row: usize, services: &BTreeSet<&str>) -> Answer<Split> {
    let [ownership, service, bearer] = [table.text("ownership", row)?, table.text("service", row)?, table.text("bearer", row)?];
    let weight = table.whole("weight", row)?;
    let is_empty = ownership.is_empty() && service.is_empty() && bearer.is_empty() && weight.is_none();
    let class = (!is_empty).then(|| [ownership, if service.is_empty() { "none" } else { service }, bearer].join("/"));
    let is_faulty = weight.is_some_and(|weight| weight > 0) && !is_class(ownership, service, bearer, services);
    let weight = if is_faulty { Some(-1) } else { weight };
    let day = |name| table.day(name, row);
    Ok(Split { class, weight, valid_from: day("valid_from")?.unwrap_or(Day(i32::MIN)), valid_to: day("valid_to")? })
}

/// Whether cost can have this class: what is nobody's or in suspense is no place for a post.
fn is_class(ownership: &str, service: &str, bearer: &str, services: &BTreeSet<&str>) -> bool {
    match Ownership::parse(ownership) {
        None | Some(Ownership::NotCost | Ownership::Suspense) => false,
        Some(Ownership::Retained) => (service.is_empty() || service == "none" || services.contains(service)) && !bearer.contains('/'),
        Some(_) => services.contains(service) && !bearer.contains('/'),
    }
}
