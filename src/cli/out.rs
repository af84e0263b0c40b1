//! Where words go: the result to stdout, talk to stderr.

use std::io::{IsTerminal, Write};

use serde_json::json;

use crate::{
    diagnostic::{Diagnostic, list, render_all},
    domain::{printable_json, printable_lines},
    report::{Page, Talk},
};

/// How this command may speak.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    pub json: bool,
    /// Whether stderr may be coloured.
    pub colour: bool,
    /// Whether progress may be drawn over.
    pub terminal: bool,
    /// How much it may say.
    pub talk: Talk,
}

impl Voice {
    #[must_use]
    pub fn new(json: bool, talk: Talk) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self { json, colour: terminal && !no_colour, terminal, talk }
    }

    /// The result of a command. A reader that has gone away (`| head`) is not an error.
    pub fn answer(self, page: &Page) {
        if self.json {
            self.bytes(printable_json(&format!("{:#}\n", page.to_json())).as_bytes());
        } else if page.exact && !std::io::stdout().is_terminal() {
            self.bytes(page.text.as_bytes());
        } else {
            self.result(&page.text);
        }
    }

    /// Text of a result, for a person.
    #[allow(clippy::unused_self)] // reads as "this voice says"
    pub fn result(self, text: &str) {
        self.bytes(printable_lines(text).as_bytes());
    }

    /// Bytes of a result as they are, for a program.
    #[allow(clippy::unused_self)]
    pub fn bytes(self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Rows of a result, a line at a time: for a program as they are, for a terminal cleaned.
    #[allow(clippy::unused_self)]
    pub fn rows(self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) {
        let out = std::io::stdout();
        let _ = if out.is_terminal() {
            let mut out = Cleaned(out.lock());
            write(&mut out)
        } else {
            let mut out = std::io::BufWriter::new(out.lock());
            write(&mut out).and_then(|()| out.flush())
        };
    }

    /// Talk: what is being done, what to type next.
    #[allow(clippy::unused_self)]
    pub fn say(self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{}", printable_lines(text));
    }

    /// What another process of this program said, which has cleaned it.
    #[allow(clippy::unused_self)]
    pub fn pass(self, said: &[u8]) {
        let _ = std::io::stderr().lock().write_all(said);
    }

    /// Talk about a step of the work, which `--quiet` leaves out.
    pub fn step(self, text: &str) {
        if self.talk > Talk::Quiet {
            self.say(text);
        }
    }

    /// Reports, on stderr; notes only where everything is told.
    pub fn report(self, all: &[Diagnostic]) {
        let told: Vec<Diagnostic> = all.iter().filter(|d| self.talk == Talk::Full || !d.is_note()).cloned().collect();
        if told.is_empty() {
            return;
        }
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "{}", render_all(&told, self.colour));
    }

    /// What stands in for an answer that could not be given.
    pub fn refuse(self, all: &[Diagnostic]) {
        self.report(all);
        if self.json {
            self.answer(&Page::new("error", String::new(), json!({"diagnostics": list(all)})));
        }
    }
}

/// A terminal that is shown nothing it would obey. Rows come a line at a time, whole.
struct Cleaned<W>(W);

impl<W: Write> Write for Cleaned<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(printable_lines(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
