//! What should stand, written from the rules. It knows bytes and names, no ids, no hashes and no tables: deliveries are laid onto a board
//! in the order of their places, and each question is asked of the board by itself.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use truecost::pipeline::{Basis, Extent};

use super::{
    Reached,
    world::{Asked, COUNCILS, FEEDS, File, What, Which, World, council_of, month_of},
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

/// A run.
impl Model {
    pub fn run(&mut self, world: &World, reached: &Reached) {
        self.number += 1;
        self.order = 0;
        for feed in (0..FEEDS.len()).filter(|feed| world.said(*feed).is_some()) {
            self.run_feed(world, feed, reached);
        }
        self.publish(world, reached);
    }

    fn run_feed(&mut self, world: &World, feed: usize, reached: &Reached) {
        let mut due = self.replays(world, feed);
        let mut seen = BTreeSet::new();
        loop {
            due.extend(self.walk(world, feed, &mut seen, reached));
            if due.is_empty() {
                break;
            }
            due.sort_by_key(|d| {
                let file = d.file.as_ref().map(|(name, file)| (file.time, name.clone()));
                (d.turn.is_none(), d.turn, d.end, file)
            });
            for one in std::mem::take(&mut due) {
                if let Some(one) = self.look(world, feed, one) {
                    self.judge(world, feed, one, reached);
                }
            }
        }
        // What was uncovered on the way comes back.
        let back: Vec<usize> = self.in_order(feed).into_iter().filter(|d| self.deliveries[*d].lost && self.stands(*d)).collect();
        for delivery in back {
            let Delivery { k, content, turn, .. } = self.deliveries[delivery];
            self.judge(world, feed, Due { delivery: Some(delivery), k, content, file: None, turn: Some(turn), end: None }, reached);
        }
    }

    fn in_order(&self, feed: usize) -> Vec<usize> {
        let mut of_feed: Vec<usize> = (0..self.deliveries.len()).filter(|d| self.deliveries[*d].feed == feed).collect();
        of_feed.sort_by_key(|d| self.deliveries[*d].turn);
        of_feed
    }

    /// What is read again from landing: what is lost, what a person let in, what other words of the feed judge now.
    fn replays(&self, world: &World, feed: usize) -> Vec<Due> {
        let rules = world.rules(feed);
        let is_due = |delivery: &usize| {
            let d = &self.deliveries[*delivery];
            let reason = match d.state {
                State::Waiting => self.waits(*delivery) && (d.rules != rules || d.accepted_by.contains(&d.rules)),
                State::Accepted => self.stands(*delivery) && (d.lost || d.rules != rules),
                _ => false,
            };
            reason && (d.lost || Self::is_read(world, feed, d.k))
        };
        let due = |delivery: usize| {
            let d = &self.deliveries[delivery];
            Due { delivery: Some(delivery), k: d.k, content: d.content, file: None, turn: Some(d.turn), end: None }
        };
        self.in_order(feed).into_iter().filter(is_due).map(due).collect()
    }

    /// For the same months the newest file that is not settled; each file once in a run.
    fn walk(&mut self, world: &World, feed: usize, seen: &mut BTreeSet<String>, reached: &Reached) -> Vec<Due> {
        let mut months: BTreeMap<u8, Vec<(String, File)>> = BTreeMap::new();
        for (name, file) in &world.folders[feed] {
            let month = if FEEDS[feed].extent == Extent::Year { 1 } else { file.k };
            months.entry(month).or_default().push((name.clone(), File { k: month, ..*file }));
        }
        let mut due = Vec::new();
        for (k, mut files) in months.into_iter().filter(|(k, _)| Self::is_read(world, feed, *k)) {
            files.sort_by_key(|(_, file)| Reverse(file.time));
            let mut instead = None;
            for (name, file) in files {
                let known = self.deliveries.iter().position(|d| d.feed == feed && d.k == k && d.content == file.content);
                let Some(delivery) = known.filter(|d| self.is_known(*d)) else {
                    if seen.insert(name.clone()) {
                        let turn = instead.and_then(|newer| self.below(newer));
                        if instead.is_some() {
                            count(reached, "the next newest");
                        }
                        let end = (FEEDS[feed].extent == Extent::ToDate).then_some(k);
                        due.push(Due { delivery: known, k, content: file.content, file: Some((name, file)), turn, end });
                    }
                    break;
                };
                // A file that lies there in another way than before is looked at, in its order: only its bytes say what it is.
                if self.deliveries[delivery].files.get(&name) != Some(&(file.time, file.inode)) && seen.insert(name.clone()) {
                    let turn = instead.and_then(|newer| self.below(newer));
                    let end = (FEEDS[feed].extent == Extent::ToDate).then_some(k);
                    due.push(Due { delivery: known, k, content: file.content, file: Some((name, file)), turn, end });
                    break;
                }
                let d = &self.deliveries[delivery];
                match d.state {
                    State::Accepted if self.stands(delivery) => break,
                    State::Waiting if self.waits(delivery) => break,
                    State::Accepted => count(reached, "an older file again"),
                    State::Waiting => count(reached, "a wait that a newer one ended"),
                    State::Refused if d.rules != world.rules(feed) || (d.copy && !self.is_copied(world, delivery)) => {
                        if seen.insert(name.clone()) {
                            let turn = Some(d.turn);
                            due.push(Due { delivery: known, k, content: file.content, file: Some((name, file)), turn, end: None });
                        }
                        break;
                    }
                    State::Refused | State::Withdrawn => instead = Some(delivery),
                }
            }
        }
        due
    }

    /// What is judged of a file: nothing where it turns out to be a delivery that is settled; then only its name is noted.
    fn look(&mut self, world: &World, feed: usize, due: Due) -> Option<Due> {
        let (Some(delivery), Some((name, file))) = (due.delivery, &due.file) else { return Some(due) };
        let rules = world.rules(feed);
        let d = &self.deliveries[delivery];
        let again = match d.state {
            State::Withdrawn => d.by_person.is_none(),
            State::Refused => d.rules != rules || (d.copy && !self.is_copied(world, delivery)),
            State::Waiting => d.rules != rules,
            State::Accepted => self.stands(delivery) && (d.lost || d.rules != rules),
        };
        if again {
            let turn = if d.state == State::Withdrawn { due.turn } else { Some(d.turn) };
            return Some(Due { turn, ..due });
        }
        let (name, facts) = (name.clone(), (file.time, file.inode));
        self.deliveries[delivery].files.insert(name, facts);
        None
    }

    /// What its own file withdrew, by another name, is as good as new.
    fn is_known(&self, delivery: usize) -> bool {
        let d = &self.deliveries[delivery];
        d.state != State::Withdrawn || d.by_person.is_some()
    }

    /// Below the newer one, should that count after all; at the end of the order where one that reaches no further has gone over it.
    fn below(&self, newer: usize) -> Option<Turn> {
        let d = &self.deliveries[newer];
        let over = |other: &Delivery| {
            let counts = other.feed == d.feed && matches!(other.state, State::Accepted | State::Waiting) && other.turn > d.turn;
            counts && other.k <= d.k && periods(other.feed, other.k).iter().any(|p| periods(d.feed, d.k).contains(p))
        };
        let (run, order, Reverse(below)) = d.turn;
        (!self.deliveries.iter().any(over)).then_some((run, order, Reverse(below + 1)))
    }

    /// Whether the same bytes still count, or wait, for months of which this one has none.
    fn is_copied(&self, world: &World, delivery: usize) -> bool {
        let d = &self.deliveries[delivery];
        self.originals(world, d.feed, d.k, d.content, &[State::Accepted, State::Waiting]).next().is_some()
    }

    fn originals<'m>(
        &'m self,
        world: &'m World,
        feed: usize,
        k: u8,
        content: usize,
        states: &'m [State],
    ) -> impl Iterator<Item = usize> + 'm {
        let rows: u64 = world.contents[content].rows.iter().sum();
        (0..self.deliveries.len()).filter(move |other| {
            let o = &self.deliveries[*other];
            let same = rows > 0 && o.feed == feed && o.content == content && states.contains(&o.state);
            same && FEEDS[feed].extent == Extent::One && o.k != k
        })
    }

    /// Whether the file is the one that brought `other`, under a new name.
    fn has_moved(&self, world: &World, other: usize, facts: (u64, u64)) -> bool {
        let files = &self.deliveries[other].files;
        files.keys().all(|name| !world.folders[self.deliveries[other].feed].contains_key(name)) && files.values().any(|f| *f == facts)
    }

    fn judge(&mut self, world: &World, feed: usize, due: Due, reached: &Reached) {
        let Due { delivery, k, content, file, turn, .. } = due;
        let rules = world.rules(feed);
        let standing = delivery.is_some_and(|d| self.deliveries[d].state == State::Accepted && self.stands(d));
        let let_in = delivery.is_some_and(|d| self.deliveries[d].accepted_by.contains(&rules));
        if delivery.is_some_and(|d| self.deliveries[d].rules != rules && self.deliveries[d].state != State::Withdrawn) {
            count(reached, "judged again by other rules");
        }
        let turn = turn.unwrap_or_else(|| {
            self.order += 1;
            (self.number, self.order, Reverse(0))
        });
        let delivery = delivery.unwrap_or_else(|| {
            self.deliveries.push(Delivery {
                feed,
                k,
                content,
                turn,
                state: State::Refused,
                lost: false,
                came_in: false,
                copy: false,
                rules: String::new(),
                accepted_by: vec![],
                by_person: None,
                files: BTreeMap::new(),
                source: String::new(),
            });
            self.deliveries.len() - 1
        });
        let was = self.deliveries[delivery].clone();
        let d = &mut self.deliveries[delivery];
        if let Some((name, file)) = file {
            let former = std::mem::replace(&mut d.source, name.clone());
            d.files.remove(&former);
            d.files.insert(name, (file.time, file.inode));
        }
        let facts = d.files.get(&d.source).copied().unwrap_or_default();
        let name = d.source.clone();
        (d.rules, d.copy, d.turn) = (rules.clone(), false, turn);
        d.by_person = None;
        d.came_in = false;
        if world.contents[content].bad {
            d.state = State::Refused;
            return;
        }
        let said = world.said(feed).cloned().unwrap_or_default();
        let is_copy = |m: &Self, o: usize| !m.deliveries[o].files.contains_key(&name) && !m.has_moved(world, o, facts);
        if !standing && !said.repeats && self.originals(world, feed, k, content, &[State::Accepted]).any(|o| is_copy(self, o)) {
            count(reached, "refused as a copy");
            (self.deliveries[delivery].state, self.deliveries[delivery].copy) = (State::Refused, true);
            return;
        }
        if was.copy {
            count(reached, "a copy that is let in");
        }
        self.enter(world, delivery, &was, standing, let_in || said.may_shrink, facts, reached);
    }

    /// It replaces what stands in its periods, unless that is in question; its bytes under a former name go.
    #[allow(clippy::too_many_arguments)] // what judging found
    fn enter(
        &mut self,
        world: &World,
        delivery: usize,
        was: &Delivery,
        standing: bool,
        unguarded: bool,
        facts: (u64, u64),
        reached: &Reached,
    ) {
        let Delivery { feed, k, content, .. } = self.deliveries[delivery];
        let mut before = self.clone();
        before.deliveries[delivery].state = if standing { was.state } else { State::Refused };
        let former: Vec<usize> = self
            .originals(world, feed, k, content, &[State::Accepted, State::Waiting])
            .filter(|o| self.has_moved(world, *o, facts))
            .collect();
        let mut after = self.clone();
        after.deliveries[delivery].state = State::Accepted;
        after.deliveries[delivery].lost = false;
        for o in &former {
            let o = &mut after.deliveries[*o];
            (o.state, o.lost, o.by_person) = (State::Withdrawn, false, None);
        }
        let shrinks = |p: &u8| {
            let Some(stood) = before.holder(feed, *p).filter(|h| *h != delivery && !before.deliveries[*h].lost) else { return false };
            let ((rows, sum), (now, sum_now)) = (before.brings(world, stood, *p), after.brings(world, delivery, *p));
            rows > 0 && (now == 0 || now * 2 < rows || sum_now.abs() * 2 < sum.abs())
        };
        if !unguarded && after.held(delivery).iter().any(shrinks) {
            self.deliveries[delivery].state = State::Waiting;
            return;
        }
        let uncovered: Vec<u8> = former.iter().flat_map(|o| before.held(*o)).filter(|p| after.holder(feed, *p) != Some(delivery)).collect();
        for period in uncovered {
            count(reached, "withdrawn by a renamed file");
            if let Some(below) = after.holder(feed, period) {
                after.deliveries[below].lost = true;
            }
        }
        after.deliveries[delivery].came_in = after.stands(delivery) || former.iter().any(|o| !before.held(*o).is_empty());
        let gone: Vec<usize> = (0..after.deliveries.len()).filter(|d| !after.stands(*d)).collect();
        for d in gone {
            after.deliveries[d].lost = false;
        }
        *self = after;
    }
}

