//! Transcripts: what a person types and what truecost answers, whole, held to the letter.
//!
//! A transcript is a text file that a person can read from top to bottom and repeat by hand:
//!
//! ```text
//! # A key that no feed has: the message says where, and what was meant.
//! partnership reference
//! replace pipelines/newham/general_ledger.yaml
//! | into: ledger_line
//! with
//! | inot: ledger_line
//! $ truecost validate
//! ! error[TC0603]: …
//! = 2
//! ```
//!
//! | line | what happens |
//! |---|---|
//! | `# …` and blank | nothing |
//! | `partnership NAME` | copies a partnership into the (empty) folder: `reference` is the one in the repository's root; others stand in `tests/fixtures`, and take contracts of tables and cost queries from the root where they have none |
//! | `file PATH` | writes the `\| ` lines that follow, each with a line feed |
//! | `bytes PATH` | writes the `\| ` lines that follow, as they are: `\r \n \t \0 \\ \xNN`; nothing at the line's end |
//! | `workbook PATH` | a workbook of the `\| ` lines that follow, as `made::Book::of` has them |
//! | `pack PATH NAME…` | a zip archive (or, where PATH ends in `.gz`, the one file packed with gzip) of files of the folder, under their last names |
//! | `append PATH` | as `file`, at the end of one that is there |
//! | `replace PATH` … `with` … | replaces the `\| ` lines, which must stand there exactly once |
//! | `remove PATH` | a file or a folder |
//! | `copy FROM TO` | within the folder |
//! | `move FROM TO` | within the folder: the file stays the same, with its time and inode |
//! | `touch PATH` | a later time than all files had before; of a folder, its files in order of their names |
//! | `shared FROM TO` | from the project's shared folder; where that is absent the transcript is skipped, and says so |
//! | `unseal PATH` | takes the checksum off a register entry, as versions without one wrote it |
//! | `link PATH TARGET` | a symbolic link |
//! | `lock PATH` | another process holds the lock of this file from here on |
//! | `set NAME=VALUE` | environment of what follows |
//! | `$ truecost WORDS` | runs it in the folder; `'…'` and `"…"` keep blanks |
//! | `> …`, `! …`, `= N` | what it wrote to stdout, to stderr, and its exit code |
//! | `proved by FILE TEST` | no transcript can show this; that test of that file does |
//!
//! Files are dated an hour before a fixed instant, so none is "still arriving". Paths, instants, durations and
//! the ids of runs and the program's version are put in brackets: `[DIR]`, `[INSTANT]`, `[TIME]`, `[RUN]`, `[VERSION]`.
//!
//! `GOLDEN=update` rewrites the `>`, `!` and `=` lines and then fails. `TRUECOST_CASE=TC0603` runs those whose path holds it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, UNIX_EPOCH},
};

use crate::{
    made::{Book, archive, entry, gzip},
    places,
};

/// How one transcript ended.
pub enum Outcome {
    Agrees,
    /// The reason.
    Skipped(String),
    /// What differs.
    Differs(String),
}

/// Every `*.txt` below `tests/<folder>`, sorted.
pub fn below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    places::gather(&places::root().join("tests").join(folder), "txt", &mut found);
    found.sort();
    found
}

/// Runs all transcripts below `tests/<folder>` and fails with everything that differs.
pub fn all_agree(folder: &str) {
    let all = below(folder);
    assert!(!all.is_empty(), "no transcript below {}", places::root().join("tests").join(folder).display());
    let wanted = std::env::var("TRUECOST_CASE").unwrap_or_default();
    // Where the repository lies is no part of a transcript's name.
    let is_wanted = |path: &Path| path.strip_prefix(places::root()).unwrap_or(path).to_string_lossy().contains(&wanted);
    let waiting = Mutex::new(all.into_iter().filter(|path| is_wanted(path)).collect::<Vec<_>>());
    let differing = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(path) = { waiting.lock().expect("no thread panicked").pop() } {
                    match run(&path) {
                        Outcome::Agrees => {}
                        Outcome::Skipped(reason) => eprintln!("skipped {}: {reason}", path.display()),
                        Outcome::Differs(how) => drop(differing.lock().expect("no thread panicked").insert(path, how)),
                    }
                }
            });
        }
    });
    let differing = differing.into_inner().expect("no thread panicked");
    let report: Vec<String> = differing.iter().map(|(path, how)| format!("== {}\n{how}", path.display())).collect();
    assert!(report.is_empty(), "{} transcript(s) differ (GOLDEN=update rewrites them):\n{}", report.len(), report.join("\n"));
}

