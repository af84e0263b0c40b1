//! Each command: what it asks of the layers below, and how the answer is said.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    args::{self, Command, Selection, Words},
    out::Voice,
    progress::Progress,
};
use crate::{
    demo,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{Period, Slot, counted, printable_json},
    engine::{Format, write_rows},
    lake::{Decided, SlotBook},
    onboard,
    pipeline::{self, Partnership},
    plan::{self, Wish},
    report::{self, Page, Talk},
    run::{
        self, Clearance, Halves, LetGo, Options,
        clock::{Clock as _, ProcessClock},
    },
};

/// Does what the words say; the answer's exit code.
///
/// # Errors
/// Whatever the command refuses; the refusal knows its exit code.
pub fn act(words: &Words, voice: Voice) -> Answer<u8> {
    if writes_into(&words.command) {
        // What such a command began and did not finish goes before anything of it is read.
        onboard::said_back(&words.partnership)?.iter().for_each(|line| voice.say(line));
    }
    match &words.command {
        Command::Init { dir, empty, council } => super::init::init(&below(&words.partnership, dir), *empty, council, voice),
        Command::Demo(demo) => run_demo(demo, words, voice),
        Command::Completions { shell } => {
            completions(*shell, voice);
            Ok(0)
        }
        Command::Explain { what: Some(args::Explain::Code { code }), .. } => say(voice, &report::code(code.as_deref())?),
        Command::Profile { file, sheet } => say(voice, &super::profile::page(&below(&words.partnership, file), sheet.as_deref())?),
        Command::Explain { what: None, word: words } => say(voice, &word(words)?),
        Command::Schema { kind } => say(voice, &report::schema(kind.as_deref())?),
        Command::Contract { action } => super::add::contract(&words.partnership, action, voice),
        Command::Add { what } => super::add::act(&open(&words.partnership, voice)?, what, voice),
        Command::Run(run) => {
            let read = open(&words.partnership, voice);
            let read = read.inspect_err(|refusal| super::run::tell_not_valid(&words.partnership, refusal, voice));
            let done = read.and_then(|partnership| with_partnership(&words.command, &partnership, voice));
            done.inspect_err(|refusal| super::run::leave_metrics(run, refusal))
        }
        command => {
            let partnership = open(&words.partnership, voice).inspect_err(|refusal| match command {
                Command::Schedule { action: args::Schedule::List } => held(&words.partnership, &refusal.0, voice, report::schedule_held),
                Command::Status => held(&words.partnership, &refusal.0, voice, report::status_held),
                _ => {}
            })?;
            with_partnership(command, &partnership, voice)
        }
    }
}

/// What is asked of a clean-up.
const fn clearance(dry_run: bool, anyway: bool) -> Clearance {
    match (dry_run, anyway) {
        (true, _) => Clearance::Look,
        (false, false) => Clearance::Remove,
        (false, true) => Clearance::RemoveAnyway,
    }
}

/// A folder named on the command line, seen from the folder that `-C` names.
fn below(at: &Path, dir: &Path) -> PathBuf {
    if at == Path::new(".") { dir.to_path_buf() } else { at.join(dir) }
}