/// A person's word.
impl Model {
    fn is_meant(&self, delivery: usize, which: Which) -> bool {
        let d = &self.deliveries[delivery];
        match which {
            Which::Delivery(number) => !self.deliveries.is_empty() && delivery == number % self.deliveries.len(),
            Which::Feed(feed) => d.feed == feed,
            Which::Period(feed, period) => d.feed == feed && self.covers(delivery, period),
        }
    }

    /// One of the deliveries that the word can be about, where one was named and there are such.
    pub fn named(&self, what: What, which: Which) -> Which {
        let Which::Delivery(number) = which else { return which };
        let fits = |d: &usize| match what {
            What::Accept => self.waits(*d),
            What::Withdraw => self.deliveries[*d].state != State::Withdrawn,
            What::Undo => self.deliveries[*d].by_person.is_some(),
        };
        let fitting: Vec<usize> = (0..self.deliveries.len()).filter(fits).collect();
        Which::Delivery(fitting.get(number % fitting.len().max(1)).copied().unwrap_or(number))
    }

    /// Whether there was something to decide.
    pub fn say(&mut self, world: &World, what: What, which: Which, reached: &Reached) -> bool {
        self.number += 1;
        let all: Vec<usize> = (0..self.deliveries.len()).filter(|d| self.is_meant(*d, which)).collect();
        let done = match what {
            What::Accept => self.accept(world, &all),
            What::Withdraw => self.withdraw(&all, which),
            What::Undo => self.undo(world, &all),
        };
        count(
            reached,
            match (what, done) {
                (_, false) => "nothing to decide",
                (What::Accept, _) => "accept",
                (What::Withdraw, _) => "withdraw",
                (What::Undo, _) => "undo",
            },
        );
        done
    }

