//! What the plan of a release has to say.

use std::collections::BTreeMap;

use super::{PeriodPlan, PeriodState, ReleasePlan, Shrinking, Slot, Vanishing, uncounted::spans};
use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::{Day, Pence, Period, counted, pounds, rows_and_pounds},
    lake::DeliveryRecord,
    pipeline::Feed,
};

const NOTHING_PUBLISHED: &str = "nothing was published; the last release is unchanged";

/// Rows of feeds and councils that the partnership does not declare, a report for each.
pub(super) fn not_declared(plan: &ReleasePlan) -> Vec<Diagnostic> {
    let is_unknown = |state: &PeriodState| matches!(state, PeriodState::FeedNotDeclared | PeriodState::CouncilNotDeclared);
    let groups = plan.uncounted().into_iter().filter(|group| is_unknown(&group.state));
    groups
        .map(|group| {
            let (council, feed) = group.feed.split_once('/').unwrap_or((&group.feed, ""));
            let (what, place, back) = if group.state == PeriodState::CouncilNotDeclared {
                (
                    format!("the council {council} is not declared"),
                    "pipelines/partnership.yaml".to_owned(),
                    format!("put {council} back under `councils`"),
                )
            } else {
                let file = format!("pipelines/{}.yaml", group.feed);
                (format!("the feed {feed} of {council} is not declared"), file.clone(), format!("bring {file} and its SQL back"))
            };
            let rows = counted(group.rows, "accepted row");
            let rows = group.pounds().map_or_else(|| rows.clone(), |pence| format!("{rows}, {}", pounds(pence)));
            Diagnostic::new(codes::control::NOT_DECLARED, format!("{what}: {}: {rows}", spans(&group.periods)))
                .place(Place::file(place))
                .expected("a declared feed of a declared council for every accepted row")
                .outcome(NOTHING_PUBLISHED)
                .hint(format!("{back}; or let them go: truecost withdraw {} --by NAME --reason TEXT; then truecost run", group.feed))
        })
        .collect()
}

/// What the latest release holds of a council's periods, and the next one would not: a report for each council and reason.
pub(super) fn would_vanish(vanishing: &[&Vanishing]) -> Vec<Diagnostic> {
    let mut groups: BTreeMap<(&str, String), Vec<Period>> = BTreeMap::new();
    for one in vanishing {
        groups.entry((&one.council, reasons(&one.held))).or_default().push(one.period);
    }
    let report = |((council, why), periods): ((&str, String), Vec<Period>)| {
        let let_go: Vec<String> = periods.iter().map(|period| format!("--let-go {period}")).collect();
        let seen = format!("{} of {council}: in the latest release, and would vanish from the next: {why}", spans(&periods));
        Diagnostic::new(codes::control::WOULD_VANISH, seen)
            .expected("every published period in the next release too, unless it was withdrawn")
            .outcome(NOTHING_PUBLISHED)
            .hint(format!(
                "bring what is missing, or take the change back; or let it go: truecost run {} --by NAME --reason TEXT",
                let_go.join(" ")
            ))
    };
    groups.into_iter().map(report).collect()
}

/// What another feed takes over with less than half of it.
pub(super) fn would_shrink(shrinking: &Shrinking) -> Diagnostic {
    let names = |slots: &[Slot]| slots.iter().map(Slot::feed_name).collect::<Vec<_>>().join(", ");
    let of = |(rows, pence): (u64, Pence)| format!("{}, {} in absolute amounts", counted(rows, "row"), pounds(pence));
    let Shrinking { council, period, gone, come, before, after } = shrinking;
    let seen = format!(
        "{period} of {council} is in the latest release from {} ({}), and would be in the next from {} ({}): less than half is left",
        names(gone),
        of(*before),
        names(come),
        of(*after)
    );
    Diagnostic::new(codes::control::WOULD_SHRINK, seen)
        .expected("about as much of a council's period whichever feed brings it")
        .outcome(NOTHING_PUBLISHED)
        .hint(format!(
            "bring what is missing, or take the change back; or let it go: truecost run --let-go {period} --by NAME --reason TEXT"
        ))
}

/// `aa/ledger: its feed is not active then; aa/cards: withdrawn`.
fn reasons(held: &[(Slot, PeriodState)]) -> String {
    let mut why: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (slot, state) in held {
        why.entry(state.reason()).or_default().push(slot.feed_name());
    }
    why.into_iter().map(|(reason, feeds)| format!("{}: {reason}", feeds.join(", "))).collect::<Vec<_>>().join("; ")
}

