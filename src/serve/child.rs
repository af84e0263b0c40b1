//! A run, as a child of the same program.

use std::{
    future::pending,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::AsyncReadExt as _,
    process::{ChildStdout, Command},
};

use super::Asked;
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::Slot,
    lake::SlotBook,
    run::clock::Stopwatch,
};

/// So long after it was asked to end, a run that has not is killed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run that is under way.
#[derive(Debug)]
pub(super) struct Child {
    process: tokio::process::Child,
    out: Option<ChildStdout>,
    said: Vec<u8>,
    work: Work,
    /// When it was started: seconds since 1970.
    began: i64,
    watch: Stopwatch,
    at_most: Duration,
    over: Option<Over>,
}

/// What a child does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// A run that takes these slots.
    Run(Vec<Slot>),
    /// What retention lets go is removed.
    Vacuum,
}

/// What became of a run that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It was asked to end.
    Asked,
    /// It did not, and was killed.
    Killed,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Status {
    /// `None` where a signal ended it.
    pub exit: Option<u8>,
    /// What it wrote to stdout.
    pub said: Vec<u8>,
}

impl Child {
    /// `truecost -C DIR run --slot … --json`, or `vacuum --json`.
    pub fn start(asked: &Asked, work: Work, at_most: u64, (began, watch): (i64, Stopwatch)) -> Answer<Self> {
        let mut command = command(asked);
        match &work {
            Work::Vacuum => {
                command.arg("vacuum").arg("--json");
            }
            Work::Run(slots) => {
                command.arg("run").arg("--json");
                if let Some(shape) = asked.log {
                    command.arg("--log").arg(shape);
                }
                for slot in slots {
                    command.arg("--slot").arg(slot.to_string());
                }
            }
        }
        let mut process = command.spawn().map_err(|error| not_started(&error))?;
        let out = process.stdout.take();
        Ok(Self { process, out, said: Vec::new(), work, began, watch, at_most: Duration::from_secs(at_most), over: None })
    }

    /// The slots that it takes; none of one that takes none.
    pub fn slots(&self) -> &[Slot] {
        if let Work::Run(slots) = &self.work { slots } else { &[] }
    }

    /// How it ended, by what it wrote down itself of all its slots; `None` where it came not so far.
    pub fn closed(&self, book: &SlotBook) -> Option<u8> {
        let own = |slot: &Slot| {
            let mut taken = book.names.get(&slot.name)?.taken.iter();
            taken.find(|taken| taken.slot == slot.at && taken.claimed >= self.began)?.end.as_ref().map(|end| end.exit)
        };
        self.slots().iter().map(own).collect::<Option<Vec<u8>>>()?.into_iter().max()
    }

    /// Whether it removes what retention lets go.
    pub fn is_vacuum(&self) -> bool {
        self.work == Work::Vacuum
    }

    /// Whether it was ended because it took too long.
    pub const fn was_over(&self) -> bool {
        self.over.is_some()
    }

    /// How long until somebody has to look whether it takes too long.
    pub fn left(&self) -> Duration {
        let until = if self.over.is_some() { self.at_most.saturating_add(PATIENCE) } else { self.at_most };
        until.saturating_sub(self.watch.measured()).max(Duration::from_millis(100))
    }

    /// Asks a run to end that takes too long, and kills it where it does not. What was done now.
    pub fn hold_to_time(&mut self) -> Option<Over> {
        let elapsed = self.watch.measured();
        let next = match self.over {
            None if elapsed > self.at_most => Over::Asked,
            Some(Over::Asked) if elapsed > self.at_most.saturating_add(PATIENCE) => Over::Killed,
            _ => return None,
        };
        match next {
            Over::Asked => self.ask_to_end(),
            Over::Killed => self.kill(),
        }
        self.over = Some(next);
        Some(next)
    }

    /// SIGTERM: what was accepted stays, and it says so.
    pub fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGKILL.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            // It may have ended by itself meanwhile.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Waits until the run has ended; for ever where there is none. May be asked again after it was given up: what was read is kept.
pub(super) async fn ended(child: Option<&mut Child>) -> io::Result<Status> {
    let Some(child) = child else { return pending().await };
    while let Some(out) = child.out.as_mut() {
        if out.read_buf(&mut child.said).await? == 0 {
            child.out = None;
        }
    }
    let status = child.process.wait().await?;
    Ok(Status { exit: code(status), said: std::mem::take(&mut child.said) })
}

fn code(status: ExitStatus) -> Option<u8> {
    status.code().and_then(|code| u8::try_from(code).ok())
}

/// The state of the partnership, as `truecost status --json` says it; nothing where it cannot be asked.
pub(super) async fn status(asked: &Asked) -> Option<Vec<u8>> {
    let mut command = command(asked);
    let said = command.arg("status").arg("--json").stderr(Stdio::null()).output().await.ok()?;
    Some(said.stdout).filter(|said| !said.is_empty())
}

/// This program, on this partnership; what it reports goes where our own reports go.
fn command(asked: &Asked) -> Command {
    let mut command = Command::new(&asked.program);
    command.arg("-C").arg(&asked.root).stdin(Stdio::null()).stdout(Stdio::piped());
    // They are said to this process alone.
    command.env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC").env_remove("WATCHDOG_PID");
    command
}

fn not_started(error: &io::Error) -> Diagnostic {
    Diagnostic::new(codes::lake::FILE_SYSTEM, format!("a run cannot be started: {error}"))
        .place(Place::file("serve"))
        .expected("a second process of this program")
        .outcome("nothing was run; the slot is still to be taken")
        .hint("look for a limit of processes (`ulimit -u`) or of memory (`ulimit -v`), then start serve again")
}

/// Replaces the file that stands beside another: its readers see the old text or the new one.
pub(super) fn write_beside(file: &Path, suffix: &str, text: &str) -> io::Result<()> {
    let beside = |suffix: &str| {
        let mut name = file.file_name().unwrap_or_default().to_os_string();
        name.push(suffix);
        file.with_file_name(name)
    };
    let staging = beside(&format!("{suffix}.tmp"));
    std::fs::write(&staging, text)?;
    std::fs::rename(staging, beside(suffix))
}
