//! What should stand, written from the rules. It knows bytes and names, no ids, no hashes and no tables: deliveries are laid onto a board
//! in the order of their places, and each question is asked of the board by itself.

mod run;
mod said;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use truecost::pipeline::{Basis, Extent, Missing};

use super::{
    Reached,
    world::{Asked, COUNCILS, FEEDS, File, World, council_of, month_of},
};

/// Run, place within it, and how far below the one whose place it shares.
type Turn = (u64, u64, Reverse<u32>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Accepted,
    Refused,
    Waiting,
    Withdrawn,
}

/// The same feed, the same months and the same bytes are the same delivery.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub feed: usize,
    pub k: u8,
    pub content: usize,
    turn: Turn,
    pub state: State,
    /// Accepted, and its rows have to be brought in again.
    lost: bool,
    /// It stood in its table when it was judged last.
    came_in: bool,
    /// Refused because the same bytes count for other months.
    copy: bool,
    /// The feed's words by which it was judged last, and those by which persons accepted it.
    rules: String,
    accepted_by: Vec<String>,
    /// By a person: number of the command, and the state before.
    by_person: Option<(u64, State)>,
    /// Files that brought it, with time and inode; and the last that was judged.
    files: BTreeMap<String, (u64, u64)>,
    source: String,
}

/// A file whose turn it is, or landed bytes.
struct Due {
    delivery: Option<usize>,
    k: u8,
    content: usize,
    file: Option<(String, File)>,
    turn: Option<Turn>,
    end: Option<u8>,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub deliveries: Vec<Delivery>,
    number: u64,
    order: u64,
    /// What readers see: rows and pence; a period that is there and holds none counts too.
    pub published: BTreeMap<(usize, u8), (u64, i128)>,
    /// Whether anything was ever published.
    pub any_release: bool,
}

/// The periods that a delivery replaces.
fn periods(feed: usize, k: u8) -> Vec<u8> {
    match FEEDS[feed].extent {
        Extent::One => vec![k],
        Extent::ToDate => (1..=k).collect(),
        _ => (1..=13).collect(),
    }
}

/// Rows and pence of a content for a period.
fn brought(world: &World, feed: usize, k: u8, content: usize, period: u8) -> (u64, i128) {
    let of = &world.contents[content];
    let undated = if FEEDS[feed].extent == Extent::One && period == k { of.rows[0] } else { 0 };
    let rows = if FEEDS[feed].extent == Extent::One { undated } else { of.rows[usize::from(period)] };
    (rows, i128::from(rows) * of.pence)
}

impl Model {
    fn covers(&self, delivery: usize, period: u8) -> bool {
        let d = &self.deliveries[delivery];
        periods(d.feed, d.k).contains(&period)
    }

    /// Who stands in a period of a feed.
    pub fn holder(&self, feed: usize, period: u8) -> Option<usize> {
        let holds = |d: &usize| self.deliveries[*d].state == State::Accepted && self.deliveries[*d].feed == feed && self.covers(*d, period);
        (0..self.deliveries.len()).filter(holds).max_by_key(|d| self.deliveries[*d].turn)
    }

    fn held(&self, delivery: usize) -> Vec<u8> {
        let d = &self.deliveries[delivery];
        periods(d.feed, d.k).into_iter().filter(|p| self.holder(d.feed, *p) == Some(delivery)).collect()
    }

    pub fn stands(&self, delivery: usize) -> bool {
        !self.held(delivery).is_empty()
    }

    /// A newer one of all its periods, accepted or itself waiting, ends the wait.
    fn waits(&self, delivery: usize) -> bool {
        let d = &self.deliveries[delivery];
        let ends = |other: &Delivery| {
            let later = other.feed == d.feed && other.turn > d.turn && matches!(other.state, State::Accepted | State::Waiting);
            later && periods(d.feed, d.k).iter().all(|p| periods(other.feed, other.k).contains(p))
        };
        d.state == State::Waiting && !self.deliveries.iter().any(ends)
    }