fn with_partnership(command: &Command, partnership: &Partnership, voice: Voice) -> Answer<u8> {
    tell_strays(command, partnership, voice)?;
    match command {
        Command::Doctor { repair, anyway } => doctor(partnership, *repair, *anyway, voice),
        Command::Validate => {
            voice.report(&pipeline::older_tables(partnership));
            say(voice, &report::validate(partnership, ProcessClock.now().seconds(), voice.talk)?)
        }
        Command::Plan(words) => {
            let (page, code) = planned(partnership, &words.selection, voice.talk)?;
            voice.answer(&page);
            Ok(code)
        }
        Command::Run(words) => super::run::act(partnership, words, &options(words)?, voice),
        Command::Accept(words) => say(voice, &super::decide::page(partnership, words, Decided::Accept)?),
        Command::Withdraw { decide, undo } => {
            let what = if *undo { Decided::Undo } else { Decided::Withdraw };
            say(voice, &super::decide::page(partnership, decide, what)?)
        }
        Command::Status => status(partnership, voice),
        Command::Supply { period, action } => super::supply::act(partnership, period.as_deref(), action.as_ref(), voice),
        Command::Release { action } => super::release::act(partnership, action, voice),
        Command::Period { action } => say(voice, &super::period::page(partnership, action)?),
        Command::Runs { action: Some(args::Runs::Show { run }), .. } => say(voice, &report::run_shown(partnership, run)?),
        Command::Runs { most, action: None } => say(voice, &report::runs(partnership, *most)?),
        Command::Notes { run } => say(voice, &report::notes(partnership, run.as_deref())?),
        Command::Quarantine { action } => super::quarantine::act(partnership, action, voice),
        Command::Suspense(words) => super::suspense::act(partnership, words, voice),
        Command::Reconcile => say(voice, &report::reconcile(partnership)?),
        Command::Checks => say(voice, &report::checks(partnership)?),
        Command::Query(query) => question(partnership, query, voice),
        Command::Explain { what: Some(args::Explain::Line { delivery, row }), .. } => {
            say(voice, &report::explain_line(partnership, delivery, *row)?)
        }
        Command::Explain { what: Some(args::Explain::Cost { service, bearer, period: wanted, most }), .. } => {
            let period = period(wanted)?;
            let wanted = report::Wanted { service: service.clone(), bearer: bearer.clone(), period, most: *most };
            say(voice, &report::explain_cost(partnership, &wanted)?)
        }
        Command::Method { period: wanted } => {
            let wanted = wanted.as_deref().map(period).transpose()?;
            say(voice, &report::method(partnership, wanted)?)
        }
        Command::Key { action: args::Key::New { council } } => say(voice, &super::key::new(partnership, council)?),
        Command::Vacuum { dry_run, anyway } => {
            say(voice, &report::vacuumed(&run::vacuum(partnership, &ProcessClock, clearance(*dry_run, *anyway))?))
        }
        Command::Notify { action: args::Notify::Test { channel } } => super::notify::test(partnership, channel.as_deref(), voice),
        Command::Schedule { action } => schedule(partnership, action, voice),
        Command::Init { .. }
        | Command::Add { .. }
        | Command::Contract { .. }
        | Command::Demo(_)
        | Command::Profile { .. }
        | Command::Completions { .. }
        | Command::Explain { .. }
        | Command::Schema { .. }
        | Command::Serve { .. } => Ok(0), // done above
    }
}

