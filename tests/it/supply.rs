//! The supply calendar from end to end, with a clock that stands: late, missing, waived, accepted, and how runs end.

use std::{fs, path::Path};

use truecost::{
    demo,
    domain::{Day, Period},
    lake::SupplyWord,
    pipeline::{self, Partnership},
    plan::{SupplyState, Wish},
    report,
    run::{
        self, Halves, Options, Outcome, Silent, Waive,
        clock::{Now, Standing},
    },
};

use crate::places;

/// Eleven in the morning of a day.
fn at(day: &str) -> Standing {
    let days = i64::from(Day::parse_iso(day).expect("a day").0);
    Standing(Now { micros: (days * 24 + 11) * 3_600_000_000 })
}

fn run_at(partnership: &Partnership, day: &str) -> Outcome {
    let options = Options { select: vec![], wish: Wish::default(), threads: 2, let_go: None, halves: Halves::Both, slots: vec![] };
    run::run(partnership, &options, &at(day), &Silent).expect("a run")
}

/// What a feed's period is on a day, as `truecost supply` says it, and how the command ends.
fn said(partnership: &Partnership, feed: &str, period: Period, day: &str) -> (String, u8) {
    let states = run::supply(partnership, &at(day)).expect("the supply").states;
    let of = states.iter().find(|s| s.slot.feed_name() == feed && s.slot.period == period);
    let line = of.map_or_else(|| "not expected".to_owned(), |s| format!("{}: {}", s.state.as_str(), s.says));
    (line, report::supply_exit(partnership, &states, None))
}

fn read(folder: &Path) -> Partnership {
    pipeline::read(folder).expect("a partnership").0
}

fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).expect("a file");
    fs::write(path, format!("{before}{text}\n")).expect("written");
}

/// Files dated long before the run, so that none is still arriving.
fn settle(folder: &Path) {
    let mut files = Vec::new();
    for ending in ["csv", "txt", "json"] {
        places::gather(folder, ending, &mut files);
    }
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_mins(25_000_000);
    for file in files {
        fs::OpenOptions::new().write(true).open(&file).and_then(|file| file.set_modified(long_ago)).expect("dated");
    }
}

fn month(period: u8) -> Period {
    Period { year: 2018, period }
}

/// Ashvale's partnership, whose ledger is due on the fifth working day.
fn ashvale() -> (tempfile::TempDir, Partnership) {
    let temp = tempfile::tempdir().expect("a folder");
    for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
        places::copy(&places::root().join(shared), &temp.path().join(shared));
    }
    places::copy(&places::root().join("tests/fixtures/ashvale"), temp.path());
    append(&temp.path().join("pipelines/ashvale/general_ledger.yaml"), "due: {working_day: 5, closing: 06-30}");
    let partnership = read(temp.path());
    run::make_folders(&partnership).expect("folders");
    (temp, partnership)
}

fn bring(folder: &Path, month: &str) {
    let (year, number) = month.split_once('_').expect("a month");
    let text = format!(
        "Ref;Seq;Posted;Centre;Nature;Value;Text\nA001;1;03/{number}/{year};A100;4100;100.00;Salaries\nA001;2;03/{number}/{year};A900;9000;-100.00;Control\nTOTAL;;;;;0.00;\n"
    );
    let file = folder.join(format!("drop/ashvale/general_ledger/ashvale_{month}.csv"));
    fs::write(&file, text).expect("written");
    settle(&folder.join("drop"));
}

const LEDGER: &str = "ashvale/general_ledger";

#[test]
fn a_month_is_expected_late_missing_waived_and_accepted() {
    let (temp, partnership) = ashvale();
    bring(temp.path(), "2018_04");
    assert_eq!(run_at(&partnership, "2018-05-04").exit_code(), 0);
    assert_eq!(said(&partnership, LEDGER, month(2), "2018-06-07"), ("due today: nothing yet; P01 came on time".into(), 0));
    assert_eq!(said(&partnership, LEDGER, month(2), "2018-06-08"), ("late: nothing yet, 1 working day; P01 came on time".into(), 4));
    assert_eq!(run_at(&partnership, "2018-06-08").exit_code(), 4);
    assert!(said(&partnership, LEDGER, month(2), "2018-06-15").0.starts_with("missing: nothing yet, 6 working days"));
    let mut waive =
        Waive { what: SupplyWord::Waive, feed: LEDGER.into(), periods: (month(2), month(2)), by: "ann".into(), reason: "no ledger".into() };
    assert!(run::waive(&partnership, &waive, &at("2018-06-15")).expect("waived").iter().all(|one| one.changed));
    assert!(!run::waive(&partnership, &waive, &at("2018-06-15")).expect("waived already").iter().any(|one| one.changed));
    assert_eq!(said(&partnership, LEDGER, month(2), "2018-06-15"), ("waived: by ann: no ledger".into(), 0));
    assert_eq!(run_at(&partnership, "2018-06-15").exit_code(), 0);
    waive.what = SupplyWord::Undo;
    assert!(run::waive(&partnership, &waive, &at("2018-06-15")).expect("undone").iter().all(|one| one.changed));
    assert_eq!(said(&partnership, LEDGER, month(2), "2018-06-15").1, 4);
    bring(temp.path(), "2018_05");
    let lies = said(&partnership, LEDGER, month(2), "2018-06-18").0;
    assert_eq!(lies, "arriving: ashvale_2018_05.csv: the next run takes it");
    assert_eq!(run_at(&partnership, "2018-06-18").exit_code(), 0);
    let (line, exit) = said(&partnership, LEDGER, month(2), "2018-06-19");
    assert!(exit == 0 && line.starts_with("accepted: ") && line.ends_with(", 7 working days late"), "{line}");
    // What is judged again keeps the day on which it came.
    append(&temp.path().join("pipelines/ashvale/general_ledger.yaml"), "# judged again");
    let partnership = read(temp.path());
    assert_eq!(run_at(&partnership, "2018-06-29").exit_code(), 0);
    assert_eq!(said(&partnership, LEDGER, month(2), "2018-06-29").0, line);
}

