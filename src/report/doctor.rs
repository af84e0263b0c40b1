//! What a look at the machine and at truecost's own files found.

use serde_json::{Value, json};

use super::{
    method,
    page::{Page, Talk},
};
use crate::{
    diagnostic::{Diagnostic, codes},
    domain::counted,
    pipeline::Partnership,
    run::Finding,
};

/// A line for each thing that was looked at, and the report where one of them is not as it should be. The last line counts the rows of the
/// latest release behind which too few persons stand to be shown apart.
#[must_use]
pub fn doctor(partnership: &Partnership, mut findings: Vec<Finding>, talk: Talk) -> (Page, Option<Diagnostic>) {
    // What is damaged is named already, where something is: that these rows cannot be read either says nothing more.
    let all_fine = findings.iter().all(|f| f.fine);
    findings.extend(small_groups(partnership).filter(|found| found.fine || all_fine));
    let findings = findings.as_slice();
    let list: Vec<Value> =
        findings.iter().map(|f| json!({"what": f.what, "fine": f.fine, "seen": f.seen, "names": f.names, "repair": f.mends})).collect();
    let page = Page::new("doctor", text(findings, talk), json!(list));
    let mut missing: Vec<&str> = findings.iter().filter(|f| !f.fine).map(|f| f.what.as_str()).collect();
    missing.dedup();
    let hint = if findings.iter().any(|f| f.mends) {
        "truecost doctor --repair mends what is marked WRONG; mend what is marked MISSING, then truecost doctor"
    } else {
        "mend what is marked MISSING, then truecost doctor"
    };
    let report = Diagnostic::new(codes::command::MACHINE, format!("not ready: {}", some_of(&missing, Talk::Plain)))
        .expected("folders that can be written, on a file system that keeps hard links")
        .outcome("nothing was changed")
        .hint(hint);
    (page, (!missing.is_empty()).then_some(report))
}

/// So many findings of one kind, and so many names of one finding, are shown: the others are counted.
const SHOWN: usize = 5;

/// A line for each finding; of many of a kind the first few, and how many more there are.
fn text(findings: &[Finding], talk: Talk) -> String {
    let (mut text, mut left_out) = (String::new(), false);
    for those in findings.chunk_by(|a, b| kind(a) == kind(b)) {
        let shown = if talk == Talk::Full { those.len() } else { SHOWN };
        for finding in those.iter().take(shown) {
            let names: Vec<&str> = finding.names.iter().map(String::as_str).collect();
            let named = if names.is_empty() { String::new() } else { format!(": {}", some_of(&names, talk)) };
            left_out |= talk != Talk::Full && names.len() > SHOWN;
            text.push_str(&format!("{} {}: {}{named}\n", mark(finding), finding.what, finding.seen));
        }
        if let Some(first) = those.first().filter(|_| those.len() > shown) {
            left_out = true;
            text.push_str(&format!("{} … and {} more of this kind\n", mark(first), those.len() - shown));
        }
    }
    if left_out {
        text.push_str("every name: truecost doctor -v\n");
    }
    text
}

/// What findings of one kind have in common: the folder of one feed and that of another are of one kind.
fn kind(finding: &Finding) -> (&str, bool, bool) {
    let what = finding.what.split_once(" of ").map_or(finding.what.as_str(), |(kind, _)| kind);
    // Those of feeds whose location does not answer are named by the feed alone.
    (if what.contains('/') && !what.starts_with("lake/") { "" } else { what }, finding.fine, finding.mends)
}

fn some_of(names: &[&str], talk: Talk) -> String {
    match names.split_at_checked(SHOWN) {
        Some((first, more)) if talk != Talk::Full && !more.is_empty() => format!("{} and {} more", first.join(", "), more.len()),
        _ => names.join(", "),
    }
}

/// Nothing is said where there are none, and before the first release.
fn small_groups(partnership: &Partnership) -> Option<Finding> {
    let of = |fine, seen| Finding::of("small groups", fine, seen);
    match method::small_groups(partnership) {
        Ok(found) if found.is_empty() => None,
        Ok(found) => {
            let least = counted(partnership.small_group, "person");
            Some(of(true, format!("figures of fewer than {least} are put together: {}", found.join(", "))))
        }
        Err(refusal) if refusal.0.iter().all(|d| d.code == codes::command::NO_RELEASE) => None,
        Err(refusal) => Some(of(false, refusal.0.iter().map(|d| d.seen.as_str()).collect::<Vec<_>>().join("; "))),
    }
}

const fn mark(finding: &Finding) -> &'static str {
    match (finding.fine, finding.mends) {
        (true, _) => "ok     ",
        (false, true) => "WRONG  ",
        (false, false) => "MISSING",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_names_the_first_few_are_shown_and_all_of_them_on_request() {
        let names: Vec<String> = (1..=12).map(|month| format!("PAY_{month:02}.csv")).collect();
        let mut findings = vec![Finding { names, ..Finding::of("plain files of newham/payroll", true, "12 files") }];
        findings.extend((1..=9).map(|n| Finding::of(format!("folder of c{n}/general_ledger"), false, "is not there")));
        findings.push(Finding::of("disk", true, "room"));
        let plain = text(&findings, Talk::Plain);
        let lines: Vec<&str> = plain.lines().collect();
        assert_eq!(lines.len(), 9, "{plain}");
        assert!(lines[0].ends_with("12 files: PAY_01.csv, PAY_02.csv, PAY_03.csv, PAY_04.csv, PAY_05.csv and 7 more"), "{plain}");
        assert_eq!(lines[6..], ["MISSING … and 4 more of this kind", "ok      disk: room", "every name: truecost doctor -v"]);
        let full = text(&findings, Talk::Full);
        assert_eq!((full.lines().count(), full.contains("PAY_12.csv"), full.contains("more")), (11, true, false), "{full}");
        assert!(!text(&findings[10..], Talk::Plain).contains("-v"));
    }
}
