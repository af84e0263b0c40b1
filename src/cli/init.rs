//! `truecost init`.

use std::path::Path;

use serde_json::json;

use super::out::Voice;
use crate::{
    demo,
    diagnostic::{Answer, Diagnostic, codes::config},
    domain::{Identifier, counted},
    pipeline::NOT_COUNCILS,
    report::Page,
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
