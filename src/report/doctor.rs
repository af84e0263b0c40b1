//! What a look at the machine and at truecost's own files found.

use serde_json::{Value, json};

use super::{method, page::Page};
use crate::{
    diagnostic::{Diagnostic, codes},
    domain::counted,
    pipeline::Partnership,
    run::Finding,
};

/// A line for each thing that was looked at, and the report where one of them is not as it should be. The last line counts the rows of the
/// latest release behind which too few persons stand to be shown apart.
#[must_use]
pub fn doctor(partnership: &Partnership, mut findings: Vec<Finding>) -> (Page, Option<Diagnostic>) {
    // What is damaged is named already, where something is: that these rows cannot be read either says nothing more.
    let all_fine = findings.iter().all(|f| f.fine);
    findings.extend(small_groups(partnership).filter(|found| found.fine || all_fine));
    let findings = findings.as_slice();
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

/// Nothing is said where there are none, and before the first release.
fn small_groups(partnership: &Partnership) -> Option<Finding> {
    let of = |fine, seen| Finding { what: "small groups".to_owned(), fine, seen, mends: false };
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
