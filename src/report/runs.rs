//! What runs did: a line for each, and one of them step by step.

use serde_json::{Value, json};

use super::{
    page::{Align, Page, Table},
    standing::lake_there,
};
use crate::{
    diagnostic::{Answer, Diagnostic, codes, from_json},
    domain::{counted, grouped, parse_pounds, pounds, printable},
    lake::{RunCheck, RunRecord, RunStep},
    pipeline::Partnership,
};

/// Past runs, newest first.
///
/// # Errors
/// TC10…
pub fn runs(partnership: &Partnership, most: usize) -> Answer<Page> {
    let lake = lake_there(partnership)?;
    let mut runs = lake.run_records()?;
    runs.reverse();
    runs.truncate(most);
    let left = ["run", "started", "ended", "release"];
    let heads = ["number", "run", "started", "ended", "exit", "accepted", "refused", "release"];
    let mut table = Table::new(&heads.map(|name| (name, if left.contains(&name) { Align::Left } else { Align::Right })));
    for run in &runs {
        let number = if run.number > 0 { run.number.to_string() } else { String::new() };
        let of = |state: &str| if run.cut_short { String::new() } else { run.count(state).to_string() };
        let (accepted, refused) = (of("accepted"), of("refused"));
        let release = run.release.clone().unwrap_or_default();
        let exit = run.exit.map_or_else(|| "died".to_owned(), |exit| exit.to_string());
        table.row([number, run.run.clone(), run.started.clone(), run.ended.clone(), exit, accepted, refused, release]);
    }
    let text = if table.is_empty() { "no run has changed anything yet\n".to_owned() } else { table.text() };
    Ok(Page::new("runs", text, json!(runs.iter().map(in_short).collect::<Vec<_>>())))
}

/// A run among others: what it noted, and each of its steps, are pages of their own.
fn in_short(run: &RunRecord) -> Value {
    let mut value = json!(run);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("notes".into(), json!(run.notes.len()));
        fields.insert("errors".into(), json!(run.errors.len()));
        for name in ["steps", "checks", "not_done"] {
            fields.shift_remove(name);
        }
    }
    value
}

/// One run, by its number or its id: what it read and wrote, step by step, and what it left and why.
///
/// # Errors
/// TC0102 where no such run left a record; TC10…
pub fn run_shown(partnership: &Partnership, wanted: &str) -> Answer<Page> {
    let lake = lake_there(partnership)?;
    let runs = lake.run_records()?;
    let is = |run: &&RunRecord| run.run == wanted || wanted.parse() == Ok(run.number);
    let run = runs.iter().find(is).ok_or_else(|| unknown(wanted, &runs))?;
    Ok(Page::new("run_record", shown(run), json!(run)))
}

fn unknown(wanted: &str, runs: &[RunRecord]) -> Diagnostic {
    let numbers = runs.iter().map(|run| run.number).filter(|number| *number > 0);
    let expected = match (numbers.clone().min(), numbers.max()) {
        (Some(first), Some(last)) => format!("the number of a run that changed something, from {first} to {last}, or the id of one"),
        _ => "a run; none has changed anything yet".to_owned(),
    };
    Diagnostic::new(codes::command::NOTHING_SELECTED, format!("no run `{wanted}` has left a record"))
        .expected(expected)
        .outcome("nothing was read")
        .hint("truecost runs")
}

/// Seconds to the thousandth.
fn seconds(us: u64) -> String {
    format!("{}.{:03} s", us / 1_000_000, us % 1_000_000 / 1_000)
}

fn shown(run: &RunRecord) -> String {
    let mut text = head(run);
    if run.cut_short {
        let release = run.release.as_ref().filter(|_| run.published).map(|release| format!(" It published {release}.")).unwrap_or_default();
        text.push_str(&errors(run));
        text.push_str(&format!("\nIt could not say what it did; what it accepted stands: truecost status.{release}\n"));
        return text;
    }
    let read: Vec<String> = run.delivered.iter().filter(|d| !d.file.is_empty() || run.errors.is_empty()).map(read_line).collect();
    text.push_str(&section("read", "no delivery", &read));
    text.push_str(&errors(run));
    text.push_str(&written(run));
    text.push_str(&section("left", "nothing", &run.not_done.iter().map(|left| format!("{}: {}", left.what, left.why)).collect::<Vec<_>>()));
    text.push_str(&checks(&run.checks));
    if !run.steps.is_empty() {
        text.push_str(&format!("\nsteps\n{}", steps(&run.steps).text()));
    }
    text
}

/// What no delivery tells of: files that are none, sources, and what ended the run before it was done.
fn errors(run: &RunRecord) -> String {
    let line = |error: &Value| {
        from_json(error).map(|report| match &report.place {
            Some(place) => format!("{} {}: {}", report.code.id, place.file, report.seen),
            None => format!("{} {}", report.code.id, report.seen),
        })
    };
    let lines: Vec<String> = run.errors.iter().filter_map(line).collect();
    if lines.is_empty() { String::new() } else { section("not taken, or not done", "", &lines) }
}

fn head(run: &RunRecord) -> String {
    let number = if run.number > 0 { format!("run {} ({})", run.number, run.run) } else { format!("run {}", run.run) };
    let mut text = match run.exit {
        Some(exit) if run.cut_short => format!("{number}: {} to {}, exit {exit}\n", run.started, run.ended),
        Some(exit) => format!("{number}: {} to {}, {}, exit {exit}\n", run.started, run.ended, seconds(run.took_us)),
        None => format!("{number}: {}, died: it was killed, or the machine went down\n", run.started),
    };
    if !run.slots.is_empty() {
        text.push_str(&format!("  due       {}\n", run.slots.join(" ")));
    }
    if let Some(bytes) = run.peak_bytes {
        text.push_str(&format!("  memory    {} MiB at most\n", grouped(u128::from(bytes >> 20))));
    }
    if !run.program.is_empty() {
        let digest = run.configuration.get(..16).unwrap_or(&run.configuration);
        text.push_str(&format!("  made by   {}, configuration {digest}\n", run.program));
    }
    text
}

