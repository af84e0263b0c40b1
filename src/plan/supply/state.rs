//! What became of one expected period of one feed.

use super::{
    Supplied,
    judged::{Came, Judged, landed},
};
use crate::{
    domain::{Day, Holidays, WorkingDays},
    lake::DeliveryRecord,
    pipeline::Due,
    plan::release::Slot,
};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SupplyState {
    /// Its due day is still to come.
    Expected,
    DueToday,
    /// A file lies in its folder and is not in: it lacks its marker or sidecar, or a run.
    Arriving,
    Accepted,
    /// Something came, and was refused.
    Refused,
    /// Something came, and waits for a person's word.
    WaitsForAccept,
    /// Nothing came by its due day.
    Late,
    /// Nothing came for long: `missing_after` of `due`.
    Missing,
    /// A person lets it go without a delivery.
    Waived,
    /// Something came after the period was closed: it is kept, and in no figure of the period.
    AfterClose,
}

impl SupplyState {
    /// As tables and programs say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::DueToday => "due today",
            Self::Arriving => "arriving",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::WaitsForAccept => "waits for accept",
            Self::Late => "late",
            Self::Missing => "missing",
            Self::Waived => "waived",
            Self::AfterClose => "after close",
        }
    }
}

/// One expected period of one feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supply {
    pub slot: Slot,
    /// It is due at the end of this day.
    pub due: Day,
    pub state: SupplyState,
    /// The delivery that the state is about; `None` where there is none.
    pub delivery: Option<String>,
    /// Working days from the due day to the day on which the delivery came first, or to today where none counts yet; below nought before
    /// the due day. `None` where nobody knows when it came, and of what is waived or closed.
    pub days: Option<WorkingDays>,
    /// The state in a sentence of its own: what was delivered, or what is lacking.
    pub says: String,
    /// The due day is over, and there is neither a delivery that counts nor a waiver.
    pub overdue: bool,
}

/// The state of a slot that is due on a day.
pub(super) fn of(given: &Supplied<'_>, judged: &Judged<'_>, holidays: &Holidays, due: &Due, slot: &Slot, day: Day) -> Supply {
    let none = Came::default();
    let came = judged.came(slot).unwrap_or(&none);
    let to_today = holidays.between(day, given.today);
    let is_over = given.today > day;
    let closed = given.closed.get(&slot.period);
    let entry = |state, delivery: Option<&DeliveryRecord>, days, says: String| {
        let open = !matches!(state, SupplyState::Accepted | SupplyState::Waived | SupplyState::AfterClose);
        let overdue = open && is_over && closed.is_none();
        Supply { slot: slot.clone(), due: day, state, delivery: delivery.map(|r| r.delivery_id.clone()), days, says, overdue }
    };
    if let Some(frozen) = closed {
        let late = came.stands.into_iter().chain(came.waits).chain(came.refused).find(|r| !frozen.contains(&r.delivery_id));
        if let Some(record) = late.filter(|_| came.stands.is_none_or(|stands| !frozen.contains(&stands.delivery_id))) {
            return entry(
                SupplyState::AfterClose,
                Some(record),
                None,
                format!("{} came after {} was closed", record.delivery_id, slot.period),
            );
        }
    }
    if let Some(record) = came.stands {
        let days = came.first.map(|first| holidays.between(day, first));
        return entry(SupplyState::Accepted, Some(record), days, accepted(record, came, day, days));
    }
    if let Some(waiver) = given.waived.get(slot) {
        return entry(SupplyState::Waived, None, None, format!("by {}: {}", waiver.by, waiver.reason));
    }
    if closed.is_some() {
        return entry(SupplyState::Waived, None, None, format!("{} is closed without it", slot.period));
    }
    if let Some(record) = came.waits {
        return entry(SupplyState::WaitsForAccept, Some(record), Some(to_today), waits(record));
    }
    if let Some(record) = came.refused {
        return entry(SupplyState::Refused, Some(record), Some(to_today), refused(record));
    }
    if let Some(file) = came.arriving {
        let lacks = file.lacks.as_ref().map_or_else(|| "the next run takes it".to_owned(), |lacks| format!("`{lacks}` is lacking"));
        return entry(SupplyState::Arriving, None, Some(to_today), format!("{}: {lacks}", file.file));
    }
    let state = match given.today.cmp(&day) {
        std::cmp::Ordering::Less => SupplyState::Expected,
        std::cmp::Ordering::Equal => SupplyState::DueToday,
        std::cmp::Ordering::Greater if given.today > holidays.nth_after(day, due.missing_after) => SupplyState::Missing,
        std::cmp::Ordering::Greater => SupplyState::Late,
    };
    entry(state, None, Some(to_today), nothing_yet(given, judged, holidays, slot, is_over.then_some((to_today, day))))
}

