//! A run.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use truecost::pipeline::Extent;

use super::{
    super::{
        Reached,
        world::{FEEDS, File, World},
    },
    Delivery, Due, Model, State, Turn, count, periods,
};

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

    pub(super) fn originals<'m>(
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
            d.source.clone_from(&name);
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
