//! A question in a process of its own.
//!
//! What a plan reserves is counted by its pool; what it merely takes is not: a join of six tables by nothing took ten times
//! its pool. So a question is answered by the same program in a second process, which asks the system, before it has a
//! second thread, to hold it to [`SPACE`]. Where it would go beyond, the system ends it, and this process lives to say so.

use std::{
    ffi::OsString,
    io::Read,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::out::Voice;
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::query as codes, codes::sql},
    engine::Limits,
};

/// Says to a process that it is the one that answers: `colour` or `plain`. Whoever sets it by hand only gets the limits.
const MARK: &str = "TRUECOST_QUESTION";

/// Bytes of address space: what a question's plan may reserve, and half as much again for the program and the rest.
const SPACE: u64 = 768 << 20;

/// The allocator takes address space in pieces of a gibibyte, and the C library 64 MiB for each thread, unless told otherwise.
const FRUGAL: [(&str, &str); 2] = [("MIMALLOC_ARENA_RESERVE", "32MiB"), ("MALLOC_ARENA_MAX", "1")];

/// Signals by which the system ends a process. Their numbers are the same on every system that truecost runs on.
const INTERRUPTED: [i32; 2] = [2, 15];
const ABORTED: i32 = 6;
const KILLED: i32 = 9;
const OUT_OF_CPU: i32 = 24;

/// The process that answers, for whoever has to end it.
static RUNNING: Mutex<Option<Child>> = Mutex::new(None);

fn running() -> MutexGuard<'static, Option<Child>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this process is the one that answers, and if so whether it may use colour.
#[must_use]
pub fn is_one() -> Option<bool> {
    std::env::var_os(MARK).map(|word| word == "colour")
}

/// Holds this process to the limits of a question; before any thread is started.
///
/// # Errors
/// `TC1107` where the system refuses: without its limits a question is not asked.
pub fn confine() -> Answer<()> {
    use rlimit::Resource;
    let threads = std::thread::available_parallelism().map_or(2, usize::from) as u64;
    // The time limit is kept by the question itself; this one is for a question that keeps none.
    let seconds = Limits::default().time.as_secs().saturating_add(10).saturating_mul(threads.saturating_add(1));
    for (resource, most) in [(Resource::AS, SPACE), (Resource::CPU, seconds), (Resource::CORE, 0)] {
        let limit = |(_, hard): (u64, u64)| resource.set(most.min(hard), hard);
        resource.get().and_then(limit).map_err(|error| not_started(&format!("its limits cannot be set: {error}")))?;
    }
    Ok(())
}

/// Has the question of this command line answered by a second process: its answer, its reports and its exit code are ours.
pub fn ask(voice: Voice) -> Answer<ExitCode> {
    let (status, said) = watch(program(), std::env::args_os().skip(1).collect(), voice)?;
    match status.code() {
        Some(code) => {
            voice.pass(&said);
            Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
        }
        None => ended(status, &String::from_utf8_lossy(&said)),
    }
}

/// Ends the process that answers, where there is one.
pub fn end() {
    if let Some(child) = running().as_mut() {
        // It may have ended by itself.
        let _ = child.kill();
    }
}

/// This program; also where its file was replaced since it was started.
pub fn program() -> OsString {
    if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe().map_or_else(|_| "truecost".into(), Into::into) }
}

/// How the process ended, and what it wrote to stderr.
fn watch(program: OsString, words: Vec<OsString>, voice: Voice) -> Answer<(ExitStatus, Vec<u8>)> {
    let mut command = Command::new(program);
    command.args(words).envs(FRUGAL).env(MARK, if voice.colour { "colour" } else { "plain" });
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|error| not_started(&error.to_string()))?;
    let stderr = child.stderr.take();
    *running() = Some(child);
    let mut said = Vec::new();
    // Its end closes the pipe, so nobody waits with the lock held.
    let read = stderr.map_or(Ok(0), |mut stderr| stderr.read_to_end(&mut said));
    let status = running().as_mut().map(Child::wait).transpose().and_then(|status| read.map(|_| status));
    match status.map_err(|error| not_started(&error.to_string()))? {
        Some(status) => Ok((status, said)),
        None => Err(not_started("it is gone").into()),
    }
}

fn not_started(why: &str) -> Diagnostic {
    Diagnostic::new(codes::NOT_STARTED, format!("the process that answers questions cannot be started: {why}"))
        .place(Place::file("query"))
        .expected("a second process of this program, held to 768 MiB and a minute")
        .outcome("Nothing was read or changed.")
        .hint("Look for a limit of processes (`ulimit -u`) or of memory (`ulimit -v`), then ask again.")
}

/// The process was ended from outside.
fn ended(status: ExitStatus, said: &str) -> Answer<ExitCode> {
    let signal = status.signal().unwrap_or_default();
    if INTERRUPTED.contains(&signal) {
        super::signal::end();
    }
    let stopped = |why: &str| Diagnostic::new(codes::STOPPED, format!("the question was stopped: {why}"));
    let report = match signal {
        ABORTED if said.contains("memory allocation of") => stopped("it needs more memory than the 768 MiB that a question is given"),
        OUT_OF_CPU => stopped("it took more time than a question is given"),
        KILLED => stopped("its process was ended, as systems do when memory runs out"),
        _ => Diagnostic::new(sql::BROKEN, format!("the process that was to answer ended by signal {signal}, and should not have")),
    };
    Err(report
        .place(Place::file("query"))
        .outcome("Nothing was changed: a question only reads.")
        .hint("Ask for fewer rows or columns, for one council or one period, or sum before you join.")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(answer: Answer<ExitCode>) -> &'static str {
        answer.unwrap_err().0[0].code.id
    }

    #[test]
    fn a_program_that_is_not_there_is_reported() {
        let refused = watch("/nonexistent/truecost".into(), Vec::new(), Voice::new(false, crate::report::Talk::Plain)).unwrap_err();
        assert_eq!((refused.0[0].code.id, refused.exit_code()), ("TC1107", 3));
    }

    #[test]
    fn an_end_from_outside_is_told_by_its_signal() {
        let of = |signal: i32, said: &str| code(ended(ExitStatus::from_raw(signal), said));
        assert_eq!(of(ABORTED, "memory allocation of 16 bytes failed"), "TC1105");
        assert_eq!(of(ABORTED, "thread 'sql' has overflowed its stack"), "TC0811");
        assert_eq!((of(OUT_OF_CPU, ""), of(KILLED, ""), of(11, "")), ("TC1105", "TC1105", "TC0811"));
    }
}
