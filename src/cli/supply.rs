//! What is expected of every feed, and what a person lets go.

use super::{args, command, out::Voice};
use crate::{
    diagnostic::Answer,
    lake::SupplyWord,
    pipeline::Partnership,
    report,
    run::{self, Waive, clock::ProcessClock},
};

/// The table, with 4 while something is overdue; or what became of a waiver.
pub(super) fn act(partnership: &Partnership, period: Option<&str>, action: Option<&args::Supply>, voice: Voice) -> Answer<u8> {
    match action {
        None => {
            let wanted = period.map(command::period).transpose()?;
            let now = run::supply(partnership, &ProcessClock)?;
            voice.report(&now.warnings);
            voice.answer(&report::supply(&now.states, wanted));
            Ok(report::supply_exit(partnership, &now.states, wanted))
        }
        Some(args::Supply::Waive { feed, period, by, reason, undo }) => {
            let what = if *undo { SupplyWord::Undo } else { SupplyWord::Waive };
            let said = Waive { what, feed: feed.clone(), periods: command::periods(period)?, by: by.clone(), reason: reason.clone() };
            let became = run::waive(partnership, &said, &ProcessClock)?;
            voice.answer(&report::waived(partnership, &said, &became));
            Ok(0)
        }
    }
}
