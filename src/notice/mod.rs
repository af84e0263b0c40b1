//! Who is told: what holds now, held against what was told before, becomes notices in the outbox of the lake; the outbox is sent.
//!
//! Somebody is told once of an event and once more when it is over. A notice is written, then sent, then marked: a crash between sending
//! and marking sends it once more under the same `Idempotency-Key`, by which a receiver knows it. What nobody takes is tried again by
//! every run for a day, and has then failed.

mod message;
mod unkept;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::Period,
    lake::{Lake, Notice, Telling, TellingState},
    pipeline::{Channel, NoticeKind, Notify, Partnership},
    source::{Posted, post},
};
use message::{body, headers};
pub use unkept::Unkept;

/// So long a notice is tried, in microseconds.
const A_DAY: i64 = 86_400_000_000;
const FILE: &str = "pipelines/notify.yaml";

/// Something that somebody may have to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub kind: NoticeKind,
    /// What it is about.
    pub subject: String,
    /// `council/feed`; `None` for what is of no feed.
    pub feed: Option<String>,
    /// A sentence: pounds and codes, no row and no value of a person.
    pub text: String,
    /// It holds until it is over; a release that was published just is.
    pub lasts: bool,
    /// Somebody is told that it began; else it only is not over: what was late and then refused.
    pub begins: bool,
}

/// When something was noted.
#[derive(Clone, Debug)]
pub struct Noted {
    pub run: u64,
    pub at: String,
    pub at_us: i64,
}

/// Writes into the outbox what is new of what `happened`, and what is over of what was told before. `covers` are the kinds of which
/// `happened` tells all that holds: only of them can something be over.
///
/// # Errors
/// TC10….
pub fn note(lake: &Lake, notify: &Notify, happened: &[Happened], covers: &[NoticeKind], noted: &Noted) -> Answer<()> {
    if notify.channels.is_empty() {
        return Ok(());
    }
    let before = lake.notices()?;
    let holds = |kind: &str, subject: &str| happened.iter().any(|now| now.kind.as_str() == kind && is_same(&now.subject, subject));
    for now in happened.iter().filter(|now| now.begins) {
        let same = |n: &&Notice| n.kind == now.kind.as_str() && is_same(&n.subject, &now.subject) && !n.over;
        if before.iter().filter(same).any(|n| n.open || !now.lasts) {
            continue;
        }
        // A second time is another event.
        let state = format!("holds, time {}", before.iter().filter(same).count() + 1);
        lake.keep_notice(&new(notify, now.kind, now, &state, now.lasts, noted))?;
    }
    let covered: BTreeSet<&str> = covers.iter().map(|kind| kind.as_str()).collect();
    for was in before.into_iter().filter(|n| n.open && covered.contains(n.kind.as_str())) {
        if holds(&was.kind, &was.subject) {
            continue;
        }
        if let Some(over) = ended(notify, &was, holds, noted) {
            lake.keep_notice(&over)?;
        }
        lake.keep_notice(&Notice { open: false, ..was })?;
    }
    Ok(())
}

fn new(notify: &Notify, kind: NoticeKind, of: &Happened, state: &str, open: bool, noted: &Noted) -> Notice {
    let waits = |channel: &str| (channel.to_owned(), Telling::default());
    Notice {
        id: Notice::id_of(kind.as_str(), &of.subject, state),
        kind: kind.as_str().to_owned(),
        subject: of.subject.clone(),
        state: state.to_owned(),
        feed: of.feed.clone(),
        text: of.text.clone(),
        over: false,
        open,
        run: noted.run,
        at: noted.at.clone(),
        at_us: noted.at_us,
        told: notify.told(kind, of.feed.as_deref()).into_iter().map(waits).collect(),
    }
}

/// Whether two notices of a kind are about the same: also where the one names months of which the other names the quarter, as after another
/// version or an edit of what a file covers.
fn is_same(one: &str, other: &str) -> bool {
    let share = || {
        let ((feed, ours), (of, theirs)) = (periods_of(one)?, periods_of(other)?);
        let overlap = |a: &(Period, Period)| theirs.iter().any(|b| a.0 <= b.1 && b.0 <= a.1);
        Some(feed == of && ours.iter().any(overlap))
    };
    one == other || share().unwrap_or(false)
}

/// `newham/general_ledger 2018/P01..2018/P03`: the feed, and its periods from one to another; `None` of any other subject.
fn periods_of(subject: &str) -> Option<(&str, Vec<(Period, Period)>)> {
    let (feed, spans) = subject.split_once(' ')?;
    let span = |text: &str| {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        Some((Period::parse(first)?, Period::parse(last)?))
    };
    Some((feed, spans.split(' ').map(span).collect::<Option<_>>()?))
}