fn section(name: &str, nothing: &str, lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("  {}\n", printable(line))).collect();
    if lines.is_empty() { format!("\n{name}: {nothing}\n") } else { format!("\n{name}\n{lines}") }
}

fn read_line(delivered: &crate::lake::RunDelivery) -> String {
    let pence = delivered.amount.as_deref().and_then(parse_pounds).map(|pence| format!(", {}", pounds(pence))).unwrap_or_default();
    let bytes = if delivered.bytes > 0 { format!(", {}", counted(delivered.bytes, "byte")) } else { String::new() };
    let faulty = if delivered.quarantined > 0 { format!(", {} quarantined", grouped(delivered.quarantined.into())) } else { String::new() };
    let covers = if delivered.covers.is_empty() { String::new() } else { format!(" for {}", delivered.covers) };
    let rows = counted(delivered.rows, "row");
    format!("{} {}{covers}: {}, {rows}{pence}{faulty}{bytes}", delivered.feed, delivered.file, delivered.state.replace('_', " "))
}

/// Parts that were made and that stood, by table, and the release.
fn written(run: &RunRecord) -> String {
    let made: Vec<&RunStep> = run.steps.iter().filter(|step| step.step == "make" && step.made > 0).collect();
    let mut lines: Vec<String> = made
        .iter()
        .map(|step| {
            let (parts, rows, bytes) = (counted(step.made, "part"), counted(step.rows, "row"), counted(step.bytes, "byte"));
            let kept = if step.kept > 0 { format!("; {} as they were", counted(step.kept, "part")) } else { String::new() };
            format!("{}: {parts}, {rows}, {bytes}{kept}", step.subject)
        })
        .collect();
    let stood = run.steps.iter().filter(|step| step.step == "make" && step.made == 0).count();
    if stood > 0 {
        lines.push(format!("{} as they were", counted(stood as u64, "table")));
    }
    if let Some(release) = run.release.as_ref().filter(|_| run.published) {
        lines.push(format!("release {release}"));
    }
    section("wrote", "no release", &lines)
}

fn checks(checks: &[RunCheck]) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let failed: Vec<String> =
        checks.iter().filter(|check| !check.passed).map(|check| format!("{} {}: {}", check.number, check.name, check.detail)).collect();
    let lines: String = failed.iter().map(|line| format!("  {}\n", printable(line))).collect();
    format!("\nchecks: {} made, {} failed\n{lines}", checks.len(), failed.len())
}

fn steps(steps: &[RunStep]) -> Table {
    let heads = [("step", Align::Left), ("of", Align::Left), ("took", Align::Right), ("rows", Align::Right), ("bytes", Align::Right)];
    let mut table = Table::new(&heads);
    let number = |n: u64| if n == 0 { String::new() } else { grouped(n.into()) };
    for step in steps {
        table.row([step.step.clone(), step.subject.clone(), seconds(step.took_us), number(step.rows), number(step.bytes)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::{NotDone, RunDelivery};

    #[test]
    fn a_run_is_shown_with_what_it_read_wrote_and_left() {
        let step = |step: &str, subject: &str, made, kept| RunStep {
            step: step.into(),
            subject: subject.into(),
            took_us: 1_234_567,
            rows: 2_000 * made,
            bytes: 4_096 * made,
            made,
            kept,
            ..RunStep::default()
        };
        let run = RunRecord {
            run: "20180501T050000.000001Z".into(),
            number: 7,
            started: "2018-05-01T05:00:00Z".into(),
            ended: "2018-05-01T05:00:02Z".into(),
            exit: Some(0),
            took_us: 2_000_000,
            release: Some("r0003".into()),
            published: true,
            delivered: vec![RunDelivery {
                feed: "a/ledger".into(),
                file: "x.csv".into(),
                covers: "2018/P01".into(),
                state: "already_in".into(),
                rows: 1,
                amount: Some("-1250.05".into()),
                ..RunDelivery::default()
            }],
            steps: vec![step("make", "separation", 1, 3), step("make", "pool", 0, 1)],
            checks: vec![RunCheck { number: 2, name: "balance".into(), passed: true, ..RunCheck::default() }],
            not_done: vec![NotDone { what: "cost run".into(), why: "not due".into() }],
            errors: vec![json!({"code": "TC0408", "severity": "error", "place": {"file": "a/ledger: y.csv"}, "seen": "a file"})],
            ..RunRecord::default()
        };
        let text = shown(&run);
        for line in [
            "run 7 (20180501T050000.000001Z): 2018-05-01T05:00:00Z to 2018-05-01T05:00:02Z, 2.000 s, exit 0\n",
            "  a/ledger x.csv for 2018/P01: already in, 1 row, -£1,250.05\n",
            "  separation: 1 part, 2,000 rows, 4,096 bytes; 3 parts as they were\n  1 table as they were\n  release r0003\n",
            "\nleft\n  cost run: not due\n",
            "\nnot taken, or not done\n  TC0408 a/ledger: y.csv: a file\n",
            "\nchecks: 1 made, 0 failed\n",
            "  make  separation  1.234 s  2,000  4,096\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