    fn is_active(world: &World, feed: usize, period: u8) -> bool {
        let month = month_of(period);
        world.said(feed).is_some_and(|said| said.from.is_none_or(|from| from <= month) && said.to.is_none_or(|to| month < to))
    }

    /// Whether files of these months are read at all.
    fn is_read(world: &World, feed: usize, k: u8) -> bool {
        // The closing period is no part of what a file is said to cover.
        periods(feed, k).iter().any(|p| *p < 13 && Self::is_active(world, feed, *p))
    }

    fn brings(&self, world: &World, delivery: usize, period: u8) -> (u64, i128) {
        let d = &self.deliveries[delivery];
        if d.state == State::Refused { (0, 0) } else { brought(world, d.feed, d.k, d.content, period) }
    }
}

/// What counts, and why the rest does not.
impl Model {
    fn basis(world: &World, feed: usize, period: u8) -> Option<Basis> {
        let bases = world.councils[council_of(feed)].as_ref()?;
        bases.iter().filter(|(from, _)| *from <= month_of(period)).map(|(_, basis)| *basis).next_back()
    }

    /// Rows and pence of what stands.
    pub fn stood(&self, world: &World, feed: usize, period: u8) -> (u64, i128) {
        self.holder(feed, period).map_or((0, 0), |holder| self.brings(world, holder, period))
    }

    fn would_count(&self, world: &World, feed: usize, period: u8) -> bool {
        let stands = self.holder(feed, period).is_some_and(|holder| !self.deliveries[holder].lost);
        stands && Self::is_active(world, feed, period) && Self::basis(world, feed, period) == Some(FEEDS[feed].basis)
    }

    /// Required feeds that brought nothing for a period in which others have lines.
    fn lacking(&self, world: &World, period: u8) -> Vec<(usize, Missing)> {
        if !(0..FEEDS.len()).any(|feed| self.would_count(world, feed, period) && self.stood(world, feed, period).0 > 0) {
            return Vec::new();
        }
        let brought_closing = |feed: usize| {
            let brought = |d: &Delivery| d.feed == feed && d.state == State::Accepted && brought(world, feed, d.k, d.content, 13).0 > 0;
            self.deliveries.iter().any(brought)
        };
        let is_asked = |feed: &usize| {
            let Some(said) = world.said(*feed) else { return false };
            let asked = match said.asked {
                Asked::Never => false,
                Asked::Always => true,
                Asked::From(from) => from <= month_of(period),
            };
            let of_basis = Self::is_active(world, *feed, period) && Self::basis(world, *feed, period) == Some(FEEDS[*feed].basis);
            asked && of_basis && (period < 13 || brought_closing(*feed))
        };
        let lacks = (0..FEEDS.len()).filter(is_asked).filter(|feed| self.holder(*feed, period).is_none());
        lacks.filter_map(|feed| Some((feed, world.said(feed)?.missing))).collect()
    }

    fn is_blocked(&self, world: &World, period: u8) -> bool {
        self.lacking(world, period).iter().any(|(_, missing)| *missing == Missing::Block)
    }

    /// The month whose lines stand in for one that a feed has not brought: the last one before it that would count, and has some.
    fn carried(&self, world: &World, feed: usize, period: u8) -> Option<u8> {
        let may = period < 13 && self.lacking(world, period).contains(&(feed, Missing::Carry)) && !self.is_blocked(world, period);
        let has_lines = |p: &u8| self.would_count(world, feed, *p) && self.stood(world, feed, *p).0 > 0;
        (1..period).rev().filter(|_| may).find(has_lines)
    }

    /// Rows and pence that readers are to see of a feed's period, where it is in the figures.
    fn counted(&self, world: &World, feed: usize, period: u8) -> Option<(u64, i128)> {
        match self.state(world, feed, period) {
            "counts" => Some(self.stood(world, feed, period)),
            "carried" => self.carried(world, feed, period).map(|from| self.stood(world, feed, from)),
            _ => None,
        }
    }

