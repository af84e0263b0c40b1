//! One screen: of many that are alike the first, and the command that shows all of them.

use super::page::Talk;
use crate::domain::counted;

/// Lines of one kind that a person is shown.
const LINES: usize = 8;

/// Reports of one kind that a person is shown: one is some lines long.
const REPORTS: usize = 3;

/// Lines under a heading; nothing where there are none.
pub(super) fn listed(heading: &str, lines: &[String], talk: Talk) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let (shown, left) = few(lines, |_| "", LINES, talk);
    let shown: String = shown.into_iter().map(|line| format!("  {line}\n")).collect();
    format!("\n{heading}:\n{shown}{}", more("  ", left, "line"))
}

/// Reports one below the other, the first of each code before others like it.
pub(super) fn reports(all: &[String], what: &str, talk: Talk) -> String {
    let (shown, left) = few(all, |text| code(text), REPORTS, talk);
    let shown: String = shown.into_iter().map(|report| format!("\n{report}")).collect();
    let more = more("", left, what);
    if more.is_empty() { shown } else { format!("{shown}\n{more}") }
}

/// The code of a report's text: `error[TC0202]: …`.
fn code(text: &str) -> &str {
    let line = text.lines().find(|line| line.starts_with("error[") || line.starts_with("warning[")).unwrap_or_default();
    line.split(']').next().unwrap_or_default()
}

/// As many as there is room for, the first of each kind before all others, in their order; and how many are left.
fn few<'a>(all: &'a [String], kind: impl Fn(&'a str) -> &'a str, most: usize, talk: Talk) -> (Vec<&'a String>, usize) {
    let most = if talk == Talk::Full { all.len() } else { most };
    let is_first = |at: usize, one: &'a str| !all.iter().take(at).any(|before| kind(before) == kind(one));
    let (firsts, others): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(at, one)| is_first(*at, one));
    let mut shown: Vec<(usize, &String)> = firsts.into_iter().chain(others).take(most).collect();
    shown.sort_by_key(|(at, _)| *at);
    (shown.into_iter().map(|(_, one)| one).collect(), all.len().saturating_sub(most))
}

/// `… and 27 lines: truecost status -v`.
fn more(indent: &str, left: usize, what: &str) -> String {
    if left == 0 { String::new() } else { format!("{indent}… and {}: truecost status -v\n", counted(left as u64, what)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn many_lines_are_some_and_how_many_more() {
        let lines: Vec<String> = (0..30).map(|at| format!("line {at}")).collect();
        let text = listed("registers", &lines, Talk::Plain);
        assert_eq!(text.lines().filter(|line| line.starts_with("  line")).count(), LINES, "{text}");
        assert!(text.ends_with("  … and 22 lines: truecost status -v\n"), "{text}");
        assert!(!listed("registers", &lines, Talk::Full).contains('…'));
        assert_eq!(listed("registers", &lines[..1], Talk::Plain), "\nregisters:\n  line 0\n");
        assert_eq!(listed("registers", &[], Talk::Plain), "");
    }

    #[test]
    fn reports_of_another_code_are_not_hidden_by_many_of_one() {
        let all = texts(&["error[A]: 1", "x\nerror[A]: 2", "error[A]: 3", "error[A]: 4", "warning[B]: 1"]);
        let text = reports(&all, "more report", Talk::Plain);
        assert_eq!(text, "\nerror[A]: 1\nx\nerror[A]: 2\nwarning[B]: 1\n… and 2 more reports: truecost status -v\n");
    }
}
