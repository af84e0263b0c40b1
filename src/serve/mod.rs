//! `truecost serve`: what is scheduled is run, each time as a child of the same program.
//!
//! One thread, no SQL session: a run that dies, hangs or eats memory leaves the scheduler standing, and what cron would type is what it
//! types. What is due is decided in [`machine`]; what was taken stands in `lake/schedule.json`, written by the run itself under its lock. So
//! two schedulers on one lake are one: the second run finds its slot taken.

mod away;
mod child;
mod http;
mod machine;
#[cfg(test)]
mod machine_tests;
mod outbox;
mod settings;
mod telling;
mod words;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Slot, instant_text},
    lake::{SlotBook, SlotEnd},
    plan,
    run::{
        self, Held,
        clock::{Clock as _, Now, ProcessClock},
    },
};
use away::Reach;
use child::{Child, Over, Work};
use http::Shared;
use machine::{Ended, Machine};
use outbox::Outbox;
use settings::Settings;

/// The clock on the wall is looked at this often, whatever is due when: it may have been set.
const LOOK: Duration = Duration::from_secs(30);
/// The file that stands in for the clock is looked at this often.
const STEP: Duration = Duration::from_millis(20);

/// Seconds after which a clean-up is ended: 2 hours.
const CLEARING: u64 = 7_200;

/// Who is told what happens.
pub trait Told {
    /// A line of the log: the instant, a word, a sentence.
    fn line(&self, at: Now, what: &str, text: &str);
    /// What somebody has to know or do.
    fn report(&self, reports: &[Diagnostic]);
}

/// What is asked of `serve`.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The partnership's folder.
    pub root: PathBuf,
    /// This program.
    pub program: OsString,
    /// How runs write their logs, as `run --log` takes it; `None` where they tell only what has to be known.
    pub log: Option<&'static str>,
}

/// Runs what is due, until a signal ends it.
///
/// # Errors
/// What is wrong with the partnership when it starts; TC1317 where it cannot listen, TC1002.
pub fn serve(asked: &Asked, told: &dyn Told) -> Answer<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| no_runtime(&error))?;
    runtime.block_on(Serve::start(asked, told)?.until_the_end())
}

fn no_runtime(error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(codes::lake::FILE_SYSTEM, format!("the system refused what `serve` waits with: {error}"))
        .place(Place::file("serve"))
        .expected("timers, sockets and signals")
        .outcome("nothing was run")
        .hint("look for a limit of open files (`ulimit -n`), then start it again")
}

/// The scheduler.
struct Serve<'a> {
    told: &'a dyn Told,
    asked: &'a Asked,
    clock: ProcessClock,
    settings: Settings,
    machine: Machine,
    child: Option<Child>,
    shared: Shared,
    /// The lake, and what it said last.
    reach: Reach,
    /// The configuration that a run refused, until it is changed.
    refused: Option<Vec<Diagnostic>>,
    stopping: bool,
    /// The last run came to its end, and nobody has looked since whether retention is to be acted on.
    succeeded: bool,
    /// What the channels were told of what holds slots; `None` before it is known what they were told.
    told_held: Option<Vec<Held>>,
    /// Names whose slots had been taken in the future, with the last of them, of which the channels are still to be told.
    ahead: Vec<(String, i64)>,
    /// How the last run ended, where it could not say it and the channels are still to be told.
    cut_short: Option<String>,
    /// When notices that nobody took are sent again.
    outbox: Outbox,
    /// What was said last to whoever steps the clock.
    stepped: Option<String>,
}

/// Signals that are listened to.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

/// Why the loop turns.
enum Why {
    Time,
    Ended,
    End,
    Look,
}

/// What the loop waits for, beside signals and the end of a run.
#[derive(Clone, Copy, Debug)]
enum Pause {
    For(Duration),
    /// Until the file that stands in for the clock holds another instant.
    Stepped {
        now: i64,
    },
}

impl Pause {
    async fn over(self, clock: ProcessClock) {
        match self {
            Self::For(time) => sleep(time).await,
            Self::Stepped { now } => {
                while clock.now().seconds() == now {
                    sleep(STEP).await;
                }
            }
        }
    }
}

impl<'a> Serve<'a> {
    fn start(asked: &'a Asked, told: &'a dyn Told) -> Answer<Self> {
        let clock = ProcessClock;
        let settings = Settings::read(&asked.root)?;
        let mut machine = Machine::default();
        machine.schedule(settings.timings(), clock.now().seconds());
        let shared = Shared::new(asked);
        Ok(Self {
            told,
            asked,
            clock,
            settings,
            machine,
            child: None,
            shared,
            reach: Reach::default(),
            refused: None,
            stopping: false,
            succeeded: false,
            told_held: None,
            ahead: Vec::new(),
            cut_short: None,
            outbox: Outbox::default(),
            stepped: None,
        })
    }