fn feeds_named(lacking: &[&Feed]) -> String {
    lacking.iter().map(|feed| feed.name()).collect::<Vec<_>>().join(", ")
}

/// A period that must wait for a required feed. Whether the last release shows it, and whether others are published, something else may decide:
/// what is said holds either way.
pub(super) fn is_blocked(period: Period, lacking: &[&Feed]) -> Diagnostic {
    let files: Vec<String> = lacking.iter().map(|feed| format!("pipelines/{}.yaml", feed.name())).collect();
    let due = lacking.iter().filter(|feed| feed.due.is_some());
    let waive: Vec<String> = due.map(|feed| format!("truecost supply waive {} {period} --by NAME --reason TEXT", feed.name())).collect();
    let waive = if waive.is_empty() { String::new() } else { format!("; or let it go: {}", waive.join("; ")) };
    Diagnostic::warning(
        codes::control::PERIOD_BLOCKED,
        format!("{period} waits: {} has no accepted delivery for it", feeds_named(lacking)),
    )
    .expected("every required feed of the basis in use, for every period that is published")
    .outcome("no new figures of it are published: its lines wait in the lake")
    .hint(format!(
        "put the file into the feed's folder (`truecost plan` says what is there) and type truecost run{waive}; or say `required: false`, or from when on it is required, in {}",
        files.join(", ")
    ))
}

/// A period that cannot be made, as `report` says: what it hints at stays, where it does.
pub(super) fn not_made(period: Period, report: &Diagnostic, is_kept: bool) -> Diagnostic {
    let (state, outcome) = if is_kept {
        ("blocked, last good", "its figures stay as the last release had them")
    } else {
        ("blocked", "no new figures of it are published: its lines wait in the lake")
    };
    let said = Diagnostic::new(report.code, format!("{period} is {state}: {}", report.seen)).outcome(outcome);
    if report.code == codes::periods::PAY_IS_GONE {
        return pay_is_gone(period, report, is_kept);
    }
    if report.code == codes::checks::TWO_KEYS {
        return said.expected("one key for all pay and posts of a council that a period reads").hint(report.hint.clone());
    }
    said.expected("for every service with shared cost a volume, or a policy without one, and a way to somebody who bears it").hint(
        "bring the volume or the share that lacks; or say in pipelines/reference/pool.csv what happens without: `zero_volume` spread_evenly or leave_unallocated",
    )
}

/// A period whose pay retention took, and that would have to be made again.
fn pay_is_gone(period: Period, report: &Diagnostic, is_kept: bool) -> Diagnostic {
    let seen = format!("{period} cannot be made again: {}", report.seen);
    let (said, outcome) = if is_kept {
        (Diagnostic::warning(report.code, seen), "its figures stay as the last release had them")
    } else {
        (Diagnostic::new(report.code, seen), "no new figures of it are published")
    };
    said.expected("pay that is younger than `retention.personal`, for a period that is made again").outcome(outcome).hint(format!(
        "nothing has to be done where the figures are right as they stand: truecost period close {period} --by NAME --reason TEXT; else the sender has to bring the pay again"
    ))
}

/// No other period is there that could be published.
pub(super) fn nothing_else(blocked: &mut Diagnostic) {
    "no new figures are published: no other period has lines of the basis in use".clone_into(&mut blocked.outcome);
}

/// A period that is published although a required feed has brought nothing for it.
fn goes_on(period: Period, lacking: &[&Feed]) -> Diagnostic {
    Diagnostic::warning(
        codes::control::PERIOD_BLOCKED,
        format!("{period} is published without {}, which has no accepted delivery for it", feeds_named(lacking)),
    )
    .expected("every required feed of the basis in use, for every period that is published")
}

/// Because the feed says `missing: without`.
pub(super) fn is_without(period: Period, lacking: &[&Feed]) -> Diagnostic {
    goes_on(period, lacking)
        .outcome("what the feed brought before stays as it is; nothing stands in for what is missing (`missing: without`)")
        .hint("put the file into the feed's folder and type truecost run; or say `missing: block`, so that such a period waits")
}

