//! Each command: what it asks of the layers below, and how the answer is said.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    args::{self, Command, Selection, Words},
    out::Voice,
    progress::Progress,
};
use crate::{
    demo,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes, list, to_json},
    domain::{Period, counted, decimal, printable_json, rows_and_pounds},
    engine::{Format, write_rows},
    lake::Decided,
    pipeline::{self, Partnership},
    plan::{self, Wish},
    report::{self, Page, Talk},
    run::{
        self, Delivery, LetGo, Options, Outcome,
        clock::{Clock as _, SystemClock},
    },
};

/// Does what the words say; the answer's exit code.
///
/// # Errors
/// Whatever the command refuses; the refusal knows its exit code.
pub fn act(words: &Words, voice: Voice) -> Answer<u8> {
    match &words.command {
        Command::Init { dir, empty, council } => super::init::init(&below(&words.partnership, dir), *empty, council, voice),
        Command::Demo(demo) => run_demo(demo, words, voice),
        Command::Completions { shell } => {
            completions(*shell, voice);
            Ok(0)
        }
        Command::Explain { what: args::Explain::Code { code } } => say(voice, &report::code(code.as_deref())?),
        command => {
            let partnership = open(&words.partnership, voice)?;
            with_partnership(command, &partnership, voice)
        }
    }
}

/// A folder named on the command line, seen from the folder that `-C` names.
fn below(at: &Path, dir: &Path) -> PathBuf {
    if at == Path::new(".") { dir.to_path_buf() } else { at.join(dir) }
}

fn with_partnership(command: &Command, partnership: &Partnership, voice: Voice) -> Answer<u8> {
    if matches!(command, Command::Run(_) | Command::Status | Command::Runs { .. } | Command::Suspense { .. } | Command::Doctor { .. }) {
        voice.report(&report::strays(partnership)?);
    }
    match command {
        Command::Doctor { repair } => doctor(partnership, *repair, voice),
        Command::Validate(_) => say(voice, &validate(partnership, voice.talk)?),
        Command::Plan(words) => {
            let (page, code) = planned(partnership, &words.selection, voice.talk)?;
            voice.answer(&page);
            Ok(code)
        }
        Command::Run(words) => {
            let outcome = run::run(partnership, &options(words)?, &SystemClock, &Progress::new(voice))?;
            voice.answer(&outcome_page(&outcome, voice.talk));
            Ok(outcome.exit_code())
        }
        Command::Accept(words) => say(voice, &super::decide::page(partnership, words, Decided::Accept)?),
        Command::Withdraw { decide, undo } => {
            let what = if *undo { Decided::Undo } else { Decided::Withdraw };
            say(voice, &super::decide::page(partnership, decide, what)?)
        }
        Command::Status => say(voice, &report::status(partnership)?),
        Command::Release { action: args::Release::Verify { release, all } } => {
            let (page, report) = report::verify(partnership, release.as_deref(), *all)?;
            voice.answer(&page);
            voice.report(report.as_slice());
            Ok(report.map_or(0, |report| Refusal::from(report).exit_code()))
        }
        Command::Runs { most } => say(voice, &report::runs(partnership, *most)?),
        Command::Notes { run } => say(voice, &report::notes(partnership, run.as_deref())?),
        Command::Quarantine { action: args::Quarantine::List } => say(voice, &report::quarantine_list(partnership)?),
        Command::Quarantine { action: args::Quarantine::Show { delivery, most } } => {
            say(voice, &report::quarantine_show(partnership, delivery, *most)?)
        }
        Command::Suspense { csv } => say(voice, &report::suspense(partnership, *csv)?),
        Command::Reconcile => say(voice, &report::reconcile(partnership)?),
        Command::Query(query) => question(partnership, query, voice),
        Command::Explain { what: args::Explain::Line { delivery, row } } => say(voice, &report::explain_line(partnership, delivery, *row)?),
        Command::Key { action: args::Key::New { council } } => say(voice, &super::key::new(partnership, council)?),
        Command::Schedule { action } => say(voice, &schedule(partnership, action)),
        Command::Init { .. } | Command::Demo(_) | Command::Completions { .. } | Command::Explain { .. } => Ok(0), // done by `act`
    }
}

#[allow(clippy::unnecessary_wraps)] // every command ends with it, and a command may refuse
fn say(voice: Voice, page: &Page) -> Answer<u8> {
    voice.answer(page);
    Ok(0)
}

