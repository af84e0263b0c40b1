//! What a person decides about deliveries: accept what waits, withdraw what counts. Written into the register under the lake's lock.

use std::{collections::BTreeSet, io};

use super::{Conductor, Options, Silent, clock::Clock, cost::gone_of};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Coverage, DeliveryId, Digest, Identifier, Key, Period},
    lake::{Commit, Decided, Decision, DeliveryRecord, DeliveryState, HeldAt, Lock, Naming, Pending, holders},
    pipeline::{Feed, Partnership, Repeats},
    plan::{self, Change, Selector, Slot, common, is_stale, lake_now, nothing_to_let_go, plan_release, published_slots},
    source,
};

/// What a person said.
#[derive(Clone, Debug)]
pub struct Said {
    pub what: Decided,
    /// What is meant: a delivery, a feed, or a feed and a period.
    pub selector: String,
    pub by: String,
    pub reason: String,
}

/// Enters the decision. What is withdrawn leaves its common table at once; what is accepted, and what comes back, is for the next run.
///
/// # Errors
/// TC0110, TC0111, TC0112 where the words name nothing or say nothing; TC0421, TC0422 where what waits is not what was judged;
/// TC1004 where a run holds the lake; TC10….
pub fn decide(partnership: &Partnership, said: &Said, clock: &dyn Clock) -> Answer<Change> {
    let now = clock.now();
    let selector = Selector::parse(&said.selector)?;
    is_said(&said.by, &said.reason, "the delivery", &format!("{} {}", said.what.as_str(), said.selector))?;
    let options = Options { threads: 1, ..Options::default() };
    let mut conductor = Conductor::new(partnership, &options, clock, &Silent)?;
    let held = conductor.lake.lock(&format!("truecost {}", said.what.as_str()), &now.iso())?;
    let interrupted = conductor.take_over(&held)?;
    let mut known = conductor.lake.register().all()?;
    // Typed again after it died: it is done once.
    if let Some(pending) = interrupted.filter(|pending| said.is(pending)) {
        let decision = plan::decision(said.what, &said.by, &said.reason, pending.at.clone(), pending.number);
        let change = conductor.change(&pending.undone(&known), said, &selector, &decision)?;
        return conductor.decided(change, &known);
    }
    conductor.number = conductor.lake.next_number(&known)?;
    let decision = plan::decision(said.what, &said.by, &said.reason, now.iso(), conductor.number);
    let change = conductor.change(&known, said, &selector, &decision)?;
    if said.what == Decided::Accept {
        change.about.iter().try_for_each(|record| conductor.is_as_judged(&known, record))?;
    }
    // What comes back is lost first: should this end in between, nothing is published until a run has brought it in.
    let after: Vec<DeliveryRecord> = change.others.iter().chain(&change.about).cloned().collect();
    let pending = said.pending(&decision, &known, after);
    conductor.lake.begin(&pending)?;
    conductor.lake.enter_pending(&pending)?;
    for record in pending.after {
        known.iter_mut().filter(|r| r.is(&record.delivery_id)).for_each(|r| r.clone_from(&record));
    }
    conductor.decided(change, &known)
}

impl Said {
    /// Whether these are the words of a command that died.
    fn is(&self, pending: &Pending) -> bool {
        let words = [(&self.selector, &pending.selector), (&self.by, &pending.by), (&self.reason, &pending.reason)];
        self.what == pending.what && words.iter().all(|(said, pending)| said == pending)
    }

    fn pending(&self, decision: &Decision, known: &[DeliveryRecord], after: Vec<DeliveryRecord>) -> Pending {
        let before = known.iter().filter(|r| after.iter().any(|after| after.is(&r.delivery_id))).cloned().collect();
        Pending {
            what: self.what,
            selector: self.selector.clone(),
            by: self.by.clone(),
            reason: self.reason.clone(),
            at: decision.at.clone(),
            number: decision.run,
            before,
            after,
        }
    }
}

