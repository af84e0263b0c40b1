//! What is expected of every feed and what became of it, as it is now; and what a person lets go.

use std::collections::{BTreeMap, BTreeSet};

use super::{Conductor, Options, Silent, clock::Clock};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Day, Identifier, Period},
    lake::{DeliveryRecord, Frozen, Lake, SUPPLY, SupplyEvent, SupplyWord},
    pipeline::{Feed, Missing, Partnership},
    plan::{self, Arriving, ClosedPeriods, Slot, Supplied, Supply, Wish, arriving, plan_feed, waivers},
    source,
};

/// What is expected, and what nobody can know about it.
#[derive(Debug)]
pub struct SupplyNow {
    /// By council, feed and period.
    pub states: Vec<Supply>,
    /// Of due days that lie after the last known bank holiday.
    pub warnings: Vec<Diagnostic>,
}

/// The state of every expected period of every feed. Folders are looked into only of feeds that lack something; one that does not answer is
/// for the run to report.
///
/// # Errors
/// TC10….
pub fn supply(partnership: &Partnership, clock: &dyn Clock) -> Answer<SupplyNow> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    lake.must_lead()?;
    supply_of(partnership, &lake, &lake.register().all()?, clock.now().civil_day())
}

/// The same of a register that is at hand.
///
/// # Errors
/// TC10….
pub fn supply_upon(partnership: &Partnership, known: &[DeliveryRecord], clock: &dyn Clock) -> Answer<SupplyNow> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    supply_of(partnership, &lake, known, clock.now().civil_day())
}

/// The same of a lake and a day that are at hand. Nothing is expected on a day that nobody can write.
///
/// # Errors
/// TC10….
pub fn supply_of(partnership: &Partnership, lake: &Lake, known: &[DeliveryRecord], today: Option<Day>) -> Answer<SupplyNow> {
    states_of(partnership, lake, known, today, |states| {
        let open: BTreeSet<String> = states.into_iter().filter(|s| s.delivery.is_none()).map(|s| s.slot.feed_name()).collect();
        partnership.feeds.iter().filter(|f| open.contains(&f.name())).flat_map(|f| seen(partnership, f, known)).collect()
    })
}

/// The same, with what `look` finds that is on its way, given what the register says by itself.
fn states_of(
    partnership: &Partnership,
    lake: &Lake,
    known: &[DeliveryRecord],
    today: Option<Day>,
    look: impl FnOnce(Vec<Supply>) -> Vec<Arriving>,
) -> Answer<SupplyNow> {
    let none = SupplyNow { states: Vec::new(), warnings: Vec::new() };
    let Some(today) = today.filter(|_| partnership.feeds.iter().any(|feed| feed.due.is_some())) else { return Ok(none) };
    let waived = waivers(&lake.events(SUPPLY).all::<SupplyEvent>()?);
    let closings = lake.periods().closings()?;
    let frozen = |frozen: &Frozen| frozen.closing.deliveries.iter().map(|r| r.delivery_id.clone()).collect();
    let closed: ClosedPeriods = closings.closed().map(|(period, of)| (period, frozen(of))).collect();
    let given = Supplied { partnership, known, arriving: &[], waived: &waived, closed: &closed, today };
    let seen = look(plan::supply(&given));
    let states = plan::supply(&Supplied { arriving: &seen, ..given });
    Ok(SupplyNow { states, warnings: plan::beyond_holidays(partnership, today).into_iter().collect() })
}

/// What lies in a feed's folder and is not in.
fn seen(partnership: &Partnership, feed: &Feed, known: &[DeliveryRecord]) -> Vec<Arriving> {
    let listing = source::connect(&feed.from, &partnership.allow_hosts).and_then(|source| source.list());
    let Ok(listing) = listing else { return Vec::new() };
    let of: Vec<&DeliveryRecord> = known.iter().filter(|r| r.is_of(&feed.council, &feed.id)).collect();
    arriving(feed, &plan_feed(feed, partnership.calendar, &listing, &of, Wish::default()), true)
}

/// One report for each feed of which something is overdue.
#[must_use]
pub fn overdue(partnership: &Partnership, states: &[Supply]) -> Vec<Diagnostic> {
    let of = |feed: &Feed| -> Vec<&Supply> {
        states.iter().filter(|s| s.overdue && *s.slot.council == *feed.council && *s.slot.feed == *feed.id).collect()
    };
    partnership.feeds.iter().filter_map(|feed| report(partnership, feed, &of(feed))).collect()
}

/// How many files are overdue: one that brings a quarter is one.
pub(super) fn files_overdue(partnership: &Partnership, states: &[Supply]) -> usize {
    let file = |s: &Supply| {
        let feed = partnership.feed(&s.slot.council, &s.slot.feed)?;
        Some((s.slot.feed_name(), feed.covers.ends(s.slot.period, partnership.calendar)))
    };
    states.iter().filter(|s| s.overdue).filter_map(file).collect::<BTreeSet<_>>().len()
}

