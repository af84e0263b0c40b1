//! `truecost init`, and what is said of drop folders that are not there.

use std::path::Path;

use serde_json::json;

use super::out::Voice;
use crate::{
    demo,
    diagnostic::{Answer, Diagnostic, codes::config},
    domain::{Identifier, counted},
    pipeline::{NOT_COUNCILS, Partnership},
    report::Page,
    run,
};

/// Writes a partnership and says what to do next.
pub fn init(dir: &Path, empty: bool, councils: &[String], voice: Voice) -> Answer<u8> {
    let councils = councils.iter().map(|name| council(name)).collect::<Answer<Vec<_>>>()?;
    let bare = empty || !councils.is_empty();
    let files = if bare { demo::write_empty(dir, &councils)? } else { demo::write_partnership(dir)? };
    let paths: Vec<String> = files.iter().map(|p| p.display().to_string()).collect();
    let shown = dir.display();
    let (what, next) = if bare {
        let next = format!(
            "next: pipelines/partnership.yaml says what is to be filled in; README, \"Adding a council\", goes on from there, then\n  truecost -C {shown} validate\n"
        );
        ("a partnership without feeds", next)
    } else {
        ("the reference partnership", format!("next: put extracts into drop/<council>/<feed>/, then\n  truecost -C {shown} run\n"))
    };
    let text = format!("wrote {what} to {shown}: {}\n\n{next}", counted(files.len() as u64, "file"));
    voice.answer(&Page::new("init", text, json!({"folder": shown.to_string(), "files": paths})));
    Ok(0)
}

/// A name that a council can have.
fn council(name: &str) -> Answer<Identifier> {
    let taken = NOT_COUNCILS.contains(&name);
    Identifier::new(name).ok().filter(|_| !taken).ok_or_else(|| {
        let why = if taken { "it is a folder of its own" } else { "it becomes the name of a folder, and stands in SQL" };
        Diagnostic::new(config::NOT_A_NAME, format!("no council can be called `{}`: {why}", name.escape_debug()))
            .expected("a small letter, then small letters, digits and `_`: `ashvale`; its full name goes into pipelines/partnership.yaml")
            .outcome("nothing was written")
            .hint("truecost init --council ashvale DIR")
            .into()
    })
}

/// Which feeds have no folder below `drop`, and how to make them; empty where all have theirs.
pub fn without_folder(partnership: &Partnership) -> String {
    let lacking: Vec<String> = run::without_folder(partnership).iter().map(|(feed, _)| format!("drop/{}", feed.name())).collect();
    match lacking.as_slice() {
        [] => String::new(),
        [one] => format!("the folder {one} is not there: truecost doctor --repair makes it\n"),
        many => format!("{} drop folders are not there ({}): truecost doctor --repair makes them\n", many.len(), many.join(", ")),
    }
}
