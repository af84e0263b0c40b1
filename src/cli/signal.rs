//! Ctrl-C.
//!
//! Every durable step of a run is atomic, and the next run clears what a killed one left. So an interrupt needs
//! no cooperation from the work in hand: it says what happened and ends the process, at any moment.

use crate::diagnostic::{Diagnostic, codes, render};

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

#[allow(clippy::disallowed_methods)] // the one place that may: see the top of this file
fn end() -> ! {
    let report = Diagnostic::new(codes::command::INTERRUPTED, "interrupted")
        .outcome("what was accepted before stays accepted; the delivery in hand was dropped; the last release is unchanged")
        .hint("run the same command again: it goes on where this one stopped");
    eprintln!("\n{}", render(&report, false));
    std::process::exit(130)
}