fn report(partnership: &Partnership, feed: &Feed, overdue: &[&Supply]) -> Option<Diagnostic> {
    let first = overdue.first()?;
    let periods: Vec<Period> = overdue.iter().map(|s| s.slot.period).collect();
    let states: BTreeSet<&str> = overdue.iter().map(|s| s.state.as_str()).collect();
    let states: Vec<&str> = states.into_iter().collect();
    let (name, spans) = (feed.name(), plan::spans(&periods));
    let seen = match overdue {
        [one] => format!("{name} {}: {}: {}", one.slot.period, one.state.as_str(), one.says),
        _ => format!("{name} {spans}: {}; {}: {}", states.join(", "), first.slot.period, first.says),
    };
    let report = Diagnostic::warning(codes::supply::NOT_SUPPLIED, seen)
        .place(Place::file(feed.file.clone()))
        .expected(format!("{} by the end of {} (`due`)", first.slot.period, first.due.spoken()))
        .outcome(match feed.missing {
            // Whether there is such a month, and whether the period is published, the release says.
            Missing::Carry => {
                "no delivery of it counts; where the period is published, lines of its last accepted month stand in (`missing: carry`)"
            }
            Missing::Block | Missing::Without => "nothing of it is in the figures; other feeds are not affected",
        })
        .hint(format!(
            "ask the sender (truecost supply says more); or let it go: truecost supply waive {name} {} --by NAME --reason TEXT",
            plan::spans(&of_one_file(feed, partnership, &periods))
        ));
    Some(report)
}

/// Of the periods that are overdue those without a gap that the file of the first would bring.
fn of_one_file(feed: &Feed, partnership: &Partnership, overdue: &[Period]) -> Vec<Period> {
    let ends = |period: &Period| feed.covers.ends(*period, partnership.calendar);
    let of_first = |(at, period): &(usize, &Period)| {
        let first = overdue.first().map(|first| (ends(first), first.period));
        first.is_some_and(|(end, first)| end == ends(period) && usize::from(period.period - first) == *at)
    };
    overdue.iter().enumerate().take_while(of_first).map(|(_, period)| *period).collect()
}

/// What a person says about the supply of periods.
#[derive(Clone, Debug)]
pub struct Waive {
    pub what: SupplyWord,
    /// `newham/general_ledger`.
    pub feed: String,
    /// The first and the last: a file of a quarter is let go for three.
    pub periods: (Period, Period),
    pub by: String,
    pub reason: String,
}

/// What became of what a person said of a period.
#[derive(Debug)]
pub struct Waived {
    pub period: Period,
    /// Whether it was not said before.
    pub changed: bool,
    /// The period of the feed as it is now; `None` where it has not begun.
    pub now: Option<Supply>,
    /// The period is closed.
    pub closed: bool,
}

/// Writes waivers down, or that they are taken back: of several periods of those that are awaited, or waived.
///
/// # Errors
/// TC0112 where it is not said who or why; TC1301 where there is nothing to wait for, or no waiver to take back; TC1004 where a run holds
/// the lake; TC10….
pub fn waive(partnership: &Partnership, said: &Waive, clock: &dyn Clock) -> Answer<Vec<Waived>> {
    let now = clock.now();
    super::decide::is_said(&said.by, &said.reason, "the waiver", &format!("supply waive {} {}", said.feed, said.named()))?;
    let options = Options { threads: 1, ..Options::default() };
    let conductor = Conductor::new(partnership, &options, clock, &Silent)?;
    let held = conductor.lake.lock("truecost supply waive", &now.iso())?;
    conductor.lake.recover(&held)?;
    let known = conductor.lake.register().all()?;
    let events = conductor.lake.events(SUPPLY);
    let standing = waivers(&events.all::<SupplyEvent>()?);
    let first = first_of(&known, said);
    let asked = asked(partnership, said, first, &standing, now.civil_day());
    let slots = meant(asked, said.periods.0, |period| {
        let slot = awaited(partnership, first, said, period, now.civil_day())?;
        let is_there = said.what == SupplyWord::Waive || standing.contains_key(&slot);
        if is_there { Ok(slot) } else { Err(no_waiver(&slot, standing.keys()).into()) }
    })?;
    let is_changed = |slot: &Slot| match said.what {
        SupplyWord::Undo => true,
        SupplyWord::Waive => standing.get(slot).is_none_or(|w| w.by != said.by.trim() || w.reason != said.reason.trim()),
    };
    for slot in slots.iter().filter(|slot| is_changed(slot)) {
        events.add(
            &held,
            &SupplyEvent {
                what: said.what,
                council: slot.council.clone(),
                feed: slot.feed.clone(),
                period: slot.period.to_string(),
                by: said.by.trim().to_owned(),
                reason: said.reason.trim().to_owned(),
                at: now.iso(),
            },
        )?;
    }
    let closings = conductor.lake.periods().closings()?;
    // Sources are not asked what is on its way: the lake is held meanwhile.
    let states = states_of(partnership, &conductor.lake, &known, now.civil_day(), |_| Vec::new())?.states;
    let became = |slot: &Slot| Waived {
        period: slot.period,
        changed: is_changed(slot),
        now: states.iter().find(|s| s.slot == *slot).cloned(),
        closed: closings.is_closed(slot.period),
    };
    Ok(slots.iter().map(became).collect())
}

