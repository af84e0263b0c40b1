//! Ctrl-C.
//!
//! Every durable step of a run is atomic, and the next run clears what a killed one left. So an interrupt needs
//! no cooperation from the work in hand: it says what is true at that moment and ends the process.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    diagnostic::{Diagnostic, codes, render},
    run::clock::{Clock as _, ProcessClock},
};

/// How far the work in hand has come, as far as an interrupt has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Not a run, or one that has changed nothing yet.
    Quiet,
    /// A run takes deliveries, classifies, separates, proves.
    Running,
    /// A run turns readers to the next release: done in a moment, and either way whole.
    Publishing,
    /// A run has published this release, and only writes down that it did.
    Published(String),
    /// A command writes into the partnership's own files: done in a moment, and either way whole.
    Writing,
    /// It has written this, and only says so.
    Written(String),
}

static MOMENT: Mutex<Moment> = Mutex::new(Moment::Quiet);
/// Held by whoever ends the process, so that it is said once.
static ENDING: Mutex<()> = Mutex::new(());

/// A release is put in its place in less; on a disk that hangs nobody wants to wait longer.
const PATIENCE: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

fn moment() -> MutexGuard<'static, Moment> {
    MOMENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on this is what an interrupt says.
pub fn note(now: Moment) {
    *moment() = now;
}

/// From now on Ctrl-C and SIGTERM end the process with exit code 130 and a report.
pub fn listen() {
    // Without this thread the default action ends the process as well, only without the report.
    let _ = std::thread::Builder::new().name("signals".into()).spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(wait());
        end();
    });
}

async fn wait() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Ends the process, and a question that another process answers for it.
#[allow(clippy::disallowed_methods)] // the one place that may: see the top of this file
pub fn end() -> ! {
    let _once = ENDING.lock();
    super::child::end();
    crate::onboard::abandon();
    let mut left = PATIENCE;
    while matches!(*moment(), Moment::Publishing | Moment::Writing) && left > 0 {
        std::thread::sleep(PAUSE);
        left -= 1;
    }
    crate::lake::interrupted(&ProcessClock.now().iso());
    eprintln!("\n{}", render(&report(&moment()), false));
    std::process::exit(130)
}

fn report(moment: &Moment) -> Diagnostic {
    let kept = "what was accepted before stays accepted; the delivery in hand was dropped";
    let outcome = match moment {
        Moment::Quiet => "the last release is unchanged".to_owned(),
        Moment::Running => format!("{kept}; the last release is unchanged"),
        Moment::Publishing => format!("{kept}; the next release was being put in its place: it answers, or the one before, each whole"),
        Moment::Published(release) => format!("what was accepted stays accepted; release {release} is published and answers"),
        Moment::Writing => "files of the partnership were being written: the next `truecost add` takes back what is not whole".to_owned(),
        Moment::Written(what) => format!("{what}: written, whole; the last release is unchanged"),
    };
    let hint = match moment {
        Moment::Publishing => "truecost status says which release answers; run the same command again: it goes on where this one stopped",
        Moment::Written(_) => "nothing is left to be done of it: truecost validate",
        _ => "run the same command again: it goes on where this one stopped",
    };
    Diagnostic::new(codes::command::INTERRUPTED, "interrupted").outcome(outcome).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupt_says_what_is_true_at_its_moment() {
        let said = |moment: Moment| report(&moment).outcome;
        assert!(said(Moment::Quiet).ends_with("the last release is unchanged"));
        assert!(said(Moment::Running).ends_with("the last release is unchanged"));
        assert!(!said(Moment::Publishing).contains("unchanged"));
        assert!(said(Moment::Writing).contains("takes back"));
        assert_eq!(said(Moment::Written("ashvale/spend".into())), "ashvale/spend: written, whole; the last release is unchanged");
        assert_eq!(said(Moment::Published("r0007".into())), "what was accepted stays accepted; release r0007 is published and answers");
    }
}
