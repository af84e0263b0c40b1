//! `truecost suspense`: shown, written to be filled in, and applied.

use std::{fs, path::Path};

use super::{
    add::{ask_to_write, whole},
    args::{self, Sure},
    out::Voice,
    quarantine::write_new,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    onboard::{self, Change, NO},
    pipeline::Partnership,
    report::{self, Page},
};

/// Does what is asked, and says it.
pub(super) fn act(partnership: &Partnership, words: &args::Suspense, voice: Voice) -> Answer<u8> {
    match (&words.action, &words.xlsx) {
        (Some(args::SuspenseAction::Apply { file, by, approver, sure }), _) => {
            let name = file.display().to_string();
            let bytes = fs::read(file).map_err(|error| not_read(&name, &error))?;
            let (changes, page) = onboard::suspense_applied(partnership, &name, &bytes, (by, approver))?;
            let again = format!("truecost suspense apply {name} --by NAME --approver NAME");
            propose(&partnership.root, &changes, (page, &again), *sure, voice)
        }
        (None, Some(out)) => {
            let (bytes, page) = report::suspense_xlsx(partnership)?;
            write_new(out, &bytes)?;
            let file = out.display();
            let next =
                format!("written to {file}; fill in the yellow cells, then: truecost suspense apply {file} --by NAME --approver NAME\n");
            voice.answer(&Page { text: format!("{}{next}", page.text), ..page });
            Ok(0)
        }
        (None, None) => {
            voice.answer(&report::suspense(partnership, words.csv)?);
            Ok(0)
        }
    }
}

/// Shows what would be written, and writes it where somebody says so: at a terminal, or by `--yes`.
pub(super) fn propose(root: &Path, changes: &[Change], (mut page, again): (Page, &str), sure: Sure, voice: Voice) -> Answer<u8> {
    let said = ask_to_write(&page, sure, NO, voice);
    let writes = said.unwrap_or(sure.yes);
    if writes {
        whole("rows of reference tables", || onboard::write(root, changes))?;
    }
    if said.is_none() {
        if let Some(fields) = page.json.as_object_mut() {
            fields.insert("written".to_owned(), writes.into());
        }
        voice.answer(&page);
    }
    if writes {
        voice.say("written; figures change with the next run: truecost run");
    }
    if writes || said.is_some() || sure.dry_run { Ok(0) } else { Err(unsaid(again).into()) }
}

/// Nobody is there to ask.
fn unsaid(again: &str) -> Diagnostic {
    Diagnostic::new(codes::command::OPEN_QUESTIONS, "nobody is there to say whether it is to be written")
        .expected("--yes, or a terminal at which it can be asked")
        .outcome("nothing was written")
        .hint(format!("{again} --yes"))
}

fn not_read(name: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(codes::control::NOT_THE_EXPORT, format!("{name} cannot be read: {error}"))
        .place(Place::file(name))
        .expected("a workbook that `suspense --xlsx` wrote")
        .outcome("nothing was written")
        .hint("truecost suspense --xlsx FILE.xlsx")
}