/// Takes the last key, which is the checksum, off a register entry.
fn unseal(path: &Path) -> Step {
    let text = fs::read_to_string(path).or_else(|error| fault(format!("unseal {}: {error}", path.display())))?;
    let Some((before, _)) = text.split_once(",\n  \"sha256_of_entry\"") else { return fault(format!("{} has no seal", path.display())) };
    fs::write(path, format!("{before}\n}}\n")).or_else(|error| fault(format!("unseal {}: {error}", path.display())))
}

/// Plays one transcript and compares it with what it says.
pub fn run(path: &Path) -> Outcome {
    let expected = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return Outcome::Differs(error.to_string()),
    };
    let stage = tempfile::tempdir().expect("a temporary folder");
    let mut play = Play::new(stage.path());
    match play.all(&expected) {
        Err(Stop::Skip(reason)) => return Outcome::Skipped(reason),
        Err(Stop::Fault(fault)) => return Outcome::Differs(fault),
        Ok(()) => {}
    }
    if play.seen == expected {
        return Outcome::Agrees;
    }
    if std::env::var("GOLDEN").is_ok_and(|value| value == "update") {
        fs::write(path, &play.seen).expect("the transcript is written");
        return Outcome::Differs("updated; run again without GOLDEN=update".to_owned());
    }
    Outcome::Differs(difference(&expected, &play.seen))
}

