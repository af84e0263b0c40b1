//! `truecost release …`: what there is, what is in it, and whether it is as it was written.

use std::path::Path;

use serde_json::json;

use super::{
    args::{Query, Release},
    out::Voice,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Day, counted},
    pipeline::Partnership,
    report::{self, AsItWas, Page},
    run,
};

/// Does what the words say; the answer's exit code.
pub fn act(partnership: &Partnership, action: &Release, voice: Voice) -> Answer<u8> {
    match action {
        Release::List => voice.answer(&report::release_list(partnership)?),
        Release::Show { release, rules: None } => voice.answer(&report::release_show(partnership, release)?),
        Release::Show { release, rules: Some(folder) } => voice.answer(&rules(partnership, release, folder)?),
        Release::Diff { old, new, lines, most } => {
            voice.answer(&report::release_diff(partnership, old, new, lines.then_some(*most))?);
        }
        Release::Verify { release, all } => {
            let (page, reports) = report::verify(partnership, release.as_deref(), *all)?;
            voice.answer(&page);
            voice.report(&reports);
            return Ok(if reports.is_empty() { 0 } else { Refusal(reports).exit_code() });
        }
    }
    Ok(0)
}

/// Which release a question is about; `None` where it is the latest.
pub fn as_it_was(words: &Query) -> Answer<Option<AsItWas>> {
    if let Some(name) = &words.release {
        return Ok(Some(AsItWas::Release(name.clone())));
    }
    let day = |text: &String| {
        Day::parse_iso(text).map(AsItWas::On).ok_or_else(|| {
            Diagnostic::new(codes::command::USAGE, format!("`{text}` is no day"))
                .expected("a day as in `2018-07-14`")
                .outcome("nothing was read")
                .hint("truecost query --as-of 2018-07-14 \"SELECT …\"")
                .into()
        })
    };
    words.as_of.as_ref().map(day).transpose()
}

/// Writes the configuration that made a release.
fn rules(partnership: &Partnership, release: &str, folder: &Path) -> Answer<Page> {
    let files = report::release_rules(partnership, release)?;
    run::write_rules(folder, &files)?;
    let (shown, count) = (folder.display(), counted(files.len() as u64, "file"));
    let text = format!("wrote the configuration that made {release} to {shown}: {count}\n");
    let names: Vec<&String> = files.keys().collect();
    Ok(Page::new("release_rules", text, json!({"release": release, "folder": shown.to_string(), "files": names})))
}
