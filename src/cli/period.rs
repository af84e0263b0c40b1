//! What the `period` commands answer.

use super::{
    args::{PeriodAction, PeriodSaid},
    command,
};
use crate::{
    diagnostic::Answer,
    lake::PeriodAct,
    pipeline::Partnership,
    report::{self, Page},
    run::{self, PeriodAsked, clock::ProcessClock},
};

/// Does what a person asks of a period, and says what became of it.
pub(super) fn page(partnership: &Partnership, action: &PeriodAction) -> Answer<Page> {
    match action {
        PeriodAction::List => report::periods(partnership),
        PeriodAction::Close { said, anyway } => done(partnership, said, PeriodAct::Closed, anyway.clone()),
        PeriodAction::Preview { period } => {
            let previewed = run::preview(partnership, command::period(period)?, &ProcessClock)?;
            Ok(report::period_preview(&previewed))
        }
        PeriodAction::Reopen { said } => done(partnership, said, PeriodAct::Reopened, None),
    }
}

fn done(partnership: &Partnership, said: &PeriodSaid, act: PeriodAct, anyway: Option<String>) -> Answer<Page> {
    let period = command::period(&said.period)?;
    let asked = PeriodAsked { act, period, by: said.by.clone(), reason: said.reason.clone(), anyway };
    let done = run::period(partnership, &asked, &ProcessClock)?;
    Ok(report::period_done(&asked, &done))
}