/// What is told when something is over: to whoever was told that it began. What is late and then missing is not over.
fn ended(notify: &Notify, was: &Notice, holds: impl Fn(&str, &str) -> bool, noted: &Noted) -> Option<Notice> {
    let supply = [NoticeKind::Late, NoticeKind::Missing].map(NoticeKind::as_str);
    let of_supply = supply.contains(&was.kind.as_str());
    if of_supply && supply.iter().any(|kind| holds(kind, &was.subject)) {
        return None;
    }
    let kind = if of_supply { NoticeKind::Arrived.as_str() } else { was.kind.as_str() };
    let text = if of_supply { format!("{} is late no more", was.subject) } else { format!("over: {}", was.text) };
    let state = format!("over, {}", was.state);
    let mut told: BTreeSet<&str> = was.told.keys().map(String::as_str).collect();
    if of_supply {
        told.extend(notify.told(NoticeKind::Arrived, was.feed.as_deref()));
    }
    Some(Notice {
        id: Notice::id_of(kind, &was.subject, &state),
        kind: kind.to_owned(),
        text,
        over: true,
        open: false,
        state,
        run: noted.run,
        at: noted.at.clone(),
        at_us: noted.at_us,
        told: told.into_iter().map(|channel| (channel.to_owned(), Telling::default())).collect(),
        ..was.clone()
    })
}

/// Sends what waits in the outbox, in at most so many requests; a warning for each channel that takes nothing. A channel that gives no answer,
/// or asks for patience (429, `Retry-After`), is not asked again, before the time that it named: what it was asked before to take and is older
/// than a day is given up with the same answer, and what it never was asked to take a day later.
///
/// # Errors
/// TC10….
pub fn send(lake: &Lake, partnership: &Partnership, now_us: i64, mut most: usize) -> Answer<Vec<Diagnostic>> {
    if partnership.notify.channels.is_empty() {
        return Ok(Vec::new());
    }
    let waiting: Vec<Notice> = lake.notices()?.into_iter().filter(Notice::waits).collect();
    let (mut silent, mut warnings) = (asking_for_patience(&waiting, now_us), Vec::new());
    let mut patient: BTreeSet<String> = silent.keys().cloned().collect();
    for mut notice in waiting {
        for name in notice.told.iter().filter(|(_, t)| t.state == TellingState::Waits).map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            let Some(channel) = partnership.notify.channels.iter().find(|channel| *channel.name == *name) else {
                told(&mut notice, &name, TellingState::Failed, "the channel is not declared any more".to_owned(), None);
                lake.keep_notice(&notice)?;
                continue;
            };
            let age_us = now_us.saturating_sub(notice.at_us);
            if let Some(answer) = silent.get(&name) {
                let was_asked = notice.told.get(&name).is_some_and(|telling| telling.tries > 0);
                if age_us > if was_asked { A_DAY } else { 2 * A_DAY } {
                    warnings.push(not_told(&name, &notice, TellingState::Failed, answer, IN_THE_OUTBOX));
                    given_up(&mut notice, &name, answer);
                    lake.keep_notice(&notice)?;
                } else if patient.remove(&name) {
                    warnings.push(not_told(&name, &notice, TellingState::Waits, answer, IN_THE_OUTBOX));
                }
                continue;
            }
            if most == 0 {
                continue;
            }
            most -= 1;
            let answer = deliver(channel, partnership, &notice);
            crash::point("notice.sent")?;
            let (state, text) = judge(&answer, age_us);
            if state != TellingState::Sent {
                warnings.push(not_told(&name, &notice, state, &text, IN_THE_OUTBOX));
            }
            let until = answer.as_ref().ok().and_then(|posted| not_before(posted, now_us, notice.at_us));
            if until.is_some() || answer.as_ref().map_or(true, |posted| posted.status == 429) {
                silent.insert(name.clone(), text.clone());
            }
            told(&mut notice, &name, state, text, until);
            lake.keep_notice(&notice)?;
        }
    }
    Ok(warnings)
}

fn told(notice: &mut Notice, channel: &str, state: TellingState, answer: String, not_before_us: Option<i64>) {
    if let Some(telling) = notice.told.get_mut(channel) {
        *telling = Telling { state, tries: telling.tries + 1, answer, not_before_us };
    }
}

/// Channels that have asked for patience, which is not over, each with what it answered.
fn asking_for_patience(waiting: &[Notice], now_us: i64) -> BTreeMap<String, String> {
    // A clock that was set back would make it wait for longer than a channel may ask.
    let is_to_come = |until: i64| (now_us..=now_us.saturating_add(A_DAY)).contains(&until);
    let told = waiting.iter().flat_map(|notice| &notice.told);
    told.filter(|(_, telling)| telling.not_before_us.is_some_and(is_to_come)).map(|(name, t)| (name.clone(), t.answer.clone())).collect()
}

