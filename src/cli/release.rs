//! `truecost release …`: what there is, what is in it, and whether it is as it was written.

use std::path::Path;

use serde_json::json;

use super::{args::Release, out::Voice};
use crate::{
    diagnostic::{Answer, Refusal},
    domain::counted,
    pipeline::Partnership,
    report::{self, Page},
    run,
};

/// Does what the words say; the answer's exit code.
pub fn act(partnership: &Partnership, action: &Release, voice: Voice) -> Answer<u8> {
    match action {
        Release::List => voice.answer(&report::release_list(partnership)?),
        Release::Show { release, rules: None } => voice.answer(&report::release_show(partnership, release)?),
        Release::Show { release, rules: Some(folder) } => voice.answer(&rules(partnership, release, folder)?),
        Release::Verify { release, all } => {
            let (page, report) = report::verify(partnership, release.as_deref(), *all)?;
            voice.answer(&page);
            voice.report(report.as_slice());
            return Ok(report.map_or(0, |report| Refusal::from(report).exit_code()));
        }
    }
    Ok(0)
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