/// Because the feed says `missing: carry`, and there is nothing that could stand in; `told`: the published tables could tell it apart.
pub(super) fn nothing_to_carry(period: Period, lacking: &[&Feed], told: bool) -> Diagnostic {
    let why = if told {
        "no month of it before this one was accepted in this year or the one before, or this is a closing period"
    } else {
        "`carried_from` is lacking in schemas/published/cost_line, class_total or separation, or in separation.sql: no reader could tell it"
    };
    goes_on(period, lacking)
        .outcome(format!("nothing stands in for what is missing, although it says `missing: carry`: {why}"))
        .hint("put the file into the feed's folder and type truecost run; or say `missing: block`, so that such a period waits")
}

/// Lines of an earlier month that stand in.
pub(super) fn is_carried(slot: &Slot, from: Period, of: &PeriodPlan) -> Diagnostic {
    let Slot { period, .. } = slot;
    Diagnostic::warning(
        codes::control::PERIOD_BLOCKED,
        format!(
            "{period} is published with lines of {from} of {}, which has no accepted delivery for it ({})",
            slot.feed_name(),
            rows_and_pounds(of.rows, Some(of.pence))
        ),
    )
    .expected("every required feed of the basis in use, for every period that is published")
    .outcome("they stand in for what is missing (`missing: carry`), but for lines on recharge accounts; `carried_from` tells them apart")
    .hint(format!("put the file of {period} into the feed's folder and type truecost run: it takes their place"))
}

/// Periods that read a register of a day after their last one.
pub(super) fn later_register(feed: &str, day: Day, periods: &[Period]) -> Diagnostic {
    Diagnostic::note(codes::control::LATER_REGISTER, format!("{} reads the register of {feed} as at {day}, a later day", spans(periods)))
        .place(Place::file(feed))
        .expected("a register as at a day in the period, or before it")
        .outcome("the first register that ever came stands in for what there was before it")
        .hint("nothing has to be done if it is right for that time too; else ask the sender for an earlier one, and type truecost run")
}

/// Fewer rows in a common table than were accepted, or more.
pub(super) fn rows_missing(slot: &Slot, table: &str, accepted: u64, there: u64) -> Diagnostic {
    let seen = format!("{} {}: {} accepted, {there} in lake/{table}", slot.feed_name(), slot.period, counted(accepted, "row"));
    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
        .expected("every accepted row in its common table")
        .outcome(NOTHING_PUBLISHED)
        .hint("put the table's folder back; or move it aside and run again: deliveries are brought in from their landed bytes")
}

/// Rows in a common table that no accepted delivery stands for.
pub(super) fn ownerless_rows(table: &str, slot: &Slot, rows: u64) -> Diagnostic {
    let feed = slot.feed_name();
    let seen = format!("{feed} {}: {} in lake/{table} of no accepted delivery", slot.period, counted(rows, "row"));
    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
        .expected("a delivery in the register for every row of a common table")
        .outcome(NOTHING_PUBLISHED)
        .hint(format!("truecost run --force {feed}"))
}

/// An accepted delivery that waits to be brought in again.
#[must_use]
pub fn not_in_lake(record: &DeliveryRecord) -> Diagnostic {
    let covers = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let seen = format!(
        "{}/{} {covers}: the rows of delivery {} are not in lake/{}",
        record.council, record.feed, record.delivery_id, record.table
    );
    let feed = format!("{}/{}", record.council, record.feed);
    let hint = if record.last_attempt.is_some() {
        format!(
            "it was refused when it was judged again: correct what refused it, or bring a newer file for {covers}; then truecost run {feed}"
        )
    } else {
        format!("bring it in again from its landed bytes: truecost run {feed}")
    };
    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
        .expected("every accepted row in its common table")
        .outcome(NOTHING_PUBLISHED)
        .hint(hint)
}

/// A person lets a period go that would not vanish.
#[must_use]
pub fn nothing_to_let_go(plan: &ReleasePlan, period: Period, is_closed: bool) -> Diagnostic {
    let to_let_go: Vec<String> = plan.to_let_go().iter().map(ToString::to_string).collect();
    let expected =
        if to_let_go.is_empty() { "no `--let-go`: no period would vanish".to_owned() } else { format!("one of {}", to_let_go.join(", ")) };
    let (why, hint) = if is_closed {
        (
            ": it is closed, and stays as it was",
            format!("to let it go: truecost period reopen {period} --by NAME --reason TEXT; truecost run"),
        )
    } else {
        ("", "truecost plan".to_owned())
    };
    Diagnostic::new(codes::config::NOTHING_TO_LET_GO, format!("{period} would not vanish{why}"))
        .expected(expected)
        .outcome("nothing was taken and nothing was published; the last release is unchanged")
        .hint(hint)
}