fn doctor(partnership: &Partnership, repair: bool, voice: Voice) -> Answer<u8> {
    if repair {
        let repaired = run::repair(partnership, &SystemClock)?;
        repaired.done.iter().for_each(|done| voice.say(done));
        repaired.left.iter().for_each(|left| voice.say(left));
        if repaired == run::Repaired::default() {
            voice.say("nothing to repair");
        }
    }
    let findings = run::doctor(partnership);
    let mark = |f: &run::Finding| match (f.fine, f.mends) {
        (true, _) => "ok     ",
        (false, true) => "WRONG  ",
        (false, false) => "MISSING",
    };
    let text = findings.iter().map(|f| format!("{} {}: {}\n", mark(f), f.what, f.seen)).collect();
    let list: Vec<Value> = findings.iter().map(|f| json!({"what": f.what, "fine": f.fine, "seen": f.seen, "repair": f.mends})).collect();
    voice.answer(&Page::new("doctor", text, json!(list)));
    let missing: Vec<&str> = findings.iter().filter(|f| !f.fine).map(|f| f.what.as_str()).collect();
    if missing.is_empty() {
        return Ok(0);
    }
    Err(Diagnostic::new(codes::command::MACHINE, format!("not ready: {}", missing.join(", ")))
        .expected("folders that can be written, on a file system that keeps hard links")
        .outcome("nothing was changed")
        .hint(if findings.iter().any(|f| f.mends) {
            "truecost doctor --repair mends what is marked WRONG; mend what is marked MISSING, then truecost doctor"
        } else {
            "mend what is marked MISSING, then truecost doctor"
        })
        .into())
}

/// Reads the partnership; its warnings are said, its faults refuse.
fn open(dir: &Path, voice: Voice) -> Answer<Partnership> {
    if !dir.join("pipelines/partnership.yaml").is_file() {
        return Err(Diagnostic::new(codes::command::NO_PARTNERSHIP, format!("{} holds no partnership", dir.display()))
            .place(Place::file(dir.join("pipelines/partnership.yaml").display().to_string()))
            .expected("a file pipelines/partnership.yaml")
            .outcome("nothing was read or written")
            .hint("truecost init DIR writes one; -C DIR names another folder")
            .into());
    }
    let read = pipeline::read(dir).map_err(|refusal| refusal.or_hint("correct it, then type: truecost validate"));
    let (partnership, warnings) = read?;
    voice.report(&warnings);
    voice.report(&partnership.notes);
    Ok(partnership)
}

