//! Which file names are taken. One judgement for every source, made of the name alone.
//!
//! A name that passes can be printed on a terminal, put in a message and used as one component of a path
//! on any system that people copy files to. The rules are those under which names from strangers do harm:
//! they climb out of a folder, forge lines in a report, or turn round what a reader sees.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Diagnostic, Place, codes::source as codes},
    domain::{is_command, is_hidden, turns_text},
};

/// Bytes in the longest name that file systems take.
const LONGEST: usize = 255;

/// Device names of Windows: a file so called, with any extension, cannot be copied there.
const RESERVED: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// `None` where the name is safe, else why it is not, as the end of the sentence "the name …".
#[must_use]
pub fn judge_name(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".into());
    }
    judge_path(name).or_else(|| judge_characters(name)).or_else(|| judge_shape(name))
}

fn judge_path(name: &str) -> Option<String> {
    let mut components = name.split(['/', '\\']);
    if components.any(|part| part == "..") {
        return Some("climbs out of its folder with `..`".into());
    }
    let drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if drive || name.starts_with(['/', '\\']) {
        return Some("is an absolute path".into());
    }
    (name == "." || name.contains(['/', '\\'])).then(|| "is a path, not the name of a file".into())
}

fn judge_characters(name: &str) -> Option<String> {
    let control = name.chars().find(|c| is_command(*c));
    if let Some(c) = control {
        return Some(format!("holds the control character U+{:04X}", u32::from(c)));
    }
    let unseen = name.chars().find(|c| is_hidden(*c));
    unseen.map(|c| {
        let what = if turns_text(c) { "turns the direction of what follows it" } else { "cannot be seen" };
        format!("holds the character U+{:04X}, which {what}", u32::from(c))
    })
}

fn judge_shape(name: &str) -> Option<String> {
    if name.len() > LONGEST {
        return Some(format!("is {} bytes long; {LONGEST} is the most", name.len()));
    }
    if name.ends_with(['.', ' ']) {
        return Some("ends in a dot or a space, which Windows drops".into());
    }
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_uppercase();
    let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let port = numbered.is_some_and(|rest| matches!(rest, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"));
    (port || RESERVED.contains(&stem.as_str())).then(|| format!("stands for a device on Windows (`{stem}`)"))
}

/// Text from outside as it can stand in a message: what cannot be seen is escaped, what is long is cut.
#[must_use]
pub fn printable(text: &str) -> String {
    const MOST: usize = 200;
    let mut out = String::new();
    for c in text.chars().take(MOST) {
        if is_hidden(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}

/// The name of a file that stands beside another: `{name}` is the other's whole name, `{stem}` without its last extension.
#[must_use]
pub fn companion_name(pattern: &str, name: &str) -> String {
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    };
    // Split first: a name that itself holds `{stem}` is not filled in twice.
    let fill = |text: &str| text.replace("{stem}", stem);
    pattern.split("{name}").map(fill).collect::<Vec<_>>().join(name)
}

/// Groups of two or more names that differ in case only.
pub(super) fn case_twins<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Vec<&'a str>> {
    let mut folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        folded.entry(name.to_lowercase()).or_default().push(name);
    }
    folded.into_values().filter(|group| group.len() > 1).collect()
}

pub(super) fn note_twins(folder: &str, names: &[&str]) -> Diagnostic {
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    Diagnostic::warning(codes::CASE_TWINS, format!("{list} differ in upper and lower case only"))
        .place(Place::file(folder))
        .outcome("Each was taken as a file of its own.")
        .hint("If they are the same extract sent twice, ask the sender to keep to one spelling.")
}

/// The report on a name that was refused.
pub(super) fn refuse(folder: &str, name: &str, why: &str) -> Diagnostic {
    Diagnostic::new(codes::UNSAFE_NAME, format!("the name `{}` {why}", printable(name)))
        .place(Place::file(folder))
        .expected("an ordinary file name: no folders, control or invisible characters, at most 255 bytes, allowed on every system")
        .outcome("The file was not opened and nothing of it was taken. Other files of the folder are not affected.")
        .hint("Ask the sender to rename the file and send it again.")
}

pub(super) fn note_folder(folder: &str, name: &str) -> Diagnostic {
    Diagnostic::warning(codes::SUB_FOLDER, format!("`{}` is a folder", printable(name)))
        .place(Place::file(folder))
        .expected("files only: a feed's folder is flat")
        .outcome("It was not entered; nothing in it was taken.")
        .hint("Move the files up into the feed's folder, or give the feed that folder as its `url`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(name: &str) -> String {
        judge_name(name).unwrap_or_else(|| "is taken".into())
    }

    #[test]
    fn ordinary_names_pass() {
        for name in [
            "GL_2018-19.csv",
            "ledger 2018-19.csv",
            ".done",
            "Café £ (2).csv",
            "台帳.csv",
            "CONTROL.csv",
            "COM10.txt",
            "nul_report.csv",
            "a..b.csv",
        ] {
            assert_eq!(judge_name(name), None, "{name}");
        }
        assert_eq!(judge_name(&"é".repeat(127)), None);
    }

    #[test]
    fn t1_t2_paths_are_no_names() {
        assert!(why("../../etc/x").contains("climbs"));
        assert!(why("..").contains("climbs"));
        assert!(why("a\\..\\b").contains("climbs"));
        for absolute in ["/etc/passwd", "C:\\x", "\\\\host\\share", "c:x"] {
            assert!(why(absolute).contains("absolute"), "{absolute}");
        }
        assert!(why("a/b.csv").contains("is a path"));
        assert!(why("").contains("empty"));
    }

    #[test]
    fn t3_what_cannot_be_seen_is_refused() {
        for (name, code) in
            [("a\nb", "U+000A"), ("a\0", "U+0000"), ("a\u{85}", "U+0085"), ("x\u{202E}vsc.exe", "U+202E"), ("a\u{200B}b", "U+200B")]
        {
            assert!(why(name).contains(code), "{code}: {}", why(name));
        }
        assert_eq!(printable("x\u{202E}vsc\n"), "x\\u{202e}vsc\\n");
    }

    #[test]
    fn t4_t5_names_that_some_system_cannot_hold() {
        assert!(why(&"é".repeat(128)).contains("256 bytes"));
        for name in ["CON", "con.csv", "Nul.tar.gz", "COM1", "lpt9.txt", "com².csv", "AUX .txt"] {
            assert!(why(name).contains("device"), "{name}");
        }
        assert!(why("ledger.csv.").contains("dot or a space"));
        assert!(why("ledger.csv ").contains("dot or a space"));
    }

    #[test]
    fn companions() {
        assert_eq!(companion_name("{name}.done", "GL.v2.csv"), "GL.v2.csv.done");
        assert_eq!(companion_name("{stem}.ctl.json", "GL.v2.csv"), "GL.v2.ctl.json");
        assert_eq!(companion_name("{stem}.ctl.json", "GL"), "GL.ctl.json");
        assert_eq!(companion_name("{name}.done", "{stem}.csv"), "{stem}.csv.done");
    }
}