/// Above so many working days, about a quarter, nobody counts them: the day says it.
const COUNTED: u64 = 60;

/// `3 working days late`; of what nobody would count, `late, on Fri 27 Nov 2026`.
fn apart(days: WorkingDays, how: &str, came: Day) -> String {
    if days.0.unsigned_abs() > COUNTED { format!("{how}, on {}", came.spoken()) } else { format!("{days} {how}") }
}

/// `5f0c2a91d3e87b64, 1 working day early`.
fn accepted(record: &DeliveryRecord, came: &Came<'_>, due: Day, days: Option<WorkingDays>) -> String {
    let id = &record.delivery_id;
    let corrected = came.first.is_some() && landed(record) != came.first;
    let when = match (came.first, days) {
        (Some(first), Some(days)) if first <= due && days.0 == 0 => "on its day".to_owned(),
        (Some(first), Some(days)) if first <= due => apart(days, "early", first),
        (Some(_), Some(days)) if days.0 == 0 => "late, by less than a working day".to_owned(),
        (Some(first), Some(days)) => apart(days, "late", first),
        _ => return id.clone(),
    };
    if corrected { format!("{id}; the first came {when}") } else { format!("{id}, {when}") }
}

/// `0123456789abcdef since 2018-07-05: less than half is left of 2018/P02: …`.
fn waits(record: &DeliveryRecord) -> String {
    let since = landed(record).map(|day| format!(" since {day}")).unwrap_or_default();
    format!("{}{since}: {}", record.delivery_id, record.questions().join("; "))
}

/// `TC0401 2018-07-05: footer £1,204.00 above the lines`: the first error of its reports.
fn refused(record: &DeliveryRecord) -> String {
    let headline = record.reports.iter().flat_map(|report| report.lines()).find_map(|line| line.strip_prefix("error["));
    let when = landed(record).map(|day| format!(" {day}")).unwrap_or_default();
    match headline.and_then(|text| text.split_once("]: ")) {
        Some((code, seen)) => format!("{code}{when}: {seen}"),
        None => format!("{}{when}", record.delivery_id),
    }
}

/// `nothing yet, 3 working days; P02 came on time`.
fn nothing_yet(given: &Supplied<'_>, judged: &Judged<'_>, holidays: &Holidays, slot: &Slot, late: Option<(WorkingDays, Day)>) -> String {
    let nothing = if judged.came(slot).is_some_and(|came| came.withdrawn) { "what came was withdrawn" } else { "nothing yet" };
    let how_long = match late {
        None => String::new(),
        Some((WorkingDays(0), _)) => ", less than a working day".to_owned(),
        Some((days, due)) if days.0.unsigned_abs() > COUNTED => format!(", due since {}", due.spoken()),
        Some((days, _)) => format!(", {days}"),
    };
    format!("{nothing}{how_long}{}", before(given, judged, holidays, slot).unwrap_or_default())
}

/// How the period before came, where one is expected: who asks the sender wants to know.
fn before(given: &Supplied<'_>, judged: &Judged<'_>, holidays: &Holidays, slot: &Slot) -> Option<String> {
    let feed = given.partnership.feed(&slot.council, &slot.feed)?;
    let last_month = given.partnership.calendar.closing_period - 1;
    let earlier = match slot.period {
        p if p.period > last_month => return None,
        p if p.period == 1 => crate::domain::Period { year: p.year - 1, period: last_month },
        p => crate::domain::Period { period: p.period - 1, ..p },
    };
    let came = judged.came(&Slot { period: earlier, ..slot.clone() })?;
    let due = super::expected::due_day(given.partnership, feed, &feed.due?, earlier, holidays)?;
    let days = holidays.between(due, came.first?);
    let how = if came.first? <= due {
        "on time".to_owned()
    } else if days.0 == 0 {
        "late".to_owned()
    } else {
        apart(days, "late", came.first?)
    };
    Some(format!("; P{:02} came {how}", earlier.period))
}