#[test]
fn what_is_refused_after_its_day_is_told_night_after_night() {
    let (temp, partnership) = ashvale();
    bring(temp.path(), "2018_04");
    let file = temp.path().join("drop/ashvale/general_ledger/ashvale_2018_04.csv");
    let text = fs::read_to_string(&file).expect("the file").replace("TOTAL;;;;;0.00", "TOTAL;;;;;7.00");
    fs::write(&file, text).expect("written");
    settle(&temp.path().join("drop"));
    assert_eq!(run_at(&partnership, "2018-05-04").exit_code(), 1);
    let line = said(&partnership, LEDGER, month(1), "2018-05-09").0;
    assert!(line.starts_with("refused: TC0401 2018-05-04: "), "{line}");
    assert_eq!(run_at(&partnership, "2018-05-09").exit_code(), 4);
}

#[test]
fn the_months_of_a_yearly_file_and_the_closing_period_have_their_days() {
    let (_temp, mut partnership) = ashvale();
    let due = |partnership: &Partnership, period: u8| {
        let states = run::supply(partnership, &at("2019-07-01")).expect("the supply").states;
        states.iter().find(|s| s.slot.period == month(period)).map(|s| s.due.to_string())
    };
    assert_eq!((due(&partnership, 1).as_deref(), due(&partnership, 13).as_deref()), (Some("2018-05-08"), Some("2019-06-30")));
    partnership.feeds.iter_mut().for_each(|feed| feed.covers.extent = pipeline::Extent::Year);
    assert_eq!((due(&partnership, 1).as_deref(), due(&partnership, 13).as_deref()), (Some("2019-04-05"), Some("2019-06-30")));
}

/// The demonstration with one ledger held back: late, and a run ends with 4; the file dropped: accepted, and 0.
#[test]
fn the_demonstration_with_a_ledger_held_back() {
    let temp = tempfile::tempdir().expect("a folder");
    demo::write_partnership(temp.path()).expect("a partnership");
    for council in ["newham", "havering", "bexley"] {
        append(&temp.path().join(format!("pipelines/{council}/general_ledger.yaml")), "due: {working_day: 5, since: 2018/P01}");
    }
    run::give_keys(&read(temp.path())).expect("keys");
    let partnership = read(temp.path());
    let drop = temp.path().join("drop");
    let summary = demo::write(&drop, 400, 1).expect("ledgers");
    let has = |council: &str, feed: &str| partnership.feeds.iter().any(|known| *known.council == *council && *known.id == *feed);
    demo::write_year(&drop, 400, 1, &has).expect("the rest");
    settle(&drop);
    let held = summary.extracts.iter().map(|extract| &extract.file).find(|file| file.to_string_lossy().contains("havering"));
    let (held, aside) = (held.expect("a ledger"), temp.path().join("aside"));
    fs::rename(held, &aside).expect("held back");
    assert_eq!(run_at(&partnership, "2019-04-11").exit_code(), 4);
    let ledger = "havering/general_ledger";
    assert_eq!(said(&partnership, ledger, month(3), "2019-04-11"), ("late: nothing yet, 4 working days".into(), 4));
    let states = run::supply(&partnership, &at("2019-04-11")).expect("the supply").states;
    assert_eq!(states.iter().filter(|s| s.state == SupplyState::Late).count(), 12);
    fs::rename(&aside, held).expect("dropped");
    let outcome = run_at(&partnership, "2019-04-12");
    assert_eq!(outcome.exit_code(), 0, "{outcome:#?}");
    let (line, exit) = said(&partnership, ledger, month(3), "2019-04-12");
    assert!(exit == 0 && line.starts_with("accepted: ") && line.ends_with(", 5 working days late"), "{line}");
}

/// A required feed that blocks its period: once a person waives it there, the period is published without it.
#[test]
fn a_waived_feed_blocks_its_period_no_more() {
    let (temp, _) = ashvale();
    let folder = temp.path().join("pipelines/ashvale");
    for ending in ["yaml", "sql"] {
        fs::copy(folder.join(format!("general_ledger.{ending}")), folder.join(format!("schools_ledger.{ending}"))).expect("copied");
    }
    append(&folder.join("schools_ledger.yaml"), "beside: [general_ledger]");
    let partnership = read(temp.path());
    run::make_folders(&partnership).expect("folders");
    bring(temp.path(), "2018_04");
    let blocked = run_at(&partnership, "2018-05-04");
    assert_eq!((blocked.exit_code(), blocked.costed.release, blocked.costed.blocked.len()), (4, None, 1));
    let waive = |what| Waive {
        what,
        feed: "ashvale/schools_ledger".into(),
        periods: (month(1), month(1)),
        by: "ann".into(),
        reason: "closed".into(),
    };
    run::waive(&partnership, &waive(SupplyWord::Waive), &at("2018-05-04")).expect("waived");
    let published = run_at(&partnership, "2018-05-04");
    assert_eq!((published.exit_code(), published.costed.published, published.costed.blocked.len()), (0, true, 0));
    // Taken back, the period waits again; what is published does not vanish unless a person says so.
    run::waive(&partnership, &waive(SupplyWord::Undo), &at("2018-05-04")).expect("undone");
    let again = run_at(&partnership, "2018-05-04");
    assert!(!again.costed.published && again.exit_code() != 0, "{again:#?}");
    assert_eq!(again.costed.release.as_deref(), Some("r0001"));
}