    async fn until_the_end(mut self) -> Answer<ExitCode> {
        let mut signals = Signals::listen().map_err(|error| no_runtime(&error))?;
        let address = http::listen(self.settings.listen(), &self.shared).await?;
        self.say("serve", &words::started(&self.settings, &address));
        tell_system(&[sd_notify::NotifyState::Ready]);
        self.look_at_outbox(self.clock.now().seconds());
        loop {
            let pause = self.turn()?;
            if self.stopping && self.child.is_none() {
                return Ok(ExitCode::SUCCESS);
            }
            let why = tokio::select! {
                () = pause.over(self.clock) => Why::Time,
                ended = child::ended(self.child.as_mut()) => { self.ended(ended)?; Why::Ended }
                why = signals.next() => why,
            };
            match why {
                Why::End if self.stopping => return Ok(self.at_once()),
                Why::End => self.stop(),
                Why::Look => self.settings.look_again(),
                Why::Time | Why::Ended => {}
            }
        }
    }

    /// One turn: what the configuration says, what is due, and whether a run starts.
    fn turn(&mut self) -> Answer<Pause> {
        let now = self.clock.now();
        self.shared.turned();
        tell_system(&[sd_notify::NotifyState::Watchdog]);
        self.configure(now);
        let unreadable = self.look_at_lake(now);
        let book = self.reach.book.clone();
        if let Some(book) = &book {
            self.fall_due(book, &unreadable, now);
        }
        let book = book.unwrap_or_default();
        self.hold_to_time();
        // Before the next run: that one may end otherwise.
        self.tell_cut_short();
        if self.child.is_none() && !self.stopping && self.held().is_none() {
            let slots = self.machine.ready(&book, now.seconds());
            if !slots.is_empty() {
                self.run(slots)?;
            } else if std::mem::take(&mut self.succeeded) && plan::clearing_is_due(&book, now.seconds()) {
                self.child = Some(Child::start(self.asked, Work::Vacuum, CLEARING, (now.seconds(), self.clock.stopwatch()))?);
            }
        }
        self.shared.state(self.held(), self.stopping);
        self.tell_held();
        self.tell_ahead();
        self.tell_again(now.seconds());
        self.tell_unkept_again(now);
        Ok(self.pause(&book, now.seconds()))
    }

    /// What falls due by what is known of slots, and what of that is to be said or written down.
    fn fall_due(&mut self, book: &SlotBook, unreadable: &[Diagnostic], now: Now) {
        let turned = self.machine.turn(book, now.seconds());
        turned.skipped.iter().for_each(|(slot, number)| self.say("skipped", &words::skipped(slot, *number)));
        if !turned.forgotten.is_empty() {
            self.told.report(&[run::slots_ahead(&turned.forgotten)]);
            let until = |name: &String| Some((name.clone(), book.names.get(name)?.until));
            self.ahead.extend(turned.forgotten.iter().filter_map(until));
        }
        if self.reach.fault.is_none() && (turned.begun || !unreadable.is_empty()) {
            self.told.report(unreadable);
            self.begin(now);
        }
    }

    /// Reads the configuration again where a file of it was changed.
    fn configure(&mut self, now: Now) {
        let was_held = self.held_by_configuration().is_some();
        if !self.settings.changed() {
            return;
        }
        self.refused = None;
        if let Some(reports) = self.settings.fault() {
            self.told.report(reports);
            self.say("held", &words::held(reports, self.machine.kept().len()));
            return;
        }
        self.machine.schedule(self.settings.timings(), now.seconds());
        self.say("read", &words::read_again(&self.settings));
        if was_held {
            self.free(now);
        }
    }

    /// What was held may be run.
    fn free(&mut self, now: Now) {
        let skipped = self.machine.free(now.seconds());
        skipped.iter().for_each(|(slot, number)| self.say("skipped", &words::skipped(slot, *number)));
    }

    /// Why nothing is run: the configuration is not valid, or the lake is out of reach.
    fn held(&self) -> Option<&[Diagnostic]> {
        self.held_by_configuration().or(self.reach.fault.as_deref())
    }

    fn held_by_configuration(&self) -> Option<&[Diagnostic]> {
        self.settings.fault().or(self.refused.as_deref())
    }

    /// Writes down since when each name is scheduled. Where a run holds the lake, the next turn does.
    fn begin(&self, now: Now) {
        let since = |name: &str, timing: &crate::pipeline::Timing| self.machine.since(name, timing).unwrap_or_else(|| now.seconds());
        if let Err(refusal) = run::begin_slots(self.settings.partnership(), since, &self.clock)
            && !refusal.is_locked()
        {
            self.told.report(&refusal.0);
        }
    }

    fn run(&mut self, slots: Vec<Slot>) -> Answer<()> {
        self.say("slot", &words::slots(&slots));
        let since = (self.clock.now().seconds(), self.clock.stopwatch());
        let child = Child::start(self.asked, Work::Run(slots.clone()), self.machine.at_most(&slots), since)?;
        self.machine.begin(slots);
        self.child = Some(child);
        Ok(())
    }

    /// Ends a run that takes too long: asked first, then at once.
    fn hold_to_time(&mut self) {
        let Some(over) = self.child.as_mut().and_then(Child::hold_to_time) else { return };
        let text = match over {
            Over::Asked => "it takes too long: asked to end",
            Over::Killed => "it did not end within 30 s: killed",
        };
        self.say("over", text);
    }

