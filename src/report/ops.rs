//! `ops.*`: what truecost itself did, as tables that can be asked. Those of a long history are read only where a question names them.

use arrow::record_batch::RecordBatch;
use serde_json::Value;

use super::{schedule::ops_slot, standing::Stand, supply::ops_supply};
use crate::{
    diagnostic::Answer,
    domain::parse_pounds,
    lake::{DeliveryRecord, Lake, Manifest, Notice, RunRecord},
    pipeline::Partnership,
    plan::Standing,
    schema::{Cell, Type, proof_table},
};

/// Every table by its name. One that `asked` does not name has no rows; to read all manifests for a question about suppliers takes longer
/// than the question.
pub(super) fn tables(partnership: &Partnership, stand: &Stand, asked: &str) -> Answer<Vec<(&'static str, RecordBatch)>> {
    let asked = asked.to_lowercase();
    let names = |words: &[&str]| words.iter().any(|word| asked.contains(word));
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let runs = if names(&["run", "step", "check"]) { lake.run_records()? } else { Vec::new() };
    let notices = if names(&["notice"]) { lake.notices()? } else { Vec::new() };
    let releases = if names(&["release"]) { lake.releases().names()? } else { Vec::new() };
    Ok(vec![
        ("ops.delivery", ops_delivery(stand)?),
        ("ops.slot", ops_slot(partnership)?),
        ("ops.supply", ops_supply(partnership, &stand.records)?),
        ("ops.run", ops_run(&runs)?),
        ("ops.step", ops_step(&runs)?),
        ("ops.check", ops_check(&runs)?),
        ("ops.notice", ops_notice(&notices)?),
        ("ops.release", ops_release(&lake, &releases, stand.latest.as_ref())?),
    ])
}

/// `None` and what is empty are null.
fn text(value: &str) -> Cell {
    if value.is_empty() { Cell::Null } else { value.into() }
}

fn or_null<T: Into<Cell>>(value: Option<T>) -> Cell {
    value.map_or(Cell::Null, Into::into)
}

/// Pounds that stand as text in a record.
fn amount(value: Option<&String>) -> Cell {
    value.and_then(|text| parse_pounds(text)).map_or(Cell::Null, Cell::Pence)
}

/// Every run that did something, or tried; of one that was cut short, what it did is null, and `exit` too where it died. `amount` is that of the
/// deliveries which it accepted; durations are in milliseconds.
fn ops_run(runs: &[RunRecord]) -> Answer<RecordBatch> {
    let of = [
        ("number", Type::BigInt),
        ("run", Type::Text),
        ("started", Type::Text),
        ("ended", Type::Text),
        ("duration_ms", Type::BigInt),
        ("exit", Type::BigInt),
        ("halves", Type::Text),
        ("slots", Type::Text),
        ("release", Type::Text),
        ("published", Type::Boolean),
        ("accepted", Type::BigInt),
        ("refused", Type::BigInt),
        ("waiting", Type::BigInt),
        ("rows", Type::BigInt),
        ("amount", Type::Money),
        ("bytes", Type::BigInt),
        ("parts_made", Type::BigInt),
        ("parts_kept", Type::BigInt),
        ("peak_memory_bytes", Type::BigInt),
        ("program", Type::Text),
        ("configuration", Type::Text),
    ];
    let row = |run: &RunRecord| -> Vec<Cell> {
        let accepted = || run.delivered.iter().filter(|delivered| delivered.state == "accepted");
        let pence = accepted().filter_map(|delivered| delivered.amount.as_deref().and_then(parse_pounds)).sum();
        let (parts_made, parts_kept) = run.parts();
        let known = |value: u64| if run.cut_short { Cell::Null } else { value.into() };
        vec![
            run.number.into(),
            run.run.as_str().into(),
            text(&run.started),
            text(&run.ended),
            known(run.took_us / 1_000),
            or_null(run.exit.map(u64::from)),
            text(&run.halves),
            text(&run.slots.join(" ")),
            or_null(run.release.as_deref()),
            run.published.into(),
            known(run.count("accepted")),
            known(run.count("refused")),
            known(run.count("waiting")),
            known(accepted().map(|delivered| delivered.rows).sum::<u64>()),
            if run.cut_short { Cell::Null } else { Cell::Pence(pence) },
            known(run.delivered.iter().map(|delivered| delivered.bytes).sum::<u64>()),
            known(parts_made),
            known(parts_kept),
            or_null(run.peak_bytes),
            text(&run.program),
            text(&run.configuration),
        ]
    };
    proof_table(&of, &runs.iter().map(row).collect::<Vec<_>>())
}

