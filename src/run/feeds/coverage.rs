//! Files that say themselves what they cover: read after landing, then held to the same rules as those whose name says it.

use std::collections::BTreeMap;

use super::{super::Event, Delivered, FeedRun, InHand, contract_for, messages::no_coverage, not_taken, text_inside};
use crate::{
    decode::{FileFacts, Judge, Reader},
    diagnostic::{Answer, Diagnostic, Place, Refusal},
    domain::{Coverage, Period},
    lake::Landed,
    pipeline::Feed,
    plan::{self, is_active, older_left, rank, tie},
    source::Entry,
};

impl FeedRun<'_> {
    /// Finds out what those in hand cover that nobody has said it of yet, and keeps those that are to go on: asked for, of a time in
    /// which the feed is active, and the newest of their coverage. `left` are the files of the same feeds that are left alone.
    pub(super) fn covered<'a>(
        &self,
        in_hand: Vec<InHand<'a>>,
        left: &[(&Feed, Entry, Coverage)],
        done: &mut Vec<Delivered>,
    ) -> Vec<InHand<'a>> {
        let mut known = Vec::new();
        // By feed, coverage and piece.
        let mut read: BTreeMap<(String, Coverage, Option<u32>), Vec<(usize, InHand<'a>)>> = BTreeMap::new();
        for (place, mut item) in in_hand.into_iter().enumerate() {
            let (None, Ok((landed, facts))) = (&item.take.coverage, &item.landed) else {
                known.push((place, item));
                continue;
            };
            let name = item.take.entry.name.clone();
            match self.coverage_inside(item.feed, &format!("{}: {name}", item.feed.name()), landed, facts) {
                Err(refusal) => done.push(self.leave(item.feed, name, refusal.0)),
                Ok(coverage) if !self.wish.wants(&item.feed.replaces(&coverage, self.partnership.calendar)) => {
                    self.step(&format!("{}: {name}: covers {coverage}, not asked for", item.feed.name()));
                }
                Ok(coverage) if !is_active(item.feed, &coverage, self.partnership.calendar) => {
                    self.observer.event(Event::Report { diagnostics: &[plan::not_active(item.feed, &item.take.entry)] });
                }
                Ok(coverage) => {
                    item.take.coverage = Some(coverage.clone());
                    let piece = item.feed.files.matches(&name).and_then(|facts| facts.piece);
                    // What is brought in again comes in its own order, and is no candidate.
                    if item.take.landed.is_some() {
                        known.push((place, item));
                    } else {
                        read.entry((item.feed.name(), coverage, piece)).or_default().push((place, item));
                    }
                }
            }
        }
        for ((feed, coverage, piece), group) in read {
            let piece_of = |of: &Feed, entry: &Entry| of.files.matches(&entry.name).and_then(|facts| facts.piece);
            let beside = left.iter().filter(|(of, entry, covers)| of.name() == feed && *covers == coverage && piece_of(of, entry) == piece);
            known.extend(self.newest_of(group, &coverage, &beside.map(|(_, entry, _)| entry).collect::<Vec<_>>(), done));
        }
        known.sort_by_key(|(place, _)| *place);
        known.into_iter().map(|(_, item)| item).collect()
    }

    /// The newest of files that cover the same, if one of them is and none of those beside it is newer.
    fn newest_of<'a>(
        &self,
        group: Vec<(usize, InHand<'a>)>,
        coverage: &Coverage,
        beside: &[&Entry],
        done: &mut Vec<Delivered>,
    ) -> Option<(usize, InHand<'a>)> {
        let feed = group.first()?.1.feed;
        let entries = group.iter().map(|(_, item)| &item.take.entry).chain(beside.iter().copied());
        let best = entries.clone().map(|entry| rank(feed, entry)).max()?;
        let newer = entries.clone().find(|entry| rank(feed, entry) == best).cloned();
        let names: Vec<String> = entries.filter(|entry| rank(feed, entry) == best).map(|entry| entry.name.clone()).collect();
        let (mut newest, older): (Vec<_>, Vec<_>) = group.into_iter().partition(|(_, item)| rank(feed, &item.take.entry) == best);
        for (_, item) in older {
            self.step(&format!("{}: {}: superseded by a newer file for {coverage}", feed.name(), item.take.entry.name));
            let report = newer.as_ref().and_then(|newer| older_left(feed, &item.take.entry, Some(coverage), newer));
            report.iter().for_each(|report| self.observer.event(Event::Report { diagnostics: std::slice::from_ref(report) }));
        }
        if names.len() > 1 && !newest.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            done.push(self.leave(feed, String::new(), vec![tie(feed, Some(coverage), &names)]));
            return None;
        }
        newest.pop()
    }

    fn leave(&self, feed: &Feed, file: String, reports: Vec<Diagnostic>) -> Delivered {
        self.observer.event(Event::Report { diagnostics: &reports });
        not_taken(feed, file, reports)
    }

    /// What the file itself says that it covers. Where contracts are dated, the file is read by the one that holds for what it then says.
    fn coverage_inside(&self, feed: &Feed, file: &str, landed: &Landed, facts: &FileFacts) -> Answer<Coverage> {
        let calendar = self.partnership.calendar;
        let mut fault: Option<Refusal> = None;
        for (_, contract) in feed.contracts.iter().rev() {
            let read = || -> Answer<Coverage> {
                let any_day = calendar.days_of(Period { year: 2000, period: 1 });
                let judge = Judge::new(contract.clone(), file.to_owned(), facts, any_day, Vec::new())?;
                let judge = plan::treating(feed, judge, &self.pseudonyms);
                let reader = Reader::open(&judge, self.lake.landing().open(&landed.digest, feed.sealing())?)?;
                let found = text_inside(feed, &reader.header()).ok_or_else(|| no_coverage(feed, file))?;
                feed.coverage_from_text(&found, calendar).map_err(|refusal| refusal.or_place(&Place::file(file)))
            };
            match read() {
                Ok(coverage) if contract_for(feed, &coverage, calendar).is_some_and(|holds| holds.digest == contract.digest) => {
                    return Ok(coverage);
                }
                Ok(coverage) => drop(fault.get_or_insert_with(|| super::messages::no_contract(feed, file, &coverage).into())),
                Err(refusal) => drop(fault.get_or_insert(refusal)),
            }
        }
        Err(fault.unwrap_or_else(|| no_coverage(feed, file)))
    }
}
