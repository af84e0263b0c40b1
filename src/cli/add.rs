//! `truecost add`: asks at a terminal, or takes answers from a file and from words.

use std::{
    io::{BufRead as _, IsTerminal as _},
    path::Path,
};

use serde_json::json;

use super::{
    args::{Add, AddCodes, AddFeed, Contract, Said, Sure},
    out::Voice,
    signal::{self, Moment},
};
use crate::{
    diagnostic::{Answer, Code, Diagnostic, Refusal, codes::command},
    onboard::{self, Adding, Answers, Around, CodeKind, NO, Question, YES},
    pipeline::Partnership,
    report::Page,
    run::clock::ProcessClock,
};

/// Adds what the words say.
///
/// # Errors
/// TC0109, TC0102, and TC0136 to TC0141.
pub fn act(partnership: &Partnership, what: &Add, voice: Voice) -> Answer<u8> {
    match what {
        Add::Council { name, said } => council(partnership, name, said, voice),
        Add::Feed(words) => feed(partnership, words, voice),
        Add::Accounts(words) => codes(partnership, CodeKind::Accounts, words, voice),
        Add::CostCentres(words) => codes(partnership, CodeKind::CostCentres, words, voice),
        Add::Departments(words) => codes(partnership, CodeKind::Departments, words, voice),
    }
}

/// Compares two contracts; the exit code says whether something breaks, where that was asked.
///
/// # Errors
/// TC0137, and what is wrong with one of them.
pub fn contract(root: &Path, action: &Contract, voice: Voice) -> Answer<u8> {
    let (old, new, breaking) = match action {
        Contract::Diff { old, new } => (old, new, false),
        Contract::Breaking { old, new } => (old, new, true),
    };
    let all = onboard::contract_diff(root, old, new)?;
    voice.answer(&onboard::diff_page(&all, breaking));
    Ok(u8::from(breaking && all.iter().any(|change| change.breaks.is_some())))
}

fn council(partnership: &Partnership, name: &str, said: &Said, voice: Voice) -> Answer<u8> {
    let name = onboard::council_name(name)?;
    let mut answers = answers(said)?;
    let again = format!("truecost add council {name} --answers FILE");
    let questions = |_: &Answers| Ok(onboard::council_questions(partnership, &name));
    let change = match settled(&mut answers, voice, &again, &questions, &|answers| onboard::council(partnership, &name, answers))? {
        Settled::With(change) => change,
        Settled::Ends(code) => return Ok(code),
    };
    whole(&format!("council {name}"), || onboard::write(&partnership.root, std::slice::from_ref(&change)))?;
    let lines: Vec<&str> = change.added_lines();
    let text = format!(
        "wrote into {}:\n\n{}\n\nnext:\n  truecost add feed {name}/FEED --from FILE\n",
        change.path,
        lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    );
    voice.answer(&Page::new("add_council", text, json!({"council": &*name, "file": change.path, "lines": lines})));
    Ok(0)
}

fn feed(partnership: &Partnership, words: &AddFeed, voice: Voice) -> Answer<u8> {
    let (council, feed) = onboard::feed_name(partnership, &words.feed)?;
    let mut answers = answers(&words.said)?;
    if let Some(layout) = &words.layout {
        answers.set("layout", layout);
    }
    let adding = Adding::new(Around { partnership, council: &council, feed: &feed }, onboard::look(&words.from, &answers)?);
    let again = format!("truecost add feed {council}/{feed} --from FILE --answers FILE");
    let drawn = |answers: &Answers| adding.changes(&adding.questions(answers)?, answers);
    let changes = match settled(&mut answers, voice, &again, &|answers| adding.questions(answers), &drawn)? {
        Settled::With(changes) => changes,
        Settled::Ends(code) => return Ok(code),
    };
    let trial = adding.trial(&changes, &ProcessClock)?;
    let mut page = onboard::trial_page(&trial, &changes);
    let folder = adding.folder();
    let write = || whole(&words.feed, || onboard::write_with(&partnership.root, &changes, folder.as_deref()));
    let sure = Sure { yes: words.said.yes, dry_run: words.dry_run };
    if let Some(writes) = ask_to_write(&page, sure, if trial.is_clean() { YES } else { NO }, voice) {
        if !writes {
            said_back(&answers, voice);
            return Ok(0);
        }
        return write().map(|()| told(&words.feed, folder.as_deref(), voice));
    }
    let may = trial.is_clean() || words.anyway;
    let writes = words.said.yes && may;
    if writes {
        write()?;
    }
    if let Some(fields) = page.json.as_object_mut() {
        fields.insert("written".to_owned(), json!(writes));
    }
    voice.answer(&page);
    match (writes, may) {
        (true, _) => Ok(told(&words.feed, folder.as_deref(), voice)),
        (false, false) => Err(not_clean(&words.feed)),
        (false, true) if words.dry_run => Ok(0),
        (false, true) => Err(onboard::still_open(&[&Question::new("write", "Write it?")], &format!("{again} --yes writes it"))),
    }
}

