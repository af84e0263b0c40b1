//! What a run did as numbers over which somebody watches: the text format of Prometheus, written by hand from the run's record.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    domain::instant,
    lake::RunRecord,
    run::{Halves, Outcome},
};

/// One metric: its name, what it says, and a value for each set of labels.
struct Metric {
    name: &'static str,
    help: &'static str,
    values: Vec<(Vec<(&'static str, String)>, String)>,
}

/// Everything about the last run. Pounds are exact: they are text of ours, and whoever reads them rounds.
#[must_use]
pub fn metrics(outcome: &Outcome) -> String {
    let run = &outcome.record;
    let mut all = of_the_run(run, outcome);
    all.extend(of_feeds(run));
    all.extend(of_steps(run));
    written(&all)
}

/// About a run that ended before it was done: how, and when.
#[must_use]
pub fn metrics_of_failed(exit_code: u8, ended: i64) -> String {
    written(&ending(exit_code, ended))
}

fn written(all: &[Metric]) -> String {
    let mut text = String::new();
    for Metric { name, help, values } in all.iter().filter(|metric| !metric.values.is_empty()) {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in values {
            let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    }
    text
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Microseconds as seconds.
fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

fn one(name: &'static str, help: &'static str, value: &impl ToString) -> Metric {
    Metric { name, help, values: vec![(Vec::new(), value.to_string())] }
}

fn ending(exit_code: u8, ended: i64) -> Vec<Metric> {
    vec![
        one("truecost_run_exit_code", "How the last run ended.", &exit_code),
        one("truecost_run_end_timestamp_seconds", "When it ended, in seconds since 1970.", &ended),
    ]
}

fn of_the_run(run: &RunRecord, outcome: &Outcome) -> Vec<Metric> {
    let costed = &outcome.costed;
    let info = vec![("program", run.program.clone()), ("configuration", run.configuration.clone())];
    let mut all = vec![
        Metric { name: "truecost_build_info", help: "Program and configuration of the last run.", values: vec![(info, "1".to_owned())] },
        one("truecost_run_number", "Its place among the runs.", &run.number),
        one("truecost_run_duration_seconds", "How long it took.", &seconds(run.took_us)),
        one("truecost_run_published", "Whether it published a release.", &u8::from(run.published)),
        one("truecost_deliveries_waiting", "Deliveries that wait for a word of a person.", &outcome.waiting.len()),
        one("truecost_deliveries_overdue", "Expected files that were due and neither came to count nor are waived.", &outcome.overdue),
    ];
    all.extend(ending(outcome.exit_code(), instant(&run.ended).unwrap_or(0)));
    // A run that only delivers looks at none of this: nought would be said of what it does not know.
    if outcome.halves != Halves::Deliver {
        all.extend([
            one("truecost_deliveries_unmended", "Deliveries that were refused and are not mended.", &costed.unmended.len()),
            one("truecost_deliveries_after_close", "Deliveries that came for closed periods.", &costed.after_close.len()),
            one("truecost_periods_blocked", "Periods that are in no release, or stand as they were.", &costed.blocked.len()),
            one("truecost_checks_made", "Checks that were made.", &run.checks.len()),
            one("truecost_checks_failed", "Checks that failed.", &run.checks.iter().filter(|check| !check.passed).count()),
        ]);
    }
    all.extend(run.peak_bytes.map(|bytes| one("truecost_run_peak_memory_bytes", "The most memory that it held.", &bytes)));
    all
}

fn of_feeds(run: &RunRecord) -> Vec<Metric> {
    let mut files: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let (mut rows, mut quarantined, mut bytes) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
    for delivered in &run.delivered {
        *files.entry((&delivered.feed, &delivered.state)).or_default() += 1;
        let is_accepted = u64::from(delivered.state == "accepted");
        *rows.entry(&delivered.feed).or_default() += delivered.rows * is_accepted;
        *quarantined.entry(&delivered.feed).or_default() += delivered.quarantined * is_accepted;
        *bytes.entry(&delivered.feed).or_default() += delivered.bytes;
    }
    let by_state = files
        .iter()
        .map(|((feed, state), number)| (vec![("feed", (*feed).to_owned()), ("state", (*state).to_owned())], number.to_string()));
    let by_feed = |of: &BTreeMap<&str, u64>| {
        of.iter().map(|(feed, number)| (vec![("feed", (*feed).to_owned())], number.to_string())).collect::<Vec<_>>()
    };
    vec![
        Metric { name: "truecost_run_deliveries", help: "Deliveries that the last run looked at.", values: by_state.collect() },
        Metric { name: "truecost_run_rows", help: "Rows of them that were accepted.", values: by_feed(&rows) },
        Metric { name: "truecost_run_rows_quarantined", help: "Rows of accepted ones that were not.", values: by_feed(&quarantined) },
        Metric { name: "truecost_run_delivery_bytes", help: "Bytes of them as they came.", values: by_feed(&bytes) },
    ]
}

fn of_steps(run: &RunRecord) -> Vec<Metric> {
    let mut took: BTreeMap<&str, u64> = BTreeMap::new();
    run.steps.iter().for_each(|step| *took.entry(&step.step).or_default() += step.took_us);
    let values = took.iter().map(|(step, us)| (vec![("step", (*step).to_owned())], seconds(*us))).collect();
    let (made, kept) = run.parts();
    vec![
        Metric { name: "truecost_run_step_seconds", help: "How long its steps took; those side by side each count.", values },
        one("truecost_run_parts_made", "Parts of published tables that it made.", &made),
        one("truecost_run_parts_kept", "Parts that stood as they were.", &kept),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::RunDelivery;

    #[test]
    fn a_name_of_a_feed_ends_no_label() {
        let delivered = RunDelivery { feed: "a\"b\\c\nd/e".to_owned(), state: "accepted".to_owned(), rows: 3, ..RunDelivery::default() };
        let record = RunRecord { took_us: 1_500_000, delivered: vec![delivered], ..RunRecord::default() };
        let text = metrics(&Outcome { record, ..Outcome::default() });
        assert!(text.contains("truecost_run_duration_seconds 1.500000\n"), "{text}");
        assert!(text.contains("truecost_run_rows{feed=\"a\\\"b\\\\c\\nd/e\"} 3\n"), "{text}");
        assert!(!text.contains("peak_memory"), "{text}");
    }
}