impl Conductor<'_> {
    /// What a command does first with the lake that it holds: what another left when it died is removed, made again or entered. Answers
    /// with the decision that the other had begun.
    pub(super) fn take_over(&self, held: &Lock) -> Answer<Option<Pending>> {
        self.lake.recover(held)?;
        self.mend_entries(false)?;
        self.lake.register().recover(&self.tables)?;
        self.finish_pending()
    }

    /// Enters what a command that died had begun; whoever holds the lock does it first.
    pub(super) fn finish_pending(&self) -> Answer<Option<Pending>> {
        let pending = self.lake.pending()?;
        if let Some(pending) = &pending {
            self.lake.enter_pending(pending)?;
            let known = self.lake.register().all()?;
            self.take_out_withdrawn(&known)?;
            self.lake.end_pending()?;
        }
        Ok(pending)
    }

    fn change(&self, known: &[DeliveryRecord], said: &Said, selector: &Selector, decision: &Decision) -> Answer<Change> {
        match said.what {
            Decided::Accept => plan::accept(known, selector, decision),
            Decided::Withdraw => plan::withdraw(known, selector, decision),
            Decided::Undo => plan::undo(known, selector, decision, &|record| self.may_repeat(record), &|a, b| self.same_lines(a, b)),
        }
    }

    /// The second half of a decision, once it is entered.
    fn decided(&self, mut change: Change, known: &[DeliveryRecord]) -> Answer<Change> {
        self.take_out_withdrawn(known)?;
        crash::point("decide.taken_out")?;
        let published = published_slots(self.lake.releases().latest()?.as_ref());
        let closings = self.lake.periods().closings()?;
        change.still_held = published.iter().filter(|slot| !change.leaves_empty(slot)).map(|slot| slot.period).collect();
        (change.closed, change.unpublished) =
            published.into_iter().filter(|slot| change.leaves_empty(slot)).partition(|slot| closings.is_closed(slot.period));
        let is_waived = |slot: &&Slot| closings.is_waived(&slot.council, &slot.feed, slot.period);
        change.waived = change.unpublished.iter().filter(is_waived).cloned().collect();
        self.lake.end_pending()?;
        Ok(change)
    }
}

/// Who and why must be said; they are kept with `what`, and the words are those of `command`.
///
/// # Errors
/// TC0112.
pub(super) fn is_said(by: &str, reason: &str, what: &str, command: &str) -> Answer<()> {
    for (option, text) in [("--by", by), ("--reason", reason)] {
        if text.trim().is_empty() {
            return Err(Diagnostic::new(codes::command::NOT_SAID, format!("{option} says nothing"))
                .expected(format!("who decides, and why: both are kept with {what}"))
                .outcome("nothing was changed")
                .hint(format!("truecost {command} --by NAME --reason TEXT"))
                .into());
        }
    }
    Ok(())
}