fn run_demo(words: &args::Demo, all: &Words, voice: Voice) -> Answer<u8> {
    let dir = below(&all.partnership, &words.dir);
    if !dir.join("pipelines/partnership.yaml").is_file() {
        demo::write_partnership(&dir)?;
    }
    let partnership = open(&dir, voice)?;
    let summary = demo::write(&dir.join("drop"), words.lines, words.seed)?;
    for extract in &summary.extracts {
        voice.step(&format!(
            "made {}: {}, {}",
            extract.file.display(),
            counted(extract.lines, "ledger line"),
            counted(extract.bytes, "byte")
        ));
    }
    let options = Options { select: Vec::new(), wish: Wish::default(), threads: threads(None), let_go: None };
    let outcome = run::run(&partnership, &options, &SystemClock, &Progress::new(voice))?;
    let mut page = report::separation(&partnership)?;
    let notes = notes_line(&outcome, voice.talk);
    let dir = dir.display();
    page.text = format!(
        "\nWho bears what, 2018/19 (pounds, cost positive):\n\n{}{notes}\nnext:\n  truecost -C {dir} reconcile\n  truecost -C {dir} suspense\n  truecost -C {dir} query \"SELECT service, SUM(amount) AS pounds FROM separation WHERE ownership = 'shared' GROUP BY service ORDER BY 2 DESC\"\n",
        page.text
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

fn period(text: &str) -> Answer<Period> {
    Period::parse(text).ok_or_else(|| no_period(text, "a starting year and a period from P01 to P13: 2023/P04"))
}

fn wish(selection: &Selection) -> Answer<Wish> {
    let bad = no_period;
    let period = selection.period.as_deref().map(period);
    let year = |t: &str| {
        t.parse::<i16>().ok().filter(|y| (1900..=9998).contains(y)).ok_or_else(|| bad(t, "the starting year of a financial year: 2023"))
    };
    let year = selection.year.as_deref().map(year);
    Ok(Wish { period: period.transpose()?, year: year.transpose()?, ..Wish::default() })
}

fn options(words: &args::Run) -> Answer<Options> {
    let wish = Wish { force: words.force, rehash: words.rehash, ..wish(&words.selection)? };
    let periods = words.let_go.iter().map(|text| period(text)).collect::<Answer<Vec<_>>>()?;
    let let_go = match (&words.by, &words.reason) {
        (Some(by), Some(reason)) if !periods.is_empty() => Some(LetGo { periods, by: by.clone(), reason: reason.clone() }),
        _ => None, // the words ask for all three or none
    };
    Ok(Options { select: words.selection.select.clone(), wish, threads: threads(words.threads), let_go })
}

fn validate(partnership: &Partnership, talk: Talk) -> Answer<Page> {
    let checked = plan::validate(partnership)?;
    let lacking = super::init::without_folder(partnership);
    let now = SystemClock.now().seconds();
    let schedules = schedule_rows(partnership, now, 5);
    let mut text = format!(
        "{}: {}, {}, {}, {}, {}, {}: all sound\n",
        partnership.name,
        counted(checked.councils as u64, "council"),
        counted(checked.services as u64, "service"),
        counted(checked.feeds as u64, "feed"),
        counted(checked.contracts as u64, "contract"),
        counted(checked.references as u64, "reference table"),
        counted(checked.queries as u64, "query")
    );
    text.push_str(&lacking);
    if talk == Talk::Plain {
        text.push_str(&report::noted(partnership.notes.len(), "truecost validate -v"));
    }
    for (name, times) in schedules.iter().filter(|_| talk > Talk::Quiet) {
        text.push_str(&format!("\n{name}\n"));
        times.iter().for_each(|time| text.push_str(&format!("  {time}\n")));
    }
    let json_schedules: Vec<Value> = schedules.iter().map(|(name, times)| json!({"name": name, "next": times})).collect();
    let json = json!({"councils": checked.councils, "services": checked.services, "feeds": checked.feeds, "contracts": checked.contracts,
        "references": checked.references, "queries": checked.queries, "schedules": json_schedules, "notes": list(&partnership.notes)});
    Ok(Page::new("validate", text, json))
}

/// What a run would do, and how it would end as far as that is known.
fn planned(partnership: &Partnership, selection: &Selection, talk: Talk) -> Answer<(Page, u8)> {
    plan::validate(partnership)?;
    let options = Options { select: selection.select.clone(), wish: wish(selection)?, threads: 1, let_go: None };
    let planned = run::plan(partnership, &options, SystemClock.now())?;
    let run::Planned { feeds: plans, waiting, .. } = &planned;
    let (mut text, mut files, mut notes) = (String::new(), Vec::new(), 0);
    for (feed, plan) in plans {
        let before = text.len();
        text.push_str(&format!("{}\n", feed.name()));
        let heading = text.len();
        for take in &plan.take {
            let told = talk > Talk::Quiet;
            let covers = take.coverage.as_ref().map_or_else(|| "as the file says".to_owned(), ToString::to_string);
            let landed = take.landed.is_some();
            let whence = if landed { ", from its landed bytes" } else { "" };
            let verb = if take.why == plan::Why::Touched { "would look at" } else { "would take " };
            if told {
                text.push_str(&format!("  {verb} {} for {covers}{whence}: {}\n", take.entry.name, take.why.as_str()));
            }
            let over: Vec<Value> = take.over.iter().map(|s| json!({"period": s.period.to_string(), "delivery_id": s.delivery, "rows": s.proof.rows, "amount": s.pounds().map(decimal)})).collect();
            // Whether a file that was touched goes over anything is known once it was looked at.
            for stood in take.over.iter().filter(|_| told && take.why != plan::Why::Touched) {
                let rows = rows_and_pounds(stood.proof.rows, stood.pounds());
                text.push_str(&format!("              over {}: {rows} of delivery {}\n", stood.period, stood.delivery));
            }
            files.push(json!({"feed": feed.name(), "file": take.entry.name, "covers": covers, "take": true, "landed": landed, "why": take.why.as_str(), "over": over}));
        }
        for (entry, idle) in &plan.idle {
            if talk > Talk::Quiet {
                text.push_str(&format!("  leaves      {}: {}\n", entry.name, idle.as_str()));
            }
            files.push(json!({"feed": feed.name(), "file": entry.name, "take": false, "why": idle.as_str()}));
        }
        notes += plan.reports.iter().filter(|report| report.is_note()).count();
        for report in &plan.reports {
            let file = report.place.as_ref().map(|p| format!("{}: ", p.file)).unwrap_or_default();
            if talk == Talk::Full || !report.is_note() {
                text.push_str(&format!("  {:<10}  {file}{}\n", report.code.id, report.seen));
            }
            files.push(json!({"feed": feed.name(), "take": false, "report": to_json(report)}));
        }
        // Told quietly, a plan is what is wrong and what the cost run would do.
        if talk == Talk::Quiet && text.len() == heading {
            text.truncate(before);
        } else if plan.take.is_empty() && plan.idle.is_empty() && plan.reports.is_empty() {
            text.push_str(&format!("  nothing there: it takes names like {} from {}\n", feed.files.text, feed.from));
        }
    }
    let mut cost = run::plan_cost_run(partnership, SystemClock.now())?;
    let code = planned.exit_code(&cost);
    // What is taken can bring back what is lost or would vanish; what is not declared stays so.
    let stays = cost.stops.iter().any(|stop| stop.code == codes::control::NOT_DECLARED);
    if planned.takes() && !cost.would_run && !stays {
        cost = run::CostPlanned { would_run: true, sentence: "would look at what the deliveries above bring".into(), ..cost };
    }
    for report in waiting {
        text.push_str(&format!("{}\n  {}\n  next: {}\n", report.code.id, report.seen, report.hint));
    }
    text.push_str(&super::init::without_folder(partnership));
    if talk == Talk::Plain {
        text.push_str(&report::noted(notes + partnership.notes.len(), "truecost plan -v"));
    }
    text.push_str(&format!("cost run\n  {}\n", cost.sentence));
    text.push_str(&report::uncounted_text(&cost.uncounted));
    let cost_run = json!({"would_run": cost.would_run, "why": cost.sentence, "stops": list(&cost.stops),
        "uncounted": report::uncounted_json(&cost.uncounted)});
    Ok((Page::new("plan", text, json!({"files": files, "waiting": list(waiting), "cost_run": cost_run})), code))
}

fn outcome_page(outcome: &Outcome, talk: Talk) -> Page {
    let of = |state| outcome.delivered.iter().filter(move |d| d.state == state);
    let (accepted, before) = (of(Delivery::Accepted).count(), of(Delivery::AlreadyIn).count());
    let waits = of(Delivery::Waiting).count();
    let (refused, not_taken): (Vec<_>, Vec<_>) = of(Delivery::Refused).partition(|d| d.delivery.is_some());
    let rows: u64 = of(Delivery::Accepted).map(|d| d.rows).sum();
    // Nothing but rows without pounds adds up to no pounds.
    let pence = of(Delivery::Accepted).filter_map(|d| d.pence).reduce(|a, b| a + b).or((accepted == 0).then_some(0));
    let costed = &outcome.costed;
    let failed = costed.stopped.iter().any(|d| d.severity == crate::diagnostic::Severity::Error);
    let answers = costed.release.as_ref().map_or_else(|| "there is no release yet".to_owned(), |r| format!("release {r} still answers"));
    let mut text = match (&costed.release, costed.published) {
        (Some(release), true) => format!("published release {release}\n"),
        _ if failed && costed.findings.is_empty() => format!("nothing was published: see the reports; {answers}\n"),
        _ if failed => format!("nothing was published: a check failed; {answers}\n"),
        (Some(release), false) => format!("nothing new to publish; release {release} answers\n"),
        (None, _) => "nothing to publish\n".to_owned(),
    };
    if outcome.standing_refused > 0 {
        text.push_str(&format!("{} still to be mended: truecost status\n", counted(outcome.standing_refused as u64, "refused delivery")));
    }
    if !outcome.waiting.is_empty() {
        text.push_str(&format!("{} for a person's word: truecost status\n", waiting_words(outcome.waiting.len())));
    }
    if outcome.delivered.is_empty() {
        text.push_str("no new delivery\n");
    } else {
        let some = |number: usize, what: &str| if number > 0 { format!(", {number} {what}") } else { String::new() };
        let also = some(waits, "waiting") + &some(not_taken.len(), "not taken") + &some(before, "already in");
        let (deliveries, rows) = (counted(accepted as u64, "delivery"), rows_and_pounds(rows, pence));
        text.push_str(&format!("{deliveries} accepted ({rows}), {} refused{also}\n", refused.len()));
    }
    if outcome.delivered.is_empty() && costed.release.is_none() && costed.blocked.is_empty() {
        text.push_str(
            "put extracts into drop/<council>/<feed>/: truecost plan says what each feed finds there, and which names it knows\n",
        );
    }
    text.extend(costed.coverage.sentence().map(|sentence| format!("{sentence}\n")));
    text.push_str(&blocked_text(&costed.blocked));
    text.push_str(&report::uncounted_text(&costed.uncounted));
    text.push_str(&notes_line(outcome, talk));
    let delivered: Vec<Value> = outcome
        .delivered
        .iter()
        .map(|d| {
            json!({"feed": d.feed, "file": d.file, "delivery_id": d.delivery, "covers": d.coverage, "rows": d.rows, "quarantined": d.quarantined,
                "amount": d.pence.map(decimal),
                "state": d.state.as_str(),
                "reports": list(&d.reports)})
        })
        .collect();
    let json = json!({"run": outcome.run, "exit": outcome.exit_code(), "release": costed.release, "published": costed.published,
        "delivered": delivered, "standing_refused": outcome.standing_refused,
        "waiting": list(&outcome.waiting), "blocked": list(&costed.blocked),
        "uncounted": report::uncounted_json(&costed.uncounted),
        "payments": {"amount": decimal(costed.coverage.all), "unclassified": decimal(costed.coverage.unclassified), "no_fund": decimal(costed.coverage.no_fund)},
        "checks": list(&costed.stopped), "notes": list(&outcome.notes)});
    Page::new("run", text, json)
}

/// How many notes there are and where they are; a run that did nothing kept none, and shows them itself.
fn notes_line(outcome: &Outcome, talk: Talk) -> String {
    let shown_by = if outcome.recorded { "truecost notes" } else { "truecost run -v" };
    if talk == Talk::Plain { report::noted(outcome.notes.len(), shown_by) } else { String::new() }
}

fn waiting_words(number: usize) -> String {
    if number == 1 { "1 delivery waits".to_owned() } else { format!("{number} deliveries wait") }
}

/// A line for each period that must wait, and once for all of them what that means and what to do.
fn blocked_text(blocked: &[Diagnostic]) -> String {
    let mut text = String::new();
    for (at, report) in blocked.iter().enumerate() {
        text.push_str(&format!("{}: {}\n", report.code.id, report.seen));
        let same = blocked.get(at + 1).is_some_and(|next| (&next.outcome, &next.hint) == (&report.outcome, &report.hint));
        if !same {
            text.push_str(&format!("      data: {}\n      next: {}\n", report.outcome, report.hint));
        }
    }
    text
}

fn question(partnership: &Partnership, words: &args::Query, voice: Voice) -> Answer<u8> {
    let (schema, batches) = report::answer(partnership, &words.sql)?;
    let format = match (words.format, voice.json) {
        (args::Format::Parquet, _) if std::io::stdout().is_terminal() => {
            return Err(Diagnostic::new(codes::command::USAGE, "Parquet is for a program, and this is a terminal")
                .expected("an answer that goes into a file or to a program")
                .outcome("nothing was changed")
                .hint("truecost query --format parquet \"SELECT …\" > answer.parquet")
                .into());
        }
        (args::Format::Parquet, _) => {
            voice.bytes(&report::parquet(&schema, &batches)?);
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

fn schedule_rows(partnership: &Partnership, from: i64, count: usize) -> Vec<(String, Vec<String>)> {
    let named = partnership.feeds.iter().filter_map(|feed| Some((feed.name(), feed.schedule.clone()?)));
    let cost = partnership.cost.schedule.clone().map(|text| ("cost run".to_owned(), text));
    named
        .chain(cost)
        .filter_map(|(name, text)| {
            let schedule = pipeline::schedule::Schedule::parse(&text).ok()?;
            let times = schedule.next(from, count).into_iter().map(pipeline::schedule::civil);
            let times = times.chain(schedule.note()).collect();
            Some((format!("{name}  {text}"), times))
        })
        .collect()
}

fn schedule(partnership: &Partnership, action: &args::Schedule) -> Page {
    let count = match action {
        args::Schedule::List => 1,
        args::Schedule::Next { count } => *count,
    };
    let rows = schedule_rows(partnership, SystemClock.now().seconds(), count);
    let mut text = String::new();
    for (name, times) in &rows {
        text.push_str(&format!("{name}\n"));
        times.iter().for_each(|time| text.push_str(&format!("  {time}\n")));
    }
    if rows.is_empty() {
        text.push_str("no feed has a schedule\n");
    }
    let json: Vec<Value> = rows.iter().map(|(name, times)| json!({"name": name, "next": times})).collect();
    Page::new("schedule", text, json!(json))
}