    /// What waits, as it was judged: by the same words of the feed, and the file has no bytes by now that nobody has looked at.
    fn accept(&mut self, world: &World, all: &[usize]) -> bool {
        let waiting: Vec<usize> = all.iter().copied().filter(|d| self.waits(*d)).collect();
        let as_judged = |d: &usize| {
            let d = &self.deliveries[*d];
            let judged = |content: usize| self.deliveries.iter().any(|other| (other.feed, other.content) == (d.feed, content));
            let other = world.folders[d.feed].get(&d.source).is_some_and(|file| !judged(file.content));
            world.said(d.feed).is_some() && d.rules == world.rules(d.feed) && !other
        };
        if waiting.is_empty() || !waiting.iter().all(as_judged) {
            return false;
        }
        for d in waiting {
            let rules = self.deliveries[d].rules.clone();
            self.deliveries[d].accepted_by.push(rules);
        }
        true
    }

    /// A period names what stands or waits there; a feed all that counted or waited; a delivery itself.
    fn withdraw(&mut self, all: &[usize], which: Which) -> bool {
        let is_named = |delivery: &usize| match (which, self.deliveries[*delivery].state) {
            (_, State::Withdrawn) => false,
            (Which::Delivery(_), _) => true,
            (Which::Feed(_), state) => state != State::Refused,
            (Which::Period(feed, period), _) => self.holder(feed, period) == Some(*delivery) || self.waits(*delivery),
        };
        let named: Vec<usize> = all.iter().copied().filter(is_named).collect();
        let stood: Vec<(usize, u8)> = named.iter().flat_map(|d| self.held(*d).into_iter().map(|p| (self.deliveries[*d].feed, p))).collect();
        for d in &named {
            let d = &mut self.deliveries[*d];
            d.by_person = Some((self.number, d.state));
            (d.state, d.lost) = (State::Withdrawn, false);
        }
        for (feed, period) in stood {
            if let Some(below) = self.holder(feed, period) {
                self.deliveries[below].lost = true;
            }
        }
        !named.is_empty()
    }