/// The lines from the first that differs, of both.
fn difference(expected: &str, seen: &str) -> String {
    let same = expected.lines().zip(seen.lines()).take_while(|(a, b)| a == b).count();
    let mut out = format!("line {}\n", same + 1);
    for (sign, text) in [("expected", expected), ("seen", seen)] {
        let _ = writeln!(out, "--- {sign}");
        for line in text.lines().skip(same).take(40) {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

enum Stop {
    Skip(String),
    Fault(String),
}

type Step<T = ()> = Result<T, Stop>;

fn fault<T>(text: impl Into<String>) -> Step<T> {
    Err(Stop::Fault(text.into()))
}

struct Play<'a> {
    folder: &'a Path,
    set: Vec<(String, String)>,
    /// Held until the transcript ends.
    locks: Vec<fs::File>,
    /// How many files were given a later time.
    touched: u64,
    /// The transcript as it really went.
    seen: String,
}

impl<'a> Play<'a> {
    fn new(folder: &'a Path) -> Self {
        Self { folder, set: Vec::new(), locks: Vec::new(), touched: 0, seen: String::new() }
    }

    fn all(&mut self, script: &str) -> Step {
        let lines: Vec<&str> = script.lines().collect();
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at];
            at += 1;
            // What truecost answered is written anew below its command.
            if [">", "!", "="].iter().any(|sign| line == *sign || line.starts_with(&format!("{sign} "))) {
                continue;
            }
            let _ = writeln!(self.seen, "{line}");
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut content = || self.content(&lines, &mut at);
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            match verb {
                "file" | "bytes" | "append" => {
                    let content = content();
                    self.write(verb, rest, &content)?;
                }
                "workbook" => {
                    let content = content();
                    let lines: Vec<&str> = content.iter().map(String::as_str).collect();
                    put(&self.place(rest), &Book::of(&lines).bytes())?;
                }
                "replace" => {
                    let old = content();
                    if lines.get(at) != Some(&"with") {
                        return fault(format!("`replace {rest}` needs `with`"));
                    }
                    let _ = writeln!(self.seen, "with");
                    at += 1;
                    let new = self.content(&lines, &mut at);
                    self.replace(rest, &old, &new)?;
                }
                "$" => self.command(rest)?,
                _ => self.arrange(verb, rest)?,
            }
        }
        Ok(())
    }

    /// The `| ` lines from `at` on.
    fn content(&mut self, lines: &[&str], at: &mut usize) -> Vec<String> {
        let mut content = Vec::new();
        while let Some(line) = lines.get(*at).filter(|line| **line == "|" || line.starts_with("| ")) {
            content.push(line[1..].strip_prefix(' ').unwrap_or_default().to_owned());
            let _ = writeln!(self.seen, "{line}");
            *at += 1;
        }
        content
    }

    fn place(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    fn write(&self, verb: &str, path: &str, content: &[String]) -> Step {
        let path = self.place(path);
        let bytes = match verb {
            "bytes" => content.iter().flat_map(|line| unescaped(line)).collect(),
            _ => content.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect(),
        };
        let before = if verb == "append" { read(&path)? } else { Vec::new() };
        put(&path, &[before, bytes].concat())
    }

    fn replace(&self, path: &str, old: &[String], new: &[String]) -> Step {
        let place = self.place(path);
        let text = String::from_utf8_lossy(&read(&place)?).into_owned();
        let (old, new) = (old.join("\n"), new.join("\n"));
        if text.matches(&old).count() != 1 {
            return fault(format!("{path}: these lines stand there {} times, not once:\n{old}", text.matches(&old).count()));
        }
        put(&place, text.replace(&old, &new).as_bytes())
    }

    fn arrange(&mut self, verb: &str, rest: &str) -> Step {
        let two = || rest.split_once(' ').map_or_else(|| fault(format!("`{verb}` needs two words")), Ok);
        match verb {
            "partnership" if rest == "reference" => {
                copy(&places::root().join("pipelines"), &self.place("pipelines"))?;
                copy(&places::root().join("schemas"), &self.place("schemas"))
            }
            "partnership" => self.partnership(&places::root().join("tests/fixtures").join(rest)),
            "remove" => {
                let path = self.place(rest);
                let done = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                done.or_else(|error| fault(format!("remove {rest}: {error}")))
            }
            "copy" => {
                let (from, to) = two()?;
                copy(&self.place(from), &self.place(to))
            }
            "move" => {
                let (from, to) = two()?;
                fs::rename(self.place(from), self.place(to)).or_else(|error| fault(format!("move {from}: {error}")))
            }
            "pack" => self.pack(rest),
            "unseal" => unseal(&self.place(rest)),
            "touch" => self.touch(&self.place(rest)),
            "shared" => {
                let (from, to) = two()?;
                let from =
                    places::shared().ok_or_else(|| Stop::Skip("the shared folder is not beside the repository".to_owned()))?.join(from);
                copy(&from, &self.place(to))
            }
            "link" => {
                let (path, target) = two()?;
                std::os::unix::fs::symlink(target, self.place(path)).or_else(|error| fault(format!("link {path}: {error}")))
            }
            "lock" => self.lock(rest),
            "set" => {
                let (name, value) = rest.split_once('=').map_or_else(|| fault("`set` needs NAME=VALUE"), Ok)?;
                self.set.push((name.to_owned(), value.to_owned()));
                Ok(())
            }
            "proved" => proved(rest),
            _ => fault(format!("`{verb}` is no word of a transcript")),
        }
    }

    fn pack(&self, words: &str) -> Step {
        let mut words = words.split(' ');
        let to = self.place(words.next().unwrap_or_default());
        let mut entries = Vec::new();
        for name in words {
            let bytes = read(&self.place(name))?;
            if to.extension().is_some_and(|ending| ending == "gz") {
                return put(&to, &gzip(&bytes));
            }
            entries.push(entry(name.rsplit('/').next().unwrap_or(name), &bytes));
        }
        put(&to, &archive(&entries))
    }

    fn partnership(&self, from: &Path) -> Step {
        for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            if !from.join(shared).exists() {
                copy(&places::root().join(shared), &self.place(shared))?;
            }
        }
        copy(from, self.folder)
    }

    fn touch(&mut self, path: &Path) -> Step {
        if path.is_dir() {
            let entries = fs::read_dir(path).or_else(|error| fault(error.to_string()))?;
            let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
            paths.sort();
            return paths.iter().try_for_each(|path| self.touch(path));
        }
        self.touched += 1;
        let later = settled_time() + Duration::from_secs(self.touched);
        let done = fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_modified(later));
        done.or_else(|error| fault(format!("touch {}: {error}", path.display())))
    }

    fn lock(&mut self, path: &str) -> Step {
        let place = self.place(path);
        fs::create_dir_all(place.parent().unwrap_or(self.folder)).or_else(|error| fault(error.to_string()))?;
        let file =
            fs::OpenOptions::new().create(true).truncate(false).write(true).open(&place).or_else(|error| fault(error.to_string()))?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .or_else(|error| fault(format!("lock {path}: {error}")))?;
        self.locks.push(file);
        Ok(())
    }

    fn command(&mut self, line: &str) -> Step {
        let words = words(line);
        let Some(("truecost", arguments)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
            return fault(format!("only `truecost` can be run, not `{line}`"));
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_truecost"));
        command.args(arguments).current_dir(self.folder).stdin(Stdio::null()).env_clear();
        command.envs([("PATH", "/usr/bin:/bin"), ("NO_COLOR", "1"), ("TERM", "dumb"), ("LANG", "C.UTF-8"), ("COLUMNS", "120")]);
        command.env("HOME", self.folder).envs(self.set.iter().map(|(name, value)| (name, value)));
        let output = command.output().or_else(|error| fault(format!("truecost does not start: {error}")))?;
        for (sign, bytes) in [('>', &output.stdout), ('!', &output.stderr)] {
            for line in self.settled(&String::from_utf8_lossy(bytes)).lines() {
                let _ = writeln!(self.seen, "{}", format!("{sign} {line}").trim_end());
            }
        }
        let ended = output.status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let _ = writeln!(self.seen, "= {ended}");
        Ok(())
    }

    /// The text without what differs from run to run.
    fn settled(&self, text: &str) -> String {
        let real = fs::canonicalize(self.folder).unwrap_or_else(|_| self.folder.to_owned());
        let text = text.replace(&*real.to_string_lossy(), "[DIR]").replace(&*self.folder.to_string_lossy(), "[DIR]");
        let text = text.replace(&format!("truecost {}", env!("CARGO_PKG_VERSION")), "truecost [VERSION]");
        let text = SHAPES.iter().fold(text, |text, (shape, name)| shaped(&text, shape, name));
        // A time to come: its day of the week and its zone are as today is.
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let text = days.iter().fold(text, |text, day| text.replace(&format!("{day} [INSTANT]"), "[INSTANT]"));
        text.replace("[INSTANT] GMT", "[INSTANT]").replace("[INSTANT] BST", "[INSTANT]")
    }
}