fn codes(partnership: &Partnership, kind: CodeKind, words: &AddCodes, voice: Voice) -> Answer<u8> {
    let again = format!("truecost add {} --from FILE --by NAME --approver NAME", kind.word());
    onboard::two_persons(&words.by, &words.approver, &format!("add {} --from FILE", kind.word()))?;
    let mut answers = answers(&words.said)?;
    let seen = onboard::codes_seen(partnership, kind, words.feed.as_deref(), &words.from, &ProcessClock)?;
    let questions = onboard::code_questions(partnership, &seen)?;
    let drawn = |answers: &Answers| onboard::code_changes(partnership, &seen, answers, (&words.by, &words.approver));
    let (changes, page) = match settled(&mut answers, voice, &format!("{again} --answers FILE"), &|_| Ok(questions.clone()), &drawn)? {
        Settled::With(drawn) => drawn,
        Settled::Ends(code) => return Ok(code),
    };
    if changes.is_empty() {
        voice.answer(&page);
        return Ok(0);
    }
    let sure = Sure { yes: words.said.yes, dry_run: words.dry_run };
    super::suspense::propose(&partnership.root, &changes, (page, &again), sure, voice)
}

/// Writes something whole: an interrupt waits until it is, and says so.
pub(super) fn whole(what: &str, write: impl FnOnce() -> Answer<()>) -> Answer<()> {
    signal::note(Moment::Writing);
    let written = write();
    signal::note(if written.is_ok() { Moment::Written(what.to_owned()) } else { Moment::Quiet });
    written
}

fn told(name: &str, folder: Option<&Path>, voice: Voice) -> u8 {
    folder.iter().for_each(|made| voice.step(&format!("made the drop folder of {name}: {}", made.display())));
    voice.say(&format!("wrote {name}; next: copy its files into drop/{name}/, then\n  truecost run"));
    0
}

fn not_clean(name: &str) -> crate::diagnostic::Refusal {
    Diagnostic::new(command::NOT_CLEAN, format!("{name} would not take every sample whole: see what became of each"))
        .expected("every sample accepted, no row quarantined")
        .outcome("nothing was written")
        .hint("answer otherwise, or write it with --anyway and edit its contract: truecost explain contract")
        .into()
}

fn answers(said: &Said) -> Answer<Answers> {
    let mut answers = said.answers.as_deref().map(Answers::read).transpose()?.unwrap_or_default();
    answers.defaults = said.defaults;
    said.answer.iter().try_for_each(|word| answers.word(word))?;
    Ok(answers)
}

/// What answers came to.
enum Settled<T> {
    /// Nothing is open, and this is made of them.
    With(T),
    /// Nobody is there to ask: the exit code.
    Ends(u8),
}

/// Asks until nothing is open, and makes of the answers what they are for. What was typed at a terminal and cannot stand is asked again.
fn settled<T>(
    answers: &mut Answers,
    voice: Voice,
    again: &str,
    questions: &dyn Fn(&Answers) -> Answer<Vec<Question>>,
    made: &dyn Fn(&Answers) -> Answer<T>,
) -> Answer<Settled<T>> {
    let mut typed: Vec<Typed> = Vec::new();
    loop {
        let settled = match settle(answers, &mut typed, voice, again, questions) {
            Ok(None) => made(answers).map(Settled::With),
            Ok(Some(code)) => Ok(Settled::Ends(code)),
            Err(refusal) => Err(refusal),
        };
        match settled {
            Err(refusal) if taken_back(&refusal, answers, &mut typed) => voice.report(&asked_again(refusal)),
            settled => {
                if settled.is_err() && !typed.is_empty() {
                    said_back(answers, voice);
                }
                return settled;
            }
        }
    }
}

/// Reports on what is asked again at once: nothing has ended, and what to type is what is asked.
fn asked_again(refusal: Refusal) -> Vec<Diagnostic> {
    let again = |fault: Diagnostic| {
        let hint = if fault.hint.starts_with("Did you mean") { fault.hint.clone() } else { String::new() };
        fault.outcome("").hint(hint)
    };
    refusal.0.into_iter().map(again).collect()
}