impl Waive {
    /// `2018/P03`, `2018/P01..2018/P03`.
    #[must_use]
    pub fn named(&self) -> String {
        let (first, last) = self.periods;
        if first == last { first.to_string() } else { format!("{first}..{last}") }
    }
}

/// The first period that any feed of the council was accepted for.
fn first_of(known: &[DeliveryRecord], said: &Waive) -> Option<Period> {
    let is_of_council = |r: &&DeliveryRecord| said.feed.split_once('/').is_some_and(|(council, _)| r.council == council);
    known.iter().filter(|r| r.is_accepted()).filter(is_of_council).flat_map(DeliveryRecord::periods).min()
}

/// Of the periods between the first and the last that are named those that can be meant: from the first that is expected on, as far ahead as
/// one can be let go; of waivers those that stand.
fn asked(
    partnership: &Partnership,
    said: &Waive,
    first: Option<Period>,
    standing: &BTreeMap<Slot, plan::Waiver>,
    today: Option<Day>,
) -> Vec<Period> {
    let (from, to) = said.periods;
    if said.what == SupplyWord::Undo {
        let of_feed = standing.keys().filter(|slot| slot.feed_name() == said.feed).map(|slot| slot.period);
        return of_feed.filter(|period| (from..=to).contains(period)).collect();
    }
    let since = partnership.feed_named(&said.feed).and_then(|feed| plan::since(partnership, feed, first));
    let ahead = today.map(|today| partnership.calendar.period_of(today.plus_days(AHEAD)));
    partnership.calendar.periods(since.map_or(from, |since| since.max(from)), ahead.map_or(to, |ahead| ahead.min(to))).collect()
}

/// The periods that are meant of those that are asked for; where none is, what `of` says of the one that was named first.
fn meant(asked: Vec<Period>, named: Period, of: impl Fn(Period) -> Answer<Slot>) -> Answer<Vec<Slot>> {
    let slots: Vec<Slot> = asked.into_iter().filter_map(|period| of(period).ok()).collect();
    if slots.is_empty() { of(named).map(|slot| vec![slot]) } else { Ok(slots) }
}

/// Nobody knows of a period that begins more than so many days from now that it will not be brought: its year is mistyped.
const AHEAD: i32 = 366;

/// The period of the feed that is meant, where it is expected.
fn awaited(partnership: &Partnership, first: Option<Period>, said: &Waive, period: Period, today: Option<Day>) -> Answer<Slot> {
    let not_awaited = |seen: String, expected: &str, hint: String| {
        Diagnostic::new(codes::supply::NOT_AWAITED, seen).expected(expected).outcome("nothing was changed").hint(hint)
    };
    let Some(feed) = partnership.feed_named(&said.feed) else {
        let names = partnership.feeds.iter().filter(|feed| feed.due.is_some()).map(Feed::name).collect::<Vec<_>>().join(", ");
        let names = if names.is_empty() { "none yet".to_owned() } else { names };
        let seen = format!("`{}` is no feed of this partnership", said.feed);
        return Err(not_awaited(seen, "a feed, as in `newham/general_ledger`", format!("feeds that say when they are due: {names}")).into());
    };
    if feed.due.is_none() {
        let seen = format!("{} does not say when it is due: nothing of it is ever late", feed.name());
        let report = not_awaited(seen, "a feed with `due`", format!("say it in {}: `due: {{working_day: 5}}`", feed.file));
        return Err(report.place(Place::file(feed.file.clone())).into());
    }
    if !plan::is_expected(partnership, feed, period, first) {
        let seen = format!("{period} of {} is not expected", feed.name());
        let expected = "a period from `since` on, while the feed is `active`; a closing period where `due` has `closing`";
        return Err(not_awaited(seen, expected, "truecost supply lists what is expected".to_owned()).into());
    }
    let begins = partnership.calendar.days_of(period).0;
    if said.what == SupplyWord::Waive && today.is_some_and(|today| begins > today.plus_days(AHEAD)) {
        let seen = format!("{period} begins on {}, more than a year from now", begins.spoken());
        return Err(not_awaited(
            seen,
            "a period that has begun, or begins within a year",
            "truecost supply lists what is expected".to_owned(),
        )
        .into());
    }
    Ok(slot_of(&feed.council, &feed.id, period))
}

fn slot_of(council: &Identifier, feed: &Identifier, period: Period) -> Slot {
    Slot { council: council.to_string(), feed: feed.to_string(), period }
}

fn no_waiver<'s>(slot: &Slot, standing: impl Iterator<Item = &'s Slot>) -> Diagnostic {
    let names: Vec<String> = standing.take(5).map(|slot| format!("{} {}", slot.feed_name(), slot.period)).collect();
    let hint = if names.is_empty() { "nothing is waived: truecost supply".to_owned() } else { format!("waived are {}", names.join(", ")) };
    Diagnostic::new(codes::supply::NOT_AWAITED, format!("{} {} is not waived", slot.feed_name(), slot.period))
        .expected("a waiver to take back")
        .outcome("nothing was changed")
        .hint(hint)
}