/// What is put in brackets: `9` is a digit, `*` any further digits, all else itself.
const SHAPES: &[(&str, &str)] = &[
    ("9999-99-99T99:99:99.9*Z", "[INSTANT]"),
    ("9999-99-99T99:99:99Z", "[INSTANT]"),
    ("9999-99-99 99:99:99 UTC", "[INSTANT]"),
    ("9999-99-99 99:99:99", "[INSTANT]"),
    ("9999-99-99 99:99", "[INSTANT]"),
    ("99999999T999999.9*Z", "[RUN]"),
    ("9*.9* ms", "[TIME]"),
    ("9*.9* s", "[TIME]"),
    ("9* ms", "[TIME]"),
    ("processors: 9*", "processors: [N]"),
];

/// Every piece of `text` that has the shape and stands for itself, replaced.
fn shaped(text: &str, shape: &str, name: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let apart = !out.ends_with(|last: char| last.is_alphanumeric() || last == '.' || last == ',' || last == '-');
        match length(rest, shape).filter(|_| apart) {
            Some(len) if !rest[len..].starts_with(char::is_alphanumeric) => {
                out.push_str(name);
                rest = &rest[len..];
            }
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

fn length(text: &str, shape: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    for part in shape.bytes() {
        match part {
            b'*' => at += bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
            b'9' if bytes.get(at)?.is_ascii_digit() => at += 1,
            _ if part != b'9' && *bytes.get(at)? == part => at += 1,
            _ => return None,
        }
    }
    Some(at)
}

/// An hour before 3 June 2024, noon: long enough ago that no file is "still arriving".
pub fn settled_time() -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_hours(477_059)
}

fn read(path: &Path) -> Step<Vec<u8>> {
    fs::read(path).or_else(|error| fault(format!("{}: {error}", path.display())))
}

fn put(path: &Path, bytes: &[u8]) -> Step {
    let done = fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| fs::write(path, bytes))
        .and_then(|()| fs::OpenOptions::new().write(true).open(path)?.set_modified(settled_time()));
    done.or_else(|error| fault(format!("{}: {error}", path.display())))
}