    /// A run has ended.
    fn ended(&mut self, status: std::io::Result<child::Status>) -> Answer<()> {
        let Some(child) = self.child.take() else { return Ok(()) };
        let now = self.clock.now();
        let status = status.map_err(|error| no_runtime(&error))?;
        let said = words::Said::of(&status.said);
        if child.is_vacuum() {
            self.say("vacuum", &words::cleared(&status, &said));
            return Ok(());
        }
        self.look_at_lake(now);
        let cut_short = words::cut_short(child.slots(), status.exit, child.was_over());
        // What wrote down before how it ended has ended so.
        let closed = self.reach.book.as_ref().filter(|_| cut_short.is_some()).and_then(|book| child.closed(book));
        self.say("run", &closed.map_or_else(|| words::ended(&status, &said, child.was_over()), words::had_ended));
        let exit = closed.or(if child.was_over() { Some(3) } else { status.exit });
        let ended = Ended { exit, retry: said.retry && !child.was_over() };
        if closed.is_none() && (child.was_over() || exit == Some(130)) && !self.stopping && self.reach.fault.is_none() {
            self.close(child.slots(), now, exit.unwrap_or(3), child.was_over());
        }
        if exit != Some(5) {
            self.cut_short = cut_short.filter(|_| closed.is_none());
        }
        self.succeeded = matches!(exit, Some(0 | 4));
        let refused = if closed.is_none() && exit == Some(2) { said.refused() } else { Vec::new() };
        if !refused.is_empty() {
            self.say("held", &words::held(&refused, child.slots().len()));
            self.refused = Some(refused);
        }
        self.look_at_lake(now);
        self.machine.end(self.reach.book.as_ref().unwrap_or(&SlotBook::default()), &ended, now.seconds());
        self.look_at_outbox(now.seconds());
        Ok(())
    }

    /// Says for a run that cannot say it how it ended.
    fn close(&self, slots: &[Slot], now: Now, exit: u8, over: bool) {
        let code = if over { codes::supply::OVER_TIME } else { codes::command::INTERRUPTED };
        let end = SlotEnd { at: now.seconds(), exit, codes: vec![code.id.to_owned()], ..SlotEnd::default() };
        let reports = if over { vec![words::over_time(slots)] } else { Vec::new() };
        if let Err(refusal) = run::close_slots(self.settings.partnership(), slots, &end, &reports, &self.clock) {
            self.told.report(&refusal.0);
        }
    }

    /// How long to wait until there may be something to look at.
    fn pause(&mut self, book: &SlotBook, now: i64) -> Pause {
        let wakes = self.machine.wakes(book, now).filter(|_| self.held().is_none());
        let wakes = wakes.into_iter().chain(self.outbox.next()).chain(self.unkept_next()).min();
        if let Some(file) = self.clock.file() {
            if self.child.is_none() {
                self.say_when(file, now, wakes);
            }
            return Pause::Stepped { now };
        }
        let until = wakes.map_or(LOOK, |at| Duration::from_secs(u64::try_from(at - now).unwrap_or(0)));
        // A second is the least: what is due is due in this one.
        let pause = until.clamp(Duration::from_secs(1), LOOK).min(self.child.as_ref().map_or(LOOK, Child::left));
        Pause::For(pause.min(watchdog().unwrap_or(LOOK)))
    }

    /// Says to whoever steps the clock that everything until now is done, and when there is something to do next.
    fn say_when(&mut self, file: &Path, now: i64, wakes: Option<i64>) {
        let text = format!("{} {}\n", instant_text(now), wakes.map_or_else(|| "-".to_owned(), instant_text));
        if self.stepped.as_ref() == Some(&text) {
            return;
        }
        if let Err(error) = child::write_beside(file, ".next", &text) {
            self.say("clock", &format!("cannot say when there is something to do next: {error}"));
        }
        self.stepped = Some(text);
    }

    fn stop(&mut self) {
        self.stopping = true;
        tell_system(&[sd_notify::NotifyState::Stopping]);
        match &self.child {
            Some(child) => {
                self.say("serve", "ends when the run has ended, which is asked to");
                child.ask_to_end();
            }
            None => self.say("serve", "ends"),
        }
    }

    /// Asked a second time.
    fn at_once(&self) -> ExitCode {
        if let Some(child) = &self.child {
            child.kill();
        }
        self.say("serve", "ends at once");
        ExitCode::from(130)
    }

    fn say(&self, what: &str, text: &str) {
        self.told.line(self.clock.now(), what, text);
    }
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Why {
        tokio::select! {
            _ = self.terminate.recv() => Why::End,
            _ = self.interrupt.recv() => Why::End,
            _ = self.hangup.recv() => Why::Look,
        }
    }
}

/// Says something to systemd, where it listens.
fn tell_system(state: &[sd_notify::NotifyState<'_>]) {
    // Where nobody listens there is nothing to say it to.
    let _ = sd_notify::notify(state);
}

/// How often systemd has to be told that the loop turns; `None` where it does not ask.
fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|every| every / 2)
}
