//! README and docs: what they tell to type and to write is what transcripts do, and every key is told.

use std::{fs, path::PathBuf};

use crate::{places, transcript};

/// A fenced block: its language, and its lines without the blanks that a list puts before them.
struct Block {
    language: String,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = None;
    for line in text.lines() {
        let bare = line.trim_start();
        match (bare.strip_prefix("```"), open) {
            (Some(language), None) => {
                open = Some(line.len() - bare.len());
                blocks.push(Block { language: language.to_owned(), lines: Vec::new() });
            }
            (Some(_), Some(_)) => open = None,
            (None, Some(indent)) => {
                blocks.last_mut().expect("a block is open").lines.push(line.get(indent..).unwrap_or_default().to_owned());
            }
            (None, None) => {}
        }
    }
    blocks
}

fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![places::root().join("README.md")];
    places::gather(&places::root().join("docs"), "md", &mut paths);
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("a page"))).collect()
}

fn transcripts() -> Vec<String> {
    let paths = transcript::below("transcripts").into_iter().chain(transcript::below("found"));
    paths.map(|path| fs::read_to_string(path).expect("a transcript")).collect()
}

/// Commands that a reader types before there is a truecost: steps of tests/run are these.
const BUILD: [&str; 2] = ["cargo run --release -- demo", "tests/run"];

/// Whether the transcript does what the block says, line by line, in order, and every command ends with 0.
fn is_done(block: &[String], transcript: &str) -> bool {
    let lines: Vec<&str> = transcript.lines().collect();
    let mut at = 0;
    for line in block {
        let words: Vec<&str> = line.split_whitespace().collect();
        let wanted = match words.as_slice() {
            ["cp", from, to] => format!("copy {from} {to}{from}"),
            _ => format!("$ {line}"),
        };
        let Some(found) = lines.iter().skip(at).position(|done| *done == wanted) else { return false };
        at += found + 1;
        let ended = lines.iter().skip(at).find(|line| line.starts_with("= ") || line.starts_with("$ "));
        if wanted.starts_with('$') && ended != Some(&"= 0") {
            return false;
        }
    }
    true
}

#[test]
fn every_command_that_a_page_tells_to_type_is_typed_in_a_transcript() {
    let transcripts = transcripts();
    let (mut faults, mut held) = (Vec::new(), 0);
    for (path, text) in pages() {
        for block in blocks(&text).into_iter().filter(|block| block.language == "sh") {
            let command = |line: &String| line.split(" # ").next().unwrap_or_default().trim_end().to_owned();
            let commands: Vec<String> = block.lines.iter().map(command).filter(|line| !line.is_empty()).collect();
            if commands == BUILD {
                continue;
            }
            held += 1;
            if !transcripts.iter().any(|transcript| is_done(&commands, transcript)) {
                faults.push(format!("{}: no transcript does all of\n{}", path.display(), commands.join("\n")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(held >= 6, "{held} blocks were held against transcripts");
}

/// Files that a page tells to write stand in a transcript, and what it says a command answers is what it answers; the Python is a step of tests/run (`readers`).
#[test]
fn every_file_that_a_page_tells_to_write_is_written_in_a_transcript() {
    let transcripts = transcripts();
    let (mut faults, mut held) = (Vec::new(), 0);
    for (path, text) in pages() {
        let section = |name: &str| text.split("\n## ").find(|section| section.starts_with(name)).map(str::to_owned);
        let told = if path.ends_with("README.md") { section("Adding a council").expect("a section on adding a council") } else { text };
        for block in blocks(&told).into_iter().filter(|block| block.language != "sh") {
            // ```text is what a command answers; everything else is written into a file.
            let before = if block.language == "text" { ">" } else { "|" };
            let lines: String = block.lines.iter().fold(String::new(), |all, line| all + format!("{before} {line}").trim_end() + "\n");
            held += 1;
            if !transcripts.iter().any(|transcript| transcript.contains(&lines)) {
                faults.push(format!("{}: no transcript writes\n{lines}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(held >= 10, "{held} blocks were held against transcripts");
}

#[test]
fn planted_blocks_are_found() {
    let transcript = "$ truecost plan\n> x\n= 0\ncopy a b/a\n$ truecost run\n= 1\n$ truecost status\n= 0\n";
    let done = |lines: &[&str]| is_done(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), transcript);
    assert!(done(&["truecost plan", "cp a b/", "truecost status"]));
    for lines in [&["truecost run"][..], &["truecost status", "truecost plan"], &["truecost validate"], &["cp a c/"]] {
        assert!(!done(lines), "{lines:?}");
    }
}

#[test]
fn the_readme_is_short() {
    let readme = fs::read_to_string(places::root().join("README.md")).expect("README.md");
    assert!(readme.lines().count() <= 200, "{} lines; longer material goes to docs/", readme.lines().count());
}

/// Every key of a feed, and every word of a contract of which the program knows, stands in docs/feeds.md.
#[test]
fn every_key_is_told() {
    let told = fs::read_to_string(places::root().join("docs/feeds.md")).expect("docs/feeds.md");
    let schema: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(places::root().join("src/pipeline/json/feed.json")).expect("a schema")).expect("JSON");
    let feed = schema["properties"].as_object().expect("keys").keys().cloned();
    let words = |of: &[&str]| -> Vec<String> { of.iter().map(|word| (*word).to_owned()).collect() };
    let (layout, rules) = (words(truecost::schema::words::file_keys()), words(truecost::schema::words::column_keys()));
    assert!(layout.len() > 10 && rules.len() > 8, "{layout:?} {rules:?}");
    let untold: Vec<String> = feed.chain(layout).chain(rules).filter(|key| !told.contains(&format!("`{key}`"))).collect();
    assert!(untold.is_empty(), "docs/feeds.md does not tell {untold:?}");
}

/// Every key of an answer that `add feed` asks for stands in the table of docs/feeds.md.
#[test]
fn every_question_is_told() {
    let told = fs::read_to_string(places::root().join("docs/feeds.md")).expect("docs/feeds.md");
    let table: Vec<&str> = told.lines().filter(|line| line.starts_with("| `")).take_while(|line| !line.contains("`contract` |")).collect();
    let keys = |text: &str, before: &str| -> Vec<String> {
        let key = |rest: &str| {
            let rest = rest.trim_start().trim_start_matches("&format!(").strip_prefix('"')?;
            Some(rest.split(['"', '.']).next()?.to_owned())
        };
        text.split(before).skip(1).filter_map(key).collect()
    };
    let mut asked = std::collections::BTreeSet::new();
    for entry in fs::read_dir(places::root().join("src/onboard")).expect("a folder") {
        let path = entry.expect("an entry").path();
        // These ask about councils and reference rows.
        let of_others = ["council.rs", "blocks.rs", "chart.rs"].iter().any(|name| path.ends_with(name));
        if path.is_file() && !of_others {
            let text = fs::read_to_string(&path).expect("a module");
            let all = ["Question::new(", "KEY: &str = ", "key: format!("].iter().flat_map(|before| keys(&text, before));
            asked.extend(all.filter(|key| !key.is_empty() && !key.contains('{')));
        }
    }
    assert!(asked.len() > 20, "{asked:?}");
    let untold: Vec<&String> = asked.iter().filter(|key| !table.iter().any(|line| line.contains(&format!("`{key}`")))).collect();
    assert!(untold.is_empty(), "docs/feeds.md does not tell {untold:?}");
}