fn copy(from: &Path, to: &Path) -> Step {
    if !from.is_dir() {
        return put(to, &read(from)?);
    }
    for entry in fs::read_dir(from).or_else(|error| fault(format!("{}: {error}", from.display())))? {
        let entry = entry.or_else(|error| fault(error.to_string()))?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// `FILE TEST`: the file has a test of that name.
fn proved(rest: &str) -> Step {
    let (file, test) = rest.strip_prefix("by ").and_then(|rest| rest.split_once(' ')).map_or_else(|| fault("`proved by FILE TEST`"), Ok)?;
    let source = String::from_utf8_lossy(&read(&places::root().join(file))?).into_owned();
    if source.contains(&format!("fn {test}(")) { Ok(()) } else { fault(format!("{file} has no test `{test}`")) }
}

fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn unescaped(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push(b'\n'),
            ('\\', Some('r')) => out.push(b'\r'),
            ('\\', Some('t')) => out.push(b'\t'),
            ('\\', Some('0')) => out.push(0),
            ('\\', Some('x')) => {
                let digits: String = chars.by_ref().take(2).collect();
                out.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits after \\x"));
            }
            ('\\', Some(other)) => out.extend(other.to_string().bytes()),
            _ => out.extend(c.to_string().bytes()),
        }
    }
    out
}

#[test]
fn transcripts_agree() {
    all_agree("transcripts");
}

#[test]
fn words_keep_what_is_quoted() {
    assert_eq!(words("truecost query 'select 1, \"a\"'  -C \"\""), ["truecost", "query", "select 1, \"a\"", "-C", ""]);
}

#[test]
fn bytes_are_written_as_they_are() {
    assert_eq!(unescaped("caf\\xe9\\r\\n\\\\£"), b"caf\xe9\r\n\\\xc2\xa3");
}

#[test]
fn what_differs_from_run_to_run_is_bracketed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = format!(
        "{} in 1.25 s, at 2024-05-06T01:02:03.123456Z; £1,234.50 spent 2024-05-06 12:30; 17 ms; 3.5 shares",
        folder.path().display()
    );
    let expected = "[DIR] in [TIME], at [INSTANT]; £1,234.50 spent [INSTANT]; [TIME]; 3.5 shares";
    assert_eq!(Play::new(folder.path()).settled(&text), expected);
}

/// Plays `script` in a folder of its own.
fn played(script: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut play = Play::new(folder.path());
    match play.all(script) {
        Ok(()) => Ok(play.seen),
        Err(Stop::Fault(why) | Stop::Skip(why)) => Err(why),
    }
}

#[test]
fn a_transcript_tells_what_really_happened() {
    let script = "file a/b.txt\n| one\n| two\nreplace a/b.txt\n| two\nwith\n| three\nappend a/b.txt\n| four\ncopy a c\n$ truecost no such word\n= 0\n";
    let seen = played(script).expect("it plays");
    assert!(seen.starts_with(script.trim_end_matches("= 0\n")), "{seen}");
    assert!(seen.ends_with("= 2\n"), "{seen}");
}

#[test]
fn a_transcript_that_cannot_be_played_says_why() {
    for (script, why) in [
        ("juggle x", "no word of a transcript"),
        ("file a\n| x\n| x\nreplace a\n| x\nwith\n| y", "2 times"),
        ("remove a", "remove a"),
        ("$ ls", "only `truecost`"),
        ("proved by tests/it/main.rs no_such_test", "no test"),
    ] {
        let fault = played(script).expect_err(script);
        assert!(fault.contains(why), "{script}: {fault}");
    }
}
