//! Which files of the folder are an extract, when one is whole, and which of two is the newer.

use crate::{
    diagnostic::codes::config,
    schema::fields::{Fields, Item},
};

use super::{FilePatterns, NamePart, NewestBy, Ready};

/// Names that are no extract, in which `*` stands for any text.
pub(super) fn ignore(fields: &Fields<'_>) -> Vec<String> {
    let Some(item) = fields.get("ignore") else { return Vec::new() };
    let patterns = item.texts().unwrap_or_default();
    for pattern in &patterns {
        let all = pattern.chars().all(|c| c == '*');
        if all || pattern.contains('/') {
            let why = format!("`{}` {}", pattern.escape_debug(), if all { "says nothing of a name" } else { "holds a `/`" });
            item.refuse(config::FILE_PATTERN, &why, "names of files in the feed's folder, in which `*` stands for any text", "");
        }
    }
    patterns
}

pub(super) fn ready(fields: &Fields<'_>) -> Ready {
    let default = Ready::Stable { millis: 2_000 };
    let Some(item) = fields.get("ready") else { return default };
    let Some(ready) = item.fields(&["stable", "marker"]) else { return default };
    let marker = ready.get("marker").and_then(|item| beside(&item));
    let stable = ready.get("stable").and_then(|item| item.read("a time, as in `2s`, `500ms` or `1m`", millis));
    if ready.get("marker").is_some() == ready.get("stable").is_some() {
        item.wrong("one of `{stable: 2s}` and `{marker: \"{name}.done\"}`");
    }
    marker.map(|marker| Ready::Marker(marker.to_owned())).or(stable.map(|millis| Ready::Stable { millis })).unwrap_or(default)
}

fn millis(text: &str) -> Option<u64> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000)];
    let (digits, unit) = units.into_iter().find_map(|(unit, millis)| Some((text.strip_suffix(unit)?, millis)))?;
    digits.parse::<u64>().ok()?.checked_mul(unit).filter(|millis| (1..=600_000).contains(millis))
}

/// The name of a file beside another: `{name}` is that one's whole name, `{stem}` without its extension.
pub(super) fn beside<'r>(item: &Item<'r>) -> Option<&'r str> {
    let text = item.text()?;
    let named = text.matches("{name}").count() + text.matches("{stem}").count() == 1 && text != "{name}" && text != "{stem}";
    let rest = text.replace("{name}", "").replace("{stem}", "");
    if !named || rest.contains(['{', '}', '[', ']', '/']) {
        item.refuse(
            config::FILE_PATTERN,
            "it does not name a file beside another",
            "`{name}` or `{stem}` with something more: `{name}.done`, `{stem}.ctl.json`",
            "",
        );
        return None;
    }
    Some(text)
}

/// How many files make one delivery; their names then number them.
pub(super) fn pieces(fields: &Fields<'_>, files: Option<&FilePatterns>) -> u32 {
    let Some(item) = fields.get("pieces") else { return 1 };
    let pieces = item.count(1, 1).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    if pieces > 1 && files.is_some_and(|files| !files.always_has(&NamePart::Piece)) {
        item.refuse(config::FILE_PATTERN, "the names of the pieces do not number them", "`{piece}` in `files`", "");
    }
    pieces
}

pub(super) fn newest_by(fields: &Fields<'_>) -> Vec<NewestBy> {
    let words = [("version", NewestBy::Version), ("modified", NewestBy::Modified)];
    let Some(item) = fields.get("newest_by") else { return vec![NewestBy::Version, NewestBy::Modified] };
    let items = item.list().unwrap_or_default();
    if items.is_empty() && item.is_list() {
        item.wrong("at least one of `version` and `modified`");
    }
    items.iter().filter_map(|item| item.choice(&words)).collect()
}
