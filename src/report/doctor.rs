//! What a look at the machine and at truecost's own files found.

use serde_json::{Value, json};

use super::page::Page;
use crate::{
    diagnostic::{Diagnostic, codes},
    run::Finding,
};

/// A line for each thing that was looked at, and the report where one of them is not as it should be.
#[must_use]
pub fn doctor(findings: &[Finding]) -> (Page, Option<Diagnostic>) {
    let text = findings.iter().map(|f| format!("{} {}: {}\n", mark(f), f.what, f.seen)).collect();
    let list: Vec<Value> = findings.iter().map(|f| json!({"what": f.what, "fine": f.fine, "seen": f.seen, "repair": f.mends})).collect();
    let page = Page::new("doctor", text, json!(list));
    let missing: Vec<&str> = findings.iter().filter(|f| !f.fine).map(|f| f.what.as_str()).collect();
    let hint = if findings.iter().any(|f| f.mends) {
        "truecost doctor --repair mends what is marked WRONG; mend what is marked MISSING, then truecost doctor"
    } else {
        "mend what is marked MISSING, then truecost doctor"
    };
    let report = Diagnostic::new(codes::command::MACHINE, format!("not ready: {}", missing.join(", ")))
        .expected("folders that can be written, on a file system that keeps hard links")
        .outcome("nothing was changed")
        .hint(hint);
    (page, (!missing.is_empty()).then_some(report))
}

const fn mark(finding: &Finding) -> &'static str {
    match (finding.fine, finding.mends) {
        (true, _) => "ok     ",
        (false, true) => "WRONG  ",
        (false, false) => "MISSING",
    }
}
