//! What a run would do, and why.

use serde_json::{Value, json};

use super::{
    first_step::first_step,
    folders::without_folder,
    notes::noted,
    page::{Page, Talk},
    standing::{blocked_text, not_made, uncounted_json, uncounted_text},
};
use crate::{
    diagnostic::{codes, list, to_json},
    domain::{decimal, rows_and_pounds},
    pipeline::{Feed, Partnership},
    plan::{FeedPlan, Stood, Take, Why},
    run::{CostPlanned, Planned},
};

/// What each feed would take and leave, what waits for a person, and what the cost run would do. Told quietly, it is what is wrong and
/// what the cost run would do.
#[must_use]
pub fn planned(partnership: &Partnership, planned: &Planned<'_>, talk: Talk) -> Page {
    let mut text: String = planned.feeds.iter().map(|(feed, plan)| feed_text(feed, plan, talk)).collect();
    // What is taken can bring back what is lost or would vanish; what is not declared stays so.
    let cost = planned.cost.clone();
    let stays = cost.stops.iter().any(|stop| stop.code == codes::control::NOT_DECLARED);
    let cost = if planned.takes() && !cost.would_run && !stays {
        CostPlanned { would_run: true, sentence: "would look at what the deliveries above bring".into(), ..cost }
    } else {
        cost
    };
    for report in &planned.waiting {
        text.push_str(&format!("{}\n  {}\n  next: {}\n", report.code.id, report.seen, report.hint));
    }
    text.extend(first_step(partnership).map(|step| format!("{step}\n")));
    text.push_str(&without_folder(partnership));
    if talk == Talk::Plain {
        let of_feeds = planned.feeds.iter().flat_map(|(_, plan)| &plan.reports).filter(|report| report.is_note()).count();
        text.push_str(&noted(of_feeds + partnership.notes.len(), "truecost plan -v"));
    }
    text.push_str(&format!("cost run\n  {}\n", cost.sentence));
    text.push_str(&blocked_text(not_made(&cost.blocked)));
    text.push_str(&uncounted_text(&cost.uncounted));
    let files: Vec<Value> = planned.feeds.iter().flat_map(|(feed, plan)| feed_json(feed, plan)).collect();
    let cost_run = json!({"would_run": cost.would_run, "why": cost.sentence, "stops": list(&cost.stops), "blocked": list(&cost.blocked),
        "uncounted": uncounted_json(&cost.uncounted)});
    Page::new("plan", text, json!({"files": files, "waiting": list(&planned.waiting), "cost_run": cost_run}))
}

/// The feed's name, and a line for each file; empty where nothing is to be told.
fn feed_text(feed: &Feed, plan: &FeedPlan, talk: Talk) -> String {
    let mut text = String::new();
    if talk > Talk::Quiet {
        text.extend(plan.take.iter().map(take_text));
        text.extend(plan.idle.iter().map(|(entry, idle)| format!("  leaves      {}: {}\n", entry.name, idle.as_str())));
    }
    for report in plan.reports.iter().filter(|report| talk == Talk::Full || !report.is_note()) {
        let file = report.place.as_ref().map(|p| format!("{}: ", p.file)).unwrap_or_default();
        text.push_str(&format!("  {:<10}  {file}{}\n", report.code.id, report.seen));
    }
    if talk == Talk::Quiet && text.is_empty() {
        return text;
    }
    if plan.take.is_empty() && plan.idle.is_empty() && plan.reports.is_empty() {
        text.push_str(&format!("  nothing there: it takes names like {} from {}\n", feed.files.shown().replace('`', ""), feed.from));
    }
    format!("{}\n{text}", feed.name())
}

fn take_text(take: &Take) -> String {
    let whence = if take.landed.is_some() { ", from its landed bytes" } else { "" };
    let touched = take.why == Why::Touched;
    let verb = if touched { "would look at" } else { "would take " };
    let over = |stood: &Stood| {
        let rows = rows_and_pounds(stood.proof.rows, stood.pounds());
        format!("              over {}: {rows} of delivery {}\n", stood.period, stood.delivery)
    };
    // Whether a file that was touched goes over anything is known once it was looked at.
    let over: String = take.over.iter().filter(|_| !touched).map(over).collect();
    format!("  {verb} {} for {}{whence}: {}\n{over}", take.entry.name, covers(take), take.why.as_str())
}

fn covers(take: &Take) -> String {
    take.coverage.as_ref().map_or_else(|| "as the file says".to_owned(), ToString::to_string)
}

/// The files of a feed as a program reads them.
fn feed_json(feed: &Feed, plan: &FeedPlan) -> Vec<Value> {
    let feed = feed.name();
    let stood = |s: &Stood| json!({"period": s.period.to_string(), "delivery_id": s.delivery, "rows": s.proof.rows, "amount": s.pounds().map(decimal)});
    let take = |take: &Take| {
        json!({"feed": feed, "file": take.entry.name, "covers": covers(take), "take": true, "landed": take.landed.is_some(),
            "why": take.why.as_str(), "over": take.over.iter().map(stood).collect::<Vec<_>>()})
    };
    let takes = plan.take.iter().map(take);
    let idle = plan.idle.iter().map(|(entry, idle)| json!({"feed": feed, "file": entry.name, "take": false, "why": idle.as_str()}));
    let reports = plan.reports.iter().map(|report| json!({"feed": feed, "take": false, "report": to_json(report)}));
    takes.chain(idle).chain(reports).collect()
}