impl Conductor<'_> {
    /// Whether every period that a person lets go would vanish from the next release, or is one of whose statement files are gone.
    ///
    /// # Errors
    /// TC0625 where one would not.
    pub(super) fn check_let_go(&self, known: &[DeliveryRecord]) -> Answer<()> {
        let Some(let_go) = &self.let_go else { return Ok(()) };
        let latest = self.lake.releases().latest()?;
        let now = lake_now(self.partnership, &self.tables, latest.as_ref())?;
        let closings = self.lake.periods().closings()?;
        let plan = plan_release(self.partnership, known, &now.files, latest.as_ref(), &closings);
        let mut to_let_go = plan.to_let_go();
        let lost = closings.reopenings().iter().filter(|reopening| gone_of(self.lake.releases(), reopening).is_some());
        to_let_go.extend(lost.map(|reopening| reopening.period));
        match let_go.periods.iter().find(|period| !to_let_go.contains(period)) {
            Some(period) => Err(nothing_to_let_go(&plan, *period, closings.is_closed(*period)).into()),
            None => Ok(()),
        }
    }

    /// Takes rows out of the common tables that stand in periods which nobody holds and a withdrawn delivery covered. What a command or a
    /// run that was killed left is taken out by the next.
    pub(super) fn take_out_withdrawn(&self, known: &[DeliveryRecord]) -> Answer<()> {
        let withdrawn: Vec<&DeliveryRecord> = known.iter().filter(|r| r.state == DeliveryState::Withdrawn).collect();
        let mut tables: Vec<&str> = withdrawn.iter().map(|r| r.table.as_str()).collect();
        tables.sort_unstable();
        tables.dedup();
        // Looked up once: a feed of which thousands of deliveries were withdrawn costs no more than what it holds.
        let held = holders(known);
        for table in tables {
            let Some(snapshot) = self.tables.snapshot(table, None)? else { continue };
            let there: BTreeSet<HeldAt<'_>> = snapshot.files.iter().map(|f| (&*f.council, &*f.feed, f.period)).collect();
            for record in withdrawn.iter().filter(|r| r.table == table) {
                let at = |p: &Period| (&*record.council, &*record.feed, *p);
                let is_nobodys = |p: &Period| there.contains(&at(p)) && !held.contains_key(&at(p));
                let emptied: Vec<Period> = record.periods().into_iter().filter(is_nobodys).collect();
                if !emptied.is_empty() {
                    self.take_out(record, &emptied)?;
                }
            }
        }
        Ok(())
    }

    fn take_out(&self, record: &DeliveryRecord, emptied: &[Period]) -> Answer<()> {
        let (Ok(council), Ok(feed)) = (Identifier::new(&record.council), Identifier::new(&record.feed)) else { return Ok(()) };
        let (Some(coverage), Some(id)) = (Coverage::new(record.periods()), DeliveryId::parse(&record.delivery_id)) else { return Ok(()) };
        let into = common(self.partnership, &record.table)?;
        let token = format!("{}-{id}-out", self.run_id);
        let at_ms = self.clock.now().millis();
        let commit = Commit {
            council: &council,
            feed: &feed,
            coverage: &coverage,
            replace: &[],
            emptied,
            delivery: &id,
            token: &token,
            parts: Vec::new(),
            at_ms,
            facts: serde_json::Value::Null,
        };
        self.tables.replace(into, &commit).map(drop)
    }

    /// Whether the feed of a delivery says that its bytes may stand for several coverages.
    fn may_repeat(&self, record: &DeliveryRecord) -> bool {
        let feed = self.partnership.feed(&record.council, &record.feed);
        feed.is_some_and(|feed| feed.repeats == Repeats::Allowed)
    }

    /// Whether the landed bytes of two deliveries of one feed differ in their line ends alone. Where they cannot be read nobody can say so.
    pub(super) fn same_lines(&self, one: &DeliveryRecord, other: &DeliveryRecord) -> bool {
        let feed = self.partnership.feed(&one.council, &one.feed);
        let digests = Digest::parse(&one.sha256).zip(Digest::parse(&other.sha256));
        let same = |(a, b)| self.lake.landing().same_lines(&a, &b, feed?.sealing()).ok();
        digests.and_then(same).unwrap_or_default()
    }

    /// What is accepted must be what was judged: by these rules, and these bytes, or the file has brought others that were judged since.
    fn is_as_judged(&self, known: &[DeliveryRecord], record: &DeliveryRecord) -> Answer<()> {
        let place = Place::file(format!("{}: {}", record.feed_name(), record.source.name));
        let Some(feed) = self.partnership.feed(&record.council, &record.feed) else {
            let seen = format!("delivery {} of {} waits, and the feed is not declared", record.delivery_id, record.feed_name());
            return Err(Diagnostic::new(codes::control::NOT_DECLARED, seen)
                .place(place)
                .expected("a declared feed for what is to count")
                .outcome("nothing was changed; it still waits")
                .hint(plan::not_declared(record))
                .into());
        };
        if is_stale(feed, self.partnership.calendar, record) {
            return Err(Diagnostic::new(
                codes::control::JUDGED_OTHERWISE,
                format!("delivery {} was judged by another contract, feed or SQL than there is now", record.delivery_id),
            )
            .place(place)
            .expected("the rules that judged it")
            .outcome("nothing was changed; it still waits")
            .hint(format!("truecost run {} judges it again", record.feed_name()))
            .into());
        }
        self.is_landed(record, feed)?;
        let source = source::connect(&feed.from, &self.partnership.allow_hosts);
        // A folder that does not answer, or no longer has the file, says nothing against the bytes that were judged.
        let Ok(Some((source, entry))) = source.and_then(|source| Ok(source.look(&record.source.name)?.map(|entry| (source, entry)))) else {
            return Ok(());
        };
        if plan::is_file_of(record, &entry) {
            return Ok(());
        }
        let digest = digest_of(source.open(&entry, 0)?, feed.sealing()).map_err(|error| source::read_fault(&entry.name, error))?;
        let digest = digest.hex();
        let judged = known.iter().any(|r| r.is_of(&record.council, &record.feed) && r.sha256 == digest);
        if judged { Ok(()) } else { Err(other_bytes(record, "the file in its folder has other bytes now").into()) }
    }

    fn is_landed(&self, record: &DeliveryRecord, feed: &Feed) -> Answer<()> {
        let landed = Digest::parse(&record.sha256).filter(|digest| self.lake.landing().has(digest));
        let Some(landed) = landed else { return Err(other_bytes(record, "its landed bytes are gone").into()) };
        match digest_of(self.lake.landing().open(&landed, feed.sealing())?, feed.sealing()) {
            Ok(digest) if digest == landed => Ok(()),
            _ => Err(other_bytes(record, "its landed bytes are not the ones that were judged").into()),
        }
    }
}

/// What the bytes are landed as.
fn digest_of(mut read: impl io::Read, key: Option<&Key>) -> io::Result<Digest> {
    let mut name = Naming::new(key);
    let mut block = vec![0; 1 << 16];
    loop {
        match read.read(&mut block)? {
            0 => return Ok(name.finish()),
            count => name.update(block.get(..count).unwrap_or_default()),
        }
    }
}

fn other_bytes(record: &DeliveryRecord, why: &str) -> Diagnostic {
    Diagnostic::new(codes::control::OTHER_BYTES, format!("delivery {} cannot be accepted: {why}", record.delivery_id))
        .place(Place::file(format!("{}: {}", record.feed_name(), record.source.name)))
        .expected("the bytes that were judged, by which it was found to be in question")
        .outcome("nothing was changed; it still waits")
        .hint(format!("truecost run {}, then look again", record.feed_name()))
}