/// Until when a channel asks for patience that may take it later; so long that an hour is left of the day in which a notice is tried.
fn not_before(posted: &Posted, now_us: i64, noted_us: i64) -> Option<i64> {
    const AN_HOUR: i64 = A_DAY / 24;
    let seconds = posted.patience.filter(|seconds| posted.may_be_tried_again() && *seconds > 0)?;
    let asked = now_us.saturating_add(i64::try_from(seconds).unwrap_or(A_DAY).min(A_DAY / 1_000_000) * 1_000_000);
    Some(asked.min(noted_us.saturating_add(A_DAY - AN_HOUR))).filter(|until| *until > now_us)
}

/// A notice that was not sent this time, and is too old to be sent at all.
fn given_up(notice: &mut Notice, channel: &str, answer: &str) {
    if let Some(telling) = notice.told.get_mut(channel) {
        *telling = Telling { state: TellingState::Failed, answer: answer.to_owned(), ..telling.clone() };
    }
}

/// What an answer means for a notice of that age.
fn judge(answer: &Result<Posted, String>, age_us: i64) -> (TellingState, String) {
    let later = if age_us > A_DAY { TellingState::Failed } else { TellingState::Waits };
    match answer {
        Ok(posted) if posted.is_taken() => (TellingState::Sent, posted.status.to_string()),
        Ok(posted) if posted.may_be_tried_again() => (later, format!("it answered {}", posted.status)),
        Ok(posted) => (TellingState::Failed, format!("it answered {}", posted.status)),
        Err(why) => (later, why.clone()),
    }
}

fn deliver(channel: &Channel, partnership: &Partnership, notice: &Notice) -> Result<Posted, String> {
    let body = body(channel.shape, &partnership.name, notice);
    let headers = headers(channel, notice, &body);
    let headers: Vec<(&str, String)> = headers.into_iter().collect();
    post(&channel.url, &partnership.allow_hosts, &headers, body)
}

/// What becomes of a notice that a channel has not taken and may take yet.
const IN_THE_OUTBOX: &str = "it waits in the outbox; every run of the next 24 hours sends it again, and `serve` in between";

fn not_told(channel: &str, notice: &Notice, state: TellingState, why: &str, waits: &str) -> Diagnostic {
    let outcome = if state == TellingState::Failed { "it is not sent again; what was done before it stays" } else { waits };
    let seen = format!("channel {channel} was not told \"{}\": {why}", notice.text);
    Diagnostic::warning(codes::notices::NOT_TOLD, seen)
        .place(Place::file(FILE))
        .expected("an address that takes what is sent")
        .outcome(outcome)
        .hint(format!("truecost notify test {channel}"))
}

/// Sends a message that says that it is a test, to one channel or to all. What each answered, in order of the file.
///
/// # Errors
/// TC0102 where there is no such channel.
pub fn test(partnership: &Partnership, channel: Option<&str>) -> Answer<Vec<(String, Result<Posted, String>)>> {
    let channels = &partnership.notify.channels;
    let meant: Vec<&Channel> = channels.iter().filter(|c| channel.is_none_or(|name| *name == *c.name)).collect();
    if meant.is_empty() {
        let names: Vec<&str> = channels.iter().map(|c| &*c.name).collect();
        let seen =
            channel.map_or_else(|| "there is no channel".to_owned(), |name| format!("there is no channel `{}`", name.escape_debug()));
        let expected =
            if names.is_empty() { "`channels` in pipelines/notify.yaml".to_owned() } else { format!("one of {}", names.join(", ")) };
        return Err(Diagnostic::new(codes::command::NOTHING_SELECTED, seen)
            .place(Place::file(FILE))
            .expected(expected)
            .outcome("nothing was sent")
            .hint("truecost notify test [CHANNEL]")
            .into());
    }
    let text = "a test: somebody typed `truecost notify test`; nothing has to be done".to_owned();
    let notice = Notice { id: Notice::id_of("test", "test", ""), kind: "test".into(), subject: "test".into(), text, ..Notice::default() };
    Ok(meant.into_iter().map(|channel| (channel.name.to_string(), deliver(channel, partnership, &notice))).collect())
}

/// A channel that did not take a test.
#[must_use]
pub fn test_failed(channel: &str, answer: &Result<Posted, String>) -> Option<Diagnostic> {
    let why = match answer {
        Ok(posted) if posted.is_taken() => return None,
        Ok(posted) => format!("it answered {} {}", posted.status, posted.says),
        Err(why) => why.clone(),
    };
    let report = Diagnostic::new(codes::notices::TEST_NOT_TAKEN, format!("channel {channel} did not take the test: {}", why.trim_end()));
    let hint = "look at the address behind its reference; a 4xx means that the server does not know it";
    Some(report.place(Place::file(FILE)).expected("an answer from 200 to 299").outcome("nothing else was sent").hint(hint))
}

#[cfg(test)]
mod tests;
