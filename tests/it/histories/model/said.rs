//! A person's word.

use super::{
    super::{
        Reached,
        world::{What, Which, World},
    },
    Model, State, count,
};

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