/// Shows what was answered, so that it need not be typed again.
fn said_back(answers: &Answers, voice: Voice) {
    voice.say(&format!("\nwhat was answered, for --answers FILE:\n{}", answers.text()));
}

/// Codes of reports on how the files are looked at, which name no question.
const LOOKS: [Code; 3] = [command::NOT_PROFILED, command::NO_TABLE, command::LAYOUT_TABLE];

/// What was typed at a terminal: the question, and the keys of its answers.
struct Typed {
    question: String,
    keys: Vec<String>,
}

/// Takes back the typed answers that a refusal names, or, where it names none and is of how the files are looked at, the last; whether there is
/// such an answer.
fn taken_back(refusal: &Refusal, answers: &mut Answers, typed: &mut Vec<Typed>) -> bool {
    let named = |key: &String| {
        let ticked = format!("`{key}`");
        refusal.0.iter().any(|fault| fault.seen.contains(&ticked) || fault.expected.contains(&ticked))
    };
    let is_named = |one: &Typed| named(&one.question) || one.keys.iter().any(named);
    let (mut wrong, mut kept): (Vec<Typed>, Vec<Typed>) = std::mem::take(typed).into_iter().partition(is_named);
    let of_look = refusal.0.iter().any(|fault| LOOKS.contains(&fault.code));
    if wrong.is_empty() && of_look {
        wrong.extend(kept.pop());
    }
    *typed = kept;
    wrong.iter().flat_map(|one| &one.keys).for_each(|key| answers.unset(key));
    !wrong.is_empty()
}

/// Asks until nothing is open. `Some` is how the command ends where nobody is there to ask.
fn settle(
    answers: &mut Answers,
    typed: &mut Vec<Typed>,
    voice: Voice,
    again: &str,
    questions: &dyn Fn(&Answers) -> Answer<Vec<Question>>,
) -> Answer<Option<u8>> {
    loop {
        let all = questions(answers)?;
        let open = onboard::open(&all, answers);
        let Some(first) = open.first() else {
            answers.check(&all)?;
            return Ok(None);
        };
        if !at_terminal(voice) {
            answers.check(&all)?;
            let refusal = onboard::still_open(&open, again);
            voice.answer(&onboard::questions_page(&open));
            voice.report(&refusal.0);
            return Ok(Some(refusal.exit_code()));
        }
        let Some(answered) = ask(first, voice) else { return Ok(Some(2)) }; // the terminal has gone away
        answered.iter().for_each(|(key, answer)| answers.set(key, answer));
        typed.push(Typed { question: first.key.clone(), keys: answered.into_iter().map(|(key, _)| key).collect() });
    }
}

fn at_terminal(voice: Voice) -> bool {
    voice.terminal && !voice.json && std::io::stdin().is_terminal()
}

/// Shows what would be written and asks whether it is to be; `None` where that is said already, or nobody is there to ask: then nothing
/// is shown.
pub(super) fn ask_to_write(page: &Page, sure: Sure, default: &str, voice: Voice) -> Option<bool> {
    if !at_terminal(voice) || sure.yes || sure.dry_run {
        return None;
    }
    voice.answer(page);
    let said = ask(&Question::new("write", "Write it?").choices([YES, NO]).default(default), voice);
    Some(said.is_some_and(|said| said.iter().any(|(_, answer)| answer == YES)))
}

/// One question at the terminal, until it has an answer, or answers to its parts; `None` at the end of the input.
fn ask(question: &Question, voice: Voice) -> Option<Vec<(String, String)>> {
    loop {
        let seen = if question.seen.is_empty() { String::new() } else { format!("\n  seen: {}", question.seen) };
        let choices = match (question.in_parts, question.choices.is_empty()) {
            (true, _) => format!("\n  one of: {YES} | NAME: ANSWER, NAME: ANSWER …"),
            (false, true) => String::new(),
            (false, false) => format!("\n  one of: {}", question.choices.join(" | ")),
        };
        let default = question.default.as_ref().map(|default| format!(" [{default}]")).unwrap_or_default();
        voice.say(&format!("\n{}{seen}{choices}\n{}{default}:", question.ask, question.key));
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line).ok()? == 0 {
            return None;
        }
        let answer = line.trim();
        let said = if answer.is_empty() { question.default.as_deref() } else { Some(answer) };
        let answered = said.and_then(|said| question.read(said));
        if answered.is_some() {
            return answered;
        }
        voice.say(&format!("\n{}", question.not_read(answer)));
    }
}
