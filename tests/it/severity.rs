//! What a report asks: notes nothing of anybody, warnings something that `next:` says, errors too. Held over every report that a
//! transcript shows, and against what each code says that its reports can be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use truecost::diagnostic::{Severity, codes};

use crate::transcript;

/// What a note says in `next:`, and nothing else may.
const NOTHING: &str = "nothing has to be done";

/// One report as it was printed: `warning`, `TC0404`, and what `next:` says.
struct Told<'t> {
    severity: &'t str,
    code: &'t str,
    next: &'t str,
}

fn told(transcript: &str) -> Vec<Told<'_>> {
    let mut all: Vec<Told<'_>> = Vec::new();
    for line in transcript.lines() {
        let said = line.strip_prefix(['!', '>']).and_then(|line| line.strip_prefix(' ')).unwrap_or_default();
        let head = said.split_once("]: ").and_then(|(head, _)| head.split_once('['));
        if let Some((severity, code)) =
            head.filter(|(word, code)| ["error", "warning", "note"].contains(word) && codes::find(code).is_some())
        {
            all.push(Told { severity, code, next: "" });
        } else if let (Some(next), Some(last)) = (said.trim_start().strip_prefix("next: "), all.last_mut())
            && last.next.is_empty()
        {
            last.next = next;
        }
    }
    all
}

/// What is wrong with reports, one line each.
fn faults(transcript: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for Told { severity, code, next } in told(transcript) {
        let can_be = codes::find(code).map_or(&[][..], |code| code.severities);
        if !can_be.iter().any(|one| one.as_str() == severity) {
            faults.push(format!("{severity}[{code}]: the code does not say that its reports can be that"));
        }
        let asks_nothing = next.to_lowercase().contains(NOTHING);
        if asks_nothing != (severity == "note") {
            faults.push(format!("{severity}[{code}]: next: {next}"));
        }
    }
    faults
}

fn transcripts() -> Vec<String> {
    let paths = ["errors", "found", "honest", "transcripts"].into_iter().flat_map(transcript::below);
    paths.map(|path| fs::read_to_string(path).expect("a transcript")).collect()
}

#[test]
fn notes_ask_nothing_and_everything_else_asks_something() {
    let faults: BTreeSet<String> = transcripts().iter().flat_map(|text| faults(text)).collect();
    assert!(faults.is_empty(), "{}", faults.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Codes of which no transcript can tell, because what they report has to be planted: the test that their reproducer names shows them.
fn proved_by_a_test() -> BTreeSet<String> {
    let is_proved = |path: &PathBuf| fs::read_to_string(path).expect("a transcript").lines().any(|line| line.starts_with("proved by "));
    let code = |path: &PathBuf| Some(path.parent()?.file_name()?.to_str()?.to_owned());
    transcript::below("errors").iter().filter(|path| is_proved(path)).filter_map(code).collect()
}

/// Faults of values are all made in one place, so one of them stands for all.
#[test]
fn every_severity_of_a_code_is_shown_by_a_transcript() {
    let texts = transcripts();
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    texts.iter().flat_map(|text| told(text)).for_each(|one| {
        seen.entry(one.code).or_default().insert(one.severity);
    });
    let of_values: Vec<&str> = codes::value::ALL.iter().map(|code| code.id).collect();
    let of_value = |id: &str| of_values.contains(&id);
    let shown = |id: &str, severity: Severity| seen.get(id).is_some_and(|words| words.contains(severity.as_str()));
    let held = codes::all().filter(|code| !of_value(code.id)).flat_map(|code| code.severities.iter().map(|severity| (code.id, *severity)));
    let proved = proved_by_a_test();
    let missing: Vec<String> = held
        .filter(|(id, severity)| *severity != Severity::Error && !shown(id, *severity) && !proved.contains(*id))
        .map(|(id, severity)| format!("{id} as {}", severity.as_str()))
        .collect();
    assert!(missing.is_empty(), "no transcript shows {}", missing.join(", "));
    assert!(of_values.iter().any(|id| shown(id, Severity::Warning)), "no transcript shows quarantined rows");
}

#[test]
fn planted_reports_of_the_wrong_severity_are_found() {
    assert!(faults("! note[TC0412]: a\n!       data: b\n!       next: nothing has to be done\n").is_empty());
    assert_eq!(faults("! warning[TC0425]: a\n!       next: nothing has to be done\n").len(), 2);
    assert_eq!(faults("! warning[TC0404]: a\n!       next: Nothing has to be done.\n").len(), 1);
    assert_eq!(faults("! note[TC0412]: a\n!       next: ask the sender\n").len(), 1);
    assert!(faults("! warning[TC0404]: a\n!       next: truecost explain line\n").is_empty());
}