/// What runs did, step by step.
fn ops_step(runs: &[RunRecord]) -> Answer<RecordBatch> {
    let of = [
        ("run", Type::BigInt),
        ("place", Type::BigInt),
        ("step", Type::Text),
        ("subject", Type::Text),
        ("duration_ms", Type::BigInt),
        ("rows", Type::BigInt),
        ("amount", Type::Money),
        ("bytes", Type::BigInt),
        ("parts_made", Type::BigInt),
        ("parts_kept", Type::BigInt),
    ];
    let rows = |run: &RunRecord| -> Vec<Vec<Cell>> {
        let row = |(place, step): (usize, &crate::lake::RunStep)| -> Vec<Cell> {
            vec![
                run.number.into(),
                (place as u64 + 1).into(),
                step.step.as_str().into(),
                text(&step.subject),
                (step.took_us / 1_000).into(),
                step.rows.into(),
                amount(step.amount.as_ref()),
                step.bytes.into(),
                step.made.into(),
                step.kept.into(),
            ]
        };
        run.steps.iter().enumerate().map(row).collect()
    };
    proof_table(&of, &runs.iter().flat_map(rows).collect::<Vec<_>>())
}

/// The auditor's checks as each run made them, also where nothing was published.
fn ops_check(runs: &[RunRecord]) -> Answer<RecordBatch> {
    let of = [
        ("run", Type::BigInt),
        ("check_no", Type::BigInt),
        ("name", Type::Text),
        ("blocks", Type::Boolean),
        ("passed", Type::Boolean),
        ("failed", Type::BigInt),
        ("detail", Type::Text),
    ];
    let rows = |run: &RunRecord| -> Vec<Vec<Cell>> {
        let row = |check: &crate::lake::RunCheck| -> Vec<Cell> {
            let (blocks, passed) = (check.blocks.into(), check.passed.into());
            let (number, failed) = (check.number.into(), check.failed.into());
            vec![run.number.into(), number, check.name.as_str().into(), blocks, passed, failed, text(&check.detail)]
        };
        run.checks.iter().map(row).collect()
    };
    proof_table(&of, &runs.iter().flat_map(rows).collect::<Vec<_>>())
}

/// What somebody was told, a row for each channel.
fn ops_notice(notices: &[Notice]) -> Answer<RecordBatch> {
    let of = [
        ("notice_id", Type::Text),
        ("kind", Type::Text),
        ("subject", Type::Text),
        ("feed", Type::Text),
        ("over", Type::Boolean),
        ("open", Type::Boolean),
        ("run", Type::BigInt),
        ("at", Type::Text),
        ("channel", Type::Text),
        ("state", Type::Text),
        ("tries", Type::BigInt),
        ("answer", Type::Text),
        ("text", Type::Text),
    ];
    let rows = |notice: &Notice| -> Vec<Vec<Cell>> {
        let row = |(channel, telling): (&String, &crate::lake::Telling)| -> Vec<Cell> {
            vec![
                notice.id.as_str().into(),
                notice.kind.as_str().into(),
                notice.subject.as_str().into(),
                or_null(notice.feed.as_deref()),
                notice.over.into(),
                notice.open.into(),
                notice.run.into(),
                notice.at.as_str().into(),
                channel.as_str().into(),
                telling.state.as_str().into(),
                u64::from(telling.tries).into(),
                text(&telling.answer),
                notice.text.as_str().into(),
            ]
        };
        notice.told.iter().map(row).collect()
    };
    proof_table(&of, &notices.iter().flat_map(rows).collect::<Vec<_>>())
}

