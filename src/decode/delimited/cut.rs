//! Where delimited text may be cut: between records, and a quoted field may hold line ends.

use memchr::memchr_iter;

use super::{
    super::{
        faults,
        judge::Judge,
        records::Dialect,
        text::chunks::{Cut, last_end},
    },
    faults::describe_quote,
    header::find,
    record::read_record,
};
use crate::{diagnostic::Diagnostic, schema::Escape};

/// As delimited text begins and is cut.
pub(in crate::decode) const CUT: Cut = Cut { find, safe_end: |judge, text| safe_end(judge.dialect, text), endless };

fn endless(judge: &Judge, text: &[u8], line: u64) -> Diagnostic {
    match read_record(text, 0, judge.dialect) {
        Err(fault) => describe_quote(&judge.subject, judge.dialect, (judge.encoding, text), (0, line), fault),
        Ok(_) => faults::long_record(&judge.subject, line),
    }
}

/// The last place in `text` where a record surely ends. `text` starts with a record, and goes on after its last byte.
pub(super) fn safe_end(dialect: Dialect, text: &[u8]) -> Option<usize> {
    match dialect.quote {
        None => last_end(text, |_| true),
        // Every line end is one of a record.
        Some(_) if dialect.strays => last_end(text, |_| true),
        Some(quote) if dialect.escape == Escape::Doubled => {
            // Between records the number of quotes is even: count them once, then back from the end.
            let all = memchr_iter(quote, text).count();
            let (mut counted_from, mut after) = (text.len(), 0);
            last_end(text, |end| {
                after += memchr_iter(quote, text.get(end..counted_from).unwrap_or_default()).count();
                counted_from = end;
                (all - after).is_multiple_of(2)
            })
        }
        Some(_) => last_exact_end(dialect, text),
    }
}

fn last_exact_end(dialect: Dialect, text: &[u8]) -> Option<usize> {
    let mut end = None;
    let mut at = 0;
    while let Ok(record) = read_record(text, at, dialect) {
        let could_grow = text.get(record.next..).is_none_or(|rest| rest.len() < 2);
        if could_grow || record.next == record.end() {
            break;
        }
        at = record.next;
        end = Some(at);
    }
    end
}