/// Reports files that are no feed's to those who ask what came.
fn tell_strays(command: &Command, partnership: &Partnership, voice: Voice) -> Answer<()> {
    if !matches!(command, Command::Run(_) | Command::Status | Command::Runs { .. } | Command::Suspense(_) | Command::Doctor { .. }) {
        return Ok(());
    }
    match report::strays(partnership) {
        Ok(strays) => voice.report(&strays),
        // What cannot be read is what doctor looks for: it names it among what it finds.
        Err(_) if matches!(command, Command::Doctor { .. }) => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(())
}

fn status(partnership: &Partnership, voice: Voice) -> Answer<u8> {
    let stand = report::Stand::leading(partnership)?;
    let now = run::supply_upon(partnership, &stand.records, &ProcessClock)?;
    voice.report(&now.warnings);
    voice.answer(&report::status(partnership, &stand, &now.states, voice.talk)?);
    Ok(report::supply_exit(partnership, &now.states, None))
}

/// The page of a word; of a code, where one was typed for it.
fn word(words: &[String]) -> Answer<Page> {
    let asked = words.join(" ");
    if codes::find(&asked).is_some() { report::code(Some(&asked)) } else { report::word(&asked) }
}

#[allow(clippy::unnecessary_wraps)] // every command ends with it, and a command may refuse
fn say(voice: Voice, page: &Page) -> Answer<u8> {
    voice.answer(page);
    Ok(0)
}

fn doctor(partnership: &Partnership, repair: bool, anyway: bool, voice: Voice) -> Answer<u8> {
    let mut code = 0;
    // What stopped the repair is told after what there is to see.
    let mut stopped = Vec::new();
    if repair {
        match run::repair(partnership, &ProcessClock) {
            Ok(repaired) => {
                repaired.done.iter().for_each(|done| voice.say(done));
                repaired.left.iter().for_each(|left| voice.say(left));
                if repaired == run::Repaired::default() {
                    voice.say("nothing to repair");
                }
                // What cannot be mended has been named.
                code = u8::from(!repaired.left.is_empty());
            }
            Err(refusal) if refusal.is_locked() => return Err(refusal),
            Err(refusal) => stopped = refusal.0,
        }
    }
    let (page, report) = report::doctor(partnership, run::doctor(partnership, anyway), voice.talk);
    voice.answer(&page);
    stopped.extend(report);
    if stopped.is_empty() { Ok(code) } else { Err(Refusal(stopped)) }
}

/// Whether the command may write into the partnership's own files.
const fn writes_into(command: &Command) -> bool {
    matches!(
        command,
        Command::Add { .. } | Command::Suspense(args::Suspense { action: Some(_), .. }) | Command::Doctor { repair: true, .. }
    )
}

/// Reads the partnership; its warnings are said, its faults refuse.
fn open(dir: &Path, voice: Voice) -> Answer<Partnership> {
    is_partnership(dir)?;
    let read = pipeline::read(dir).map_err(|refusal| half_written(dir, refusal).or_hint("correct it, then type: truecost validate"));
    let (partnership, warnings) = read?;
    voice.report(&warnings);
    voice.report(&partnership.notes);
    Ok(partnership)
}

/// What an `add` that was killed has left is nobody's to correct.
fn half_written(dir: &Path, mut refusal: Refusal) -> Refusal {
    let begun = onboard::begun(dir);
    let is_of_it = |fault: &&mut Diagnostic| fault.place.as_ref().is_some_and(|place| begun.contains(&place.file));
    refusal.0.iter_mut().filter(is_of_it).for_each(|fault| {
        "an earlier `truecost add` was ended while it wrote this file: `truecost doctor --repair` takes it back, and so does the next `truecost add`"
            .clone_into(&mut fault.hint);
    });
    refusal
}

/// Whether the folder holds a partnership at all.
pub fn is_partnership(dir: &Path) -> Answer<()> {
    if !dir.join("pipelines/partnership.yaml").is_file() {
        return Err(Diagnostic::new(codes::command::NO_PARTNERSHIP, format!("{} holds no partnership", dir.display()))
            .place(Place::file(dir.join("pipelines/partnership.yaml").display().to_string()))
            .expected("a file pipelines/partnership.yaml")
            .outcome("nothing was read or written")
            .hint("truecost init DIR writes one; -C DIR names another folder")
            .into());
    }
    Ok(())
}

fn run_demo(words: &args::Demo, all: &Words, voice: Voice) -> Answer<u8> {
    let dir = below(&all.partnership, &words.dir);
    if !dir.join("pipelines/partnership.yaml").is_file() {
        demo::write_partnership(&dir)?;
    }
    let keys = run::give_keys(&pipeline::read(&dir)?.0)?;
    let partnership = open(&dir, voice)?;
    keys.iter().for_each(|keys| voice.step(&format!("made keys for {}: {}, {}", keys.council, keys.files[0], keys.files[1])));
    let summary = demo::write(&dir.join("drop"), words.lines, words.seed)?;
    let has = |council: &str, feed: &str| partnership.feeds.iter().any(|known| *known.council == *council && *known.id == *feed);
    let others = demo::write_year(&dir.join("drop"), words.lines, words.seed, &has)?;
    for extract in &summary.extracts {
        voice.step(&format!(
            "made {}: {}, {}",
            extract.file.display(),
            counted(extract.lines, "ledger line"),
            counted(extract.bytes, "byte")
        ));
    }
    for feed in &others {
        let (files, bytes) = (counted(feed.files, "file"), counted(feed.bytes, "byte"));
        voice.step(&format!("made {}: {files}, {bytes}", dir.join("drop").join(feed.council).join(feed.feed).display()));
    }
    let options = Options { threads: threads(None), ..Options::default() };
    let outcome = run::run(&partnership, &options, &ProcessClock, &Progress::new(voice))?;
    let mut page = report::separation(&partnership)?;
    let notes = report::notes_line(&outcome, voice.talk);
    let dir = dir.display();
    let shown = report::demonstration(&partnership, &format!("truecost -C {dir}"))?;
    if let Some(fields) = page.json.as_object_mut() {
        fields.insert("demonstration".to_owned(), shown.json);
    }
    page.text = format!(
        "\nWho bears what, 2018/19 (pounds, cost positive):\n\n{}{}{notes}\nnext:\n  truecost -C {dir} reconcile\n  truecost -C {dir} suspense\n  truecost -C {dir} query \"SELECT service, SUM(amount) AS pounds FROM separation WHERE ownership = 'shared' GROUP BY service ORDER BY 2 DESC\"\n",
        page.text, shown.text
    );
    voice.answer(&page);
    Ok(outcome.exit_code())
}

fn completions(shell: clap_complete::Shell, voice: Voice) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut <Words as clap::CommandFactory>::command(), "truecost", &mut script);
    voice.result(&String::from_utf8_lossy(&script));
}