    /// The last command that withdrew some of it; not where the same bytes count for other months by now.
    fn undo(&mut self, world: &World, all: &[usize]) -> bool {
        let of = |d: &usize| self.deliveries[*d].by_person.map(|(number, _)| number);
        let Some(last) = all.iter().filter_map(of).max() else { return false };
        let meant: Vec<usize> = all.iter().copied().filter(|d| of(d) == Some(last)).collect();
        let counts_otherwise = |d: &usize| {
            let it = &self.deliveries[*d];
            let counted = it.by_person.is_some_and(|(_, before)| before == State::Accepted);
            let may = world.said(it.feed).is_some_and(|said| said.repeats);
            counted && !may && self.originals(world, it.feed, it.k, it.content, &[State::Accepted]).next().is_some()
        };
        if meant.iter().any(counts_otherwise) {
            return false;
        }
        for d in &meant {
            let d = &mut self.deliveries[*d];
            d.state = d.by_person.take().map_or(State::Accepted, |(_, before)| before);
        }
        for d in meant {
            self.deliveries[d].lost = self.stands(d);
        }
        true
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
    fn lacking(&self, world: &World, period: u8, carry: bool) -> Vec<usize> {
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
            asked && said.carry == carry && of_basis && (period < 13 || brought_closing(*feed))
        };
        (0..FEEDS.len()).filter(is_asked).filter(|feed| self.holder(*feed, period).is_none()).collect()
    }

    pub fn state(&self, world: &World, feed: usize, period: u8) -> &'static str {
        let holder = self.holder(feed, period);
        let withdrawn = || {
            (0..self.deliveries.len())
                .any(|d| self.deliveries[d].feed == feed && self.deliveries[d].state == State::Withdrawn && self.covers(d, period))
        };
        let blocked = || !self.lacking(world, period, false).is_empty();
        match holder {
            None if withdrawn() => "withdrawn",
            _ if world.councils[council_of(feed)].is_none() => "council not declared",
            _ if world.said(feed).is_none() => "feed not declared",
            None if self.lacking(world, period, true).contains(&feed) && !blocked() => "carried",
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
                let stays =
                    |feed: &usize| self.state(world, *feed, period) == "counts" && (self.stood(world, *feed, period).0 > 0 || was(feed));
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
                let gone: Vec<usize> = of.iter().copied().filter(|f| was(f) && !counts(f) && !told(f)).collect();
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
        let counts = self.slots().into_iter().filter(|(feed, period)| self.state(world, *feed, *period) == "counts");
        let lines = counts.map(|(feed, period)| ((feed, period), self.stood(world, feed, period)));
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
