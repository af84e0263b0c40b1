//! Rows that could not be read exactly: looked at, corrected, left out.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use super::{args, command, out::Voice};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    pipeline::Partnership,
    report,
    run::{self, CorrectAsked, RowAsked, clock::ProcessClock},
};

/// Does what is asked, and says it.
pub(super) fn act(partnership: &Partnership, action: &args::Quarantine, voice: Voice) -> Answer<u8> {
    let page = match action {
        args::Quarantine::List => report::quarantine_list(partnership)?,
        args::Quarantine::Show { delivery, most } => report::quarantine_show(partnership, delivery, *most)?,
        args::Quarantine::Export { feed, period, out } => {
            let period = period.as_deref().map(command::period).transpose()?;
            let (bytes, page) = report::quarantine_export(partnership, feed, period)?;
            write_new(out, &bytes)?;
            let next = format!("written to {}; {}\n", out.display(), report::after_export(partnership, feed, &out.display().to_string()));
            report::Page { text: format!("{}{next}", page.text), ..page }
        }
        args::Quarantine::Correct { file, by, reason } => return correct(partnership, file, (by, reason), voice),
        args::Quarantine::LeaveOut { delivery, rows, all, by, reason } => {
            let rows = if *all { report::quarantined_rows(partnership, delivery)?.into_iter().collect() } else { rows.clone() };
            let row = |source_row| RowAsked { source_row, sha256: None, cells: std::collections::BTreeMap::new() };
            let asked = CorrectAsked {
                delivery: delivery.clone(),
                rows: rows.into_iter().map(row).collect(),
                by: by.clone(),
                reason: reason.clone(),
                command: format!("quarantine leave-out {delivery}"),
            };
            report::corrected(&[(delivery.clone(), Some(Ok(run::correct(partnership, &asked, &ProcessClock)?)))])
        }
    };
    voice.answer(&page);
    Ok(0)
}

/// Corrects the rows of every delivery of the workbook, each by itself: what one is refused for is no reason against another.
fn correct(partnership: &Partnership, file: &Path, (by, reason): (&str, &str), voice: Voice) -> Answer<u8> {
    let name = file.display().to_string();
    let bytes = fs::read(file).map_err(|error| not_read(&name, &error))?;
    let command = format!("quarantine correct {name}");
    let mut all = Vec::new();
    let mut refused = Refusal(Vec::new());
    for (delivery, rows) in report::corrections_in(partnership, &name, &bytes)?.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        let asked = CorrectAsked { delivery: delivery.clone(), rows, by: by.into(), reason: reason.into(), command: command.clone() };
        let tried = (!is_no_fault_of_rows(&refused)).then(|| run::correct(partnership, &asked, &ProcessClock));
        if let Some(Err(refusal)) = &tried {
            refused.0.extend(refusal.0.iter().cloned());
        }
        all.push((delivery, tried));
    }
    if all.is_empty() {
        return Err(nothing_changed(&name).into());
    }
    if !all.iter().any(|(_, tried)| matches!(tried, Some(Ok(_)))) {
        return Err(refused);
    }
    voice.report(&refused.0);
    voice.answer(&report::corrected(&all));
    Ok(if refused.0.is_empty() { 0 } else { refused.exit_code() })
}

/// Whether the next delivery would be refused for the same: the machine, another run, or a signal that ends this one.
fn is_no_fault_of_rows(refused: &Refusal) -> bool {
    refused.0.iter().any(|report| [3, 5, 130].contains(&report.code.exit))
}

/// Writes a file that is not there yet.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Answer<()> {
    File::create_new(path).and_then(|mut file| file.write_all(bytes)).map_err(|error| {
        let there = error.kind() == io::ErrorKind::AlreadyExists;
        let seen =
            if there { format!("{} is there already", path.display()) } else { format!("{} cannot be written: {error}", path.display()) };
        let report = Diagnostic::new(codes::command::NOT_WRITTEN, seen)
            .place(Place::file(path.display().to_string()))
            .expected("a name that is not taken, in a folder that can be written")
            .outcome("nothing was written");
        report.hint("give another name").into()
    })
}

fn not_read(name: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::new(codes::control::NOT_THE_EXPORT, format!("{name} cannot be read: {error}"))
        .place(Place::file(name))
        .expected("a workbook that `quarantine export` wrote")
        .outcome("nothing was changed")
        .hint("truecost quarantine export COUNCIL/FEED --out FILE.xlsx")
}

fn nothing_changed(name: &str) -> Diagnostic {
    Diagnostic::new(codes::control::NOT_CORRECTED, "no cell of the workbook differs from what the files hold")
        .place(Place::file(name))
        .expected("other text in at least one cell of a row")
        .outcome("nothing was changed")
        .hint("correct the marked cells, save the workbook, and type this again")
}