    pub fn state(&self, world: &World, feed: usize, period: u8) -> &'static str {
        let holder = self.holder(feed, period);
        let withdrawn = || {
            (0..self.deliveries.len())
                .any(|d| self.deliveries[d].feed == feed && self.deliveries[d].state == State::Withdrawn && self.covers(d, period))
        };
        let blocked = || self.is_blocked(world, period);
        let goes_on = || self.lacking(world, period).iter().any(|(lacks, _)| *lacks == feed) && !blocked();
        match holder {
            None if self.carried(world, feed, period).is_some() => "carried",
            None if withdrawn() => "withdrawn",
            _ if world.councils[council_of(feed)].is_none() => "council not declared",
            _ if world.said(feed).is_none() => "feed not declared",
            None if goes_on() => "without",
            None => "nothing yet",
            Some(holder) if self.deliveries[holder].lost => "lost",
            Some(_) if !Self::is_active(world, feed, period) => "not active",
            Some(_) if Self::basis(world, feed, period) != Some(FEEDS[feed].basis) => "no cost basis",
            Some(_) if blocked() => "waits for a feed",
            Some(_) => "counts",
        }
    }

    pub fn standing(&self, world: &World, delivery: usize) -> &'static str {
        let d = &self.deliveries[delivery];
        let held = self.held(delivery);
        let counting = held.iter().filter(|p| self.state(world, d.feed, **p) == "counts").count();
        match d.state {
            State::Refused => "refused",
            State::Withdrawn => "withdrawn",
            State::Waiting if self.waits(delivery) => "waits for accept",
            State::Waiting => "superseded",
            State::Accepted if held.is_empty() => "superseded",
            State::Accepted if d.lost => "lost",
            State::Accepted if counting == 0 => "counts nowhere",
            State::Accepted if counting == periods(d.feed, d.k).len() => "counts",
            State::Accepted => "counts in part",
        }
    }

    /// Every period of a feed of which anything was ever brought or published.
    pub fn slots(&self) -> BTreeSet<(usize, u8)> {
        let of = |d: &Delivery| periods(d.feed, d.k).into_iter().map(move |p| (d.feed, p)).collect::<Vec<_>>();
        self.deliveries.iter().flat_map(of).chain(self.published.keys().copied()).collect()
    }

    /// Rows of a feed or council that is not declared.
    pub fn undeclared(&self, world: &World) -> bool {
        let is = |(feed, period): &(usize, u8)| {
            self.state(world, *feed, *period).ends_with("not declared") && self.stood(world, *feed, *period).0 > 0
        };
        self.slots().iter().any(is)
    }

    /// Whether something of a declared feed has to be brought in again.
    pub fn lost(&self, world: &World) -> bool {
        self.slots().iter().any(|(feed, period)| {
            world.said(*feed).is_some() && self.holder(*feed, *period).is_some_and(|holder| self.deliveries[holder].lost)
        })
    }

    /// Councils' periods that readers see and would not see any more, though nobody withdrew them.
    pub fn vanishing(&self, world: &World) -> BTreeSet<(&'static str, u8)> {
        let mut gone = BTreeSet::new();
        for (council, name) in COUNCILS.iter().enumerate() {
            for period in 1..=13 {
                let of_council: Vec<usize> = (0..FEEDS.len()).filter(|feed| council_of(*feed) == council).collect();
                let was = |feed: &usize| self.published.contains_key(&(*feed, period));
                let stays = |feed: &usize| self.counted(world, *feed, period).is_some_and(|(rows, _)| rows > 0 || was(feed));
                let unsaid = |feed: &usize| {
                    let state = self.state(world, *feed, period);
                    let told = self.stood(world, *feed, period).0 > 0 && (state.ends_with("not declared") || state == "lost");
                    was(feed) && state != "withdrawn" && !told
                };
                if of_council.iter().any(was) && !of_council.iter().any(stays) && of_council.iter().any(unsaid) {
                    gone.insert((*name, period));
                }
            }
        }
        gone
    }

    /// Councils' periods that another feed of the same table takes over, with less than half of what readers see.
    pub fn shrinking(&self, world: &World) -> BTreeSet<(&'static str, u8)> {
        let mut found = BTreeSet::new();
        for (council, name) in COUNCILS.iter().enumerate() {
            for (period, basis) in (1..=13).flat_map(|p| [(p, Basis::Ledger), (p, Basis::Payments)]) {
                let of: Vec<usize> = (0..FEEDS.len()).filter(|f| council_of(*f) == council && FEEDS[*f].basis == basis).collect();
                let was = |feed: &usize| self.published.contains_key(&(*feed, period));
                let lines = |feed: &usize| self.stood(world, *feed, period);
                let counts = |feed: &usize| self.state(world, *feed, period) == "counts";
                let told = |feed: &usize| {
                    let state = self.state(world, *feed, period);
                    lines(feed).0 > 0 && (state.ends_with("not declared") || state == "lost")
                };
                let last = |feed: usize| {
                    let came = |d: &&Delivery| d.feed == feed && d.came_in && periods(d.feed, d.k).contains(&period);
                    let last = self.deliveries.iter().filter(came).max_by_key(|d| d.turn)?;
                    Some(brought(world, feed, last.k, last.content, period))
                };
                // Where lines of another month stand in, the feed has its place in the figures.
                let is_gone = |feed: &usize| was(feed) && self.counted(world, *feed, period).is_none() && !told(feed);
                let gone: Vec<usize> = of.iter().copied().filter(is_gone).collect();
                let come: Vec<usize> = of.iter().copied().filter(|f| !was(f) && counts(f) && lines(f).0 > 0).collect();
                // Debits and credits do not take each other away.
                let sum = |all: &[(u64, i128)]| all.iter().fold((0, 0), |(rows, pence), (r, p)| (rows + r, pence + p.abs()));
                let before = sum(&gone.iter().filter_map(|f| last(*f)).collect::<Vec<_>>());
                let after = sum(&come.iter().map(lines).collect::<Vec<_>>());
                let may = come.iter().all(|f| world.said(*f).is_some_and(|said| said.may_shrink));
                if !come.is_empty() && !may && before.0 > 0 && (after.0 * 2 < before.0 || after.1 * 2 < before.1) {
                    found.insert((*name, period));
                }
            }
        }
        found
    }

    fn publish(&mut self, world: &World, reached: &Reached) {
        if self.undeclared(world) {
            return count(reached, "stops: not declared");
        }
        if !self.vanishing(world).is_empty() {
            return count(reached, "stops: vanishing");
        }
        if !self.shrinking(world).is_empty() {
            return count(reached, "stops: shrinking");
        }
        let slots = (0..FEEDS.len()).flat_map(|feed| (1..=13).map(move |period| (feed, period)));
        let lines = slots.filter_map(|(feed, period)| Some(((feed, period), self.counted(world, feed, period)?)));
        // A period without lines is only there where readers saw it before.
        let next: BTreeMap<(usize, u8), (u64, i128)> =
            lines.filter(|(slot, (rows, _))| *rows > 0 || self.published.contains_key(slot)).collect();
        if next.is_empty() && self.published.is_empty() {
            return;
        }
        if next.values().any(|(rows, _)| *rows == 0) {
            count(reached, "a period that stays empty");
        }
        if next.is_empty() {
            count(reached, "an empty release");
        }
        if next.keys().any(|(_, period)| *period == 13) {
            count(reached, "a closing period");
        }
        (self.published, self.any_release) = (next, true);
    }
}

pub fn count(reached: &Reached, what: &str) {
    *reached.borrow_mut().entry(what.to_owned()).or_default() += 1;
}