/// Every release that is there.
fn ops_release(lake: &Lake, releases: &[String], latest: Option<&Manifest>) -> Answer<RecordBatch> {
    let of = [
        ("release", Type::Text),
        ("published_at", Type::Text),
        ("run", Type::BigInt),
        ("latest", Type::Boolean),
        ("program", Type::Text),
        ("rules", Type::Text),
        ("tables", Type::BigInt),
        ("parts", Type::BigInt),
        ("rows", Type::BigInt),
        ("bytes", Type::BigInt),
        ("lake_files", Type::BigInt),
    ];
    let row = |manifest: &Manifest| -> Vec<Cell> {
        let content = &manifest.content;
        let parts = || content.tables.values().flatten();
        vec![
            manifest.release.as_str().into(),
            or_null(manifest.run.get("published_at").and_then(Value::as_str)),
            or_null(manifest.run.get("number").and_then(Value::as_u64)),
            latest.is_some_and(|latest| latest.release == manifest.release).into(),
            content.program.as_str().into(),
            or_null(manifest.made_from.archive.as_deref()),
            (content.tables.len() as u64).into(),
            (parts().count() as u64).into(),
            parts().map(|part| part.rows).sum::<u64>().into(),
            parts().map(|part| part.bytes).sum::<u64>().into(),
            (content.lake.values().map(|state| state.files.len()).sum::<usize>() as u64).into(),
        ]
    };
    let rows: Answer<Vec<Vec<Cell>>> = releases.iter().map(|name| Ok(row(&lake.releases().bare_manifest(name)?))).collect();
    proof_table(&of, &rows?)
}

/// Every delivery with its times, refused ones too. `rows_accepted` and `amount_accepted` are those of the periods in which it stands in
/// its common table, so that their sums are what stands; what the file held is in `rows_delivered` and `amount_delivered`.
fn ops_delivery(stand: &Stand) -> Answer<RecordBatch> {
    let text = [
        "delivery_id",
        "council",
        "feed",
        "covers_from",
        "covers_to",
        "file_name",
        "sha256",
        "state",
        "standing",
        "superseded_by",
        "landed_at",
        "judged_at",
        "run",
    ];
    let mut columns: Vec<(&str, Type)> = text.iter().map(|name| (*name, Type::Text)).collect();
    columns.extend([
        ("bytes", Type::BigInt),
        ("rows_accepted", Type::BigInt),
        ("rows_quarantined", Type::BigInt),
        ("amount_accepted", Type::Money),
        ("rows_delivered", Type::BigInt),
        ("amount_delivered", Type::Money),
    ]);
    let row = |r: &DeliveryRecord| -> Vec<Cell> {
        let (first, last) = (r.coverage.first().cloned().unwrap_or_default(), r.coverage.last().cloned().unwrap_or_default());
        let plan = stand.plan.deliveries.get(&r.delivery_id);
        let (stands_rows, stands_pence) = plan.map_or((0, 0), |plan| plan.stands);
        let (state, above) = match plan.map(|plan| &plan.standing) {
            Some(Standing::SupersededBy(above)) => ("superseded", above.iter().cloned().collect::<Vec<_>>().join(" ")),
            _ => (r.state.as_str(), String::new()),
        };
        vec![
            r.delivery_id.as_str().into(),
            r.council.as_str().into(),
            r.feed.as_str().into(),
            first.into(),
            last.into(),
            r.source.name.as_str().into(),
            r.sha256.as_str().into(),
            state.into(),
            plan.map_or("", |plan| plan.standing.as_str()).into(),
            if above.is_empty() { Cell::Null } else { above.into() },
            r.landed_at.as_str().into(),
            r.judged_at.as_str().into(),
            r.run.as_str().into(),
            r.bytes.into(),
            stands_rows.into(),
            r.proof.quarantined.into(),
            if r.proof.no_pounds { Cell::Null } else { Cell::Pence(stands_pence) },
            r.proof.accepted.into(),
            r.proof.pounds().map_or(Cell::Null, Cell::Pence),
        ]
    };
    proof_table(&columns, &stand.records.iter().map(row).collect::<Vec<_>>())
}
