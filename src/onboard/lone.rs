//! Records that are no rows and hold an amount all the same: a sum that the rows do not add up to, or something else. A person says what.

use super::{answers::Question, evidence::Evidence};
use crate::profile::{LeftOut, Reason};

/// The key of the question.
pub const KEY: &str = "lone_amounts";

/// Whether it is such a record.
#[must_use]
pub fn is_lone(left: &LeftOut) -> bool {
    left.reason == Reason::Marker && left.amount.is_some_and(|amount| amount.0 != 0)
}

/// What they are, where a sample has one.
#[must_use]
pub fn question(evidence: &Evidence) -> Option<Question> {
    let of = |sample: &super::evidence::Sample| {
        let one = |left: &LeftOut| {
            let line = left.lines.first().copied().unwrap_or(0);
            format!("{} line {line}: {}", sample.profile.file, left.printed.as_deref().unwrap_or_default().trim())
        };
        sample.profile.left_out.iter().filter(|left| is_lone(left)).map(one).collect::<Vec<_>>()
    };
    let seen: Vec<String> = evidence.samples.iter().flat_map(of).collect();
    let ask = "What is a record that holds an amount and little else, and is not what the rows add up to? total: every file's rows must add \
               up to it; subtotal: a sum of some of them, shown and compared with nothing; left_out: pounds that do not count.";
    (!seen.is_empty()).then(|| Question::new(KEY, ask).seen(seen.join("; ")).choices(["total", "subtotal", "left_out"]))
}