fn threads(asked: Option<usize>) -> usize {
    asked.filter(|n| *n > 0).unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from))
}

fn no_period(text: &str, expected: &str) -> Refusal {
    Diagnostic::new(codes::command::BAD_PERIOD, format!("`{text}` is no period"))
        .expected(expected)
        .outcome("nothing was run")
        .hint("truecost run --period 2023/P04, or --year 2023")
        .into()
}

pub(super) fn period(text: &str) -> Answer<Period> {
    Period::parse(text).ok_or_else(|| no_period(text, "a starting year and a period from P01 to P13: 2023/P04"))
}

/// One period, or the first and the last of several: `2017/P01..2018/P12`.
pub(super) fn periods(text: &str) -> Answer<(Period, Period)> {
    let Some((first, last)) = text.split_once("..") else { return period(text).map(|one| (one, one)) };
    let expected = "the first and the last period, as in 2017/P01..2018/P12";
    match (Period::parse(first), Period::parse(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(no_period(text, expected)),
    }
}

fn slot(text: &str) -> Answer<Slot> {
    Slot::parse(text).ok_or_else(|| {
        Diagnostic::new(codes::supply::NOT_A_SLOT, format!("`{}` is no slot", text.escape_debug()))
            .expected("a name and an instant: newham/general_ledger=2018-05-01T05:00:00Z, or cost=2018-05-01T05:30:00Z")
            .outcome("nothing was run")
            .hint("truecost schedule list")
            .into()
    })
}

fn wish(selection: &Selection) -> Answer<Wish> {
    let bad = no_period;
    let periods = selection.period.as_deref().map(periods);
    let year = |t: &str| {
        t.parse::<i16>().ok().filter(|y| (1900..=9998).contains(y)).ok_or_else(|| bad(t, "the starting year of a financial year: 2023"))
    };
    let year = selection.year.as_deref().map(year);
    Ok(Wish { periods: periods.transpose()?, year: year.transpose()?, ..Wish::default() })
}

fn options(words: &args::Run) -> Answer<Options> {
    let wish = Wish { force: words.force, rehash: words.rehash, ..wish(&words.selection)? };
    let periods = words.let_go.iter().map(|text| period(text)).collect::<Answer<Vec<_>>>()?;
    let let_go = match (&words.by, &words.reason) {
        (Some(by), Some(reason)) if !periods.is_empty() => Some(LetGo { periods, by: by.clone(), reason: reason.clone() }),
        _ => None, // the words ask for all three or none
    };
    let halves = match (words.deliver, words.cost) {
        (true, _) => Halves::Deliver,
        (false, true) => Halves::Cost,
        (false, false) => Halves::Both,
    };
    let slots = words.slot.iter().map(|text| slot(text)).collect::<Answer<Vec<_>>>()?;
    Ok(Options { select: words.selection.select.clone(), wish, threads: threads(words.threads), let_go, halves, slots })
}

/// What a run would do, and how it would end as far as that is known.
fn planned(partnership: &Partnership, selection: &Selection, talk: Talk) -> Answer<(Page, u8)> {
    plan::validate(partnership)?;
    let options = Options { select: selection.select.clone(), wish: wish(selection)?, threads: 1, ..Options::default() };
    let planned = run::plan(partnership, &options, ProcessClock.now())?;
    Ok((report::planned(partnership, &planned, talk), planned.exit_code()))
}

fn question(partnership: &Partnership, words: &args::Query, voice: Voice) -> Answer<u8> {
    let report::Answered { schema, rows: batches, warnings } = match super::release::as_it_was(words)? {
        Some(which) => report::answer_as_it_was(partnership, &words.sql, &which)?,
        None => report::answer(partnership, &words.sql)?,
    };
    voice.report(&warnings);
    let format = match (words.format, voice.json) {
        (args::Format::Parquet, _) => {
            not_at_a_terminal("parquet")?;
            voice.bytes(&report::parquet(&schema, &batches)?);
            return Ok(0);
        }
        (args::Format::Xlsx, _) => {
            not_at_a_terminal("xlsx")?;
            voice.bytes(&report::xlsx(&schema, &batches)?);
            return Ok(0);
        }
        (_, true) => {
            // Row by row, in the shape of every page: an answer is never held a second time as JSON.
            let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let head = format!(
                "{{\n\"truecost\": {},\n\"kind\": \"query\",\n\"answer\": {{\n\"columns\": {},\n\"rows\": ",
                report::SHAPE,
                json!(columns)
            );
            voice.rows(|out| {
                out.write_all(printable_json(&head).as_bytes())?;
                write_rows(out, &schema, batches, Format::Json)?;
                out.write_all(b"}\n}\n")
            });
            return Ok(0);
        }
        (args::Format::Json, false) => Format::Json,
        (args::Format::Csv, false) => Format::Csv,
        (args::Format::Table, false) => Format::Table,
    };
    voice.rows(|out| write_rows(out, &schema, batches, format));
    Ok(0)
}

/// Bytes that no person can read are not sent to one.
fn not_at_a_terminal(format: &str) -> Answer<()> {
    if !std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Diagnostic::new(codes::command::USAGE, format!("`{format}` is for a program, and this is a terminal"))
        .expected("an answer that goes into a file or to a program")
        .outcome("nothing was changed")
        .hint(format!("truecost query --format {format} \"SELECT …\" > answer.{format}"))
        .into())
}

fn schedule(partnership: &Partnership, action: &args::Schedule, voice: Voice) -> Answer<u8> {
    let now = ProcessClock.now().seconds();
    match action {
        args::Schedule::List => {
            let (page, told) = report::schedule_list(partnership, now)?;
            voice.report(&told);
            say(voice, &page)
        }
        args::Schedule::Next { count } => say(voice, &report::schedule(partnership, now, *count)),
    }
}

/// `schedule list` and `status` where the configuration is not valid: what was taken is known all the same, and what holds the rest is said.
fn held(dir: &Path, faults: &[Diagnostic], voice: Voice, page: impl Fn(&SlotBook, &[Diagnostic], i64) -> Page) {
    if voice.json {
        return; // the reports are the one answer
    }
    if let Some(book) = pipeline::places(dir).and_then(|places| run::slots_at(&places).ok()) {
        let page = page(&book, faults, ProcessClock.now().seconds());
        if !page.text.is_empty() {
            voice.answer(&page);
        }
    }
}
