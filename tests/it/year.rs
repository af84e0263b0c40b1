//! Two financial years in minutes: 24 month ends, both clock changes, and what happens to whoever runs such a thing. `serve` is driven by a
//! clock that is stepped; what it logs, what somebody is told and what is typed is the transcript, which is golden.
//!
//! A month's files come on the Monday after it, feeds run at six and the cost run at seven on Mondays, and a month is closed on its fourth
//! Monday. [`PLANTED`] says what goes otherwise.

use std::fs;

use truecost::domain::Day;

use crate::{
    golden::golden,
    notices::Server,
    serve::Serving,
    year_house::{House, Ledger, period},
};

/// One thing that goes otherwise: the month that it is about, on which of its Mondays, and what happens in place of the ordinary morning.
struct Planted {
    month: usize,
    week: usize,
    what: &'static str,
    happens: fn(&mut Year),
}

const fn planted(month: usize, week: usize, what: &'static str, happens: fn(&mut Year)) -> Planted {
    Planted { month, week, what, happens }
}

/// Everything that is planted, in its order.
const PLANTED: &[Planted] = &[
    planted(1, 3, "vale's ledger comes late", |y| {
        y.house.ledger("vale", 1, Ledger::default());
        y.morning();
    }),
    planted(2, 4, "hill's ledger was missing, and the month could not be closed", |y| {
        y.house.ledger("hill", 2, Ledger::default());
        y.morning();
        y.types(&["period", "close", "2017/P03"], true);
    }),
    planted(3, 1, "hill's ledger comes twice", |y| {
        y.house.ledger("hill", 3, Ledger::default());
        y.morning();
    }),
    planted(4, 0, "vale's ledger breaks off", |y| {
        y.house.ledger("vale", 4, Ledger { cut: true, ..Ledger::default() });
        y.morning();
    }),
    planted(4, 1, "vale's ledger is whole", |y| {
        y.house.ledger("vale", 4, Ledger::default());
        y.morning();
    }),
    planted(5, 1, "hill corrects its ledger before the close", |y| {
        y.house.ledger("hill", 5, Ledger { more: 30, ..Ledger::default() });
        y.morning();
    }),
    planted(6, 1, "somebody edits a feed, and mistypes", |y| {
        y.house.stage.edit("pipelines/vale/device.yaml", "into:", "inot:");
        y.step();
        y.house.stage.edit("pipelines/vale/device.yaml", "inot:", "into:");
        y.serving().signal("HUP");
        y.later(20);
        y.later(80);
    }),
    planted(7, 1, "the machine is down for three days", |y| {
        y.ends();
        let day = y.day;
        y.starts(day.plus_days(1), "12:00:00", &[]);
    }),
    planted(8, 1, "the clock is set back by two hours, and goes on", |y| {
        y.morning();
        y.at("05:00:00");
        y.at("07:30:00");
    }),
    planted(9, 0, "the run dies in mid-commit, and once more", |y| y.dies("log.entry_written:1:abort")),
    planted(10, 1, "hill sends its ledger again, with little in it", |y| {
        y.house.ledger("hill", 10, Ledger { little: true, ..Ledger::default() });
        y.morning();
        y.types(&["accept", "hill/general_ledger/2017/P11"], true);
    }),
    planted(11, 1, "the cost run dies while it publishes, and once more", |y| {
        y.house.ledger("vale", 11, Ledger { more: 11, ..Ledger::default() });
        y.dies("release.renamed:1:abort");
    }),
    planted(12, 1, "a file comes for a closed month", |y| {
        y.house.ledger("hill", 3, Ledger { more: 12_340, ..Ledger::default() });
        y.morning();
        y.types(&["period", "preview", "2017/P04"], false);
    }),
    planted(13, 1, "the closed month is reopened, and restated", |y| {
        y.types(&["period", "reopen", "2017/P04"], true);
        y.morning();
        y.types(&["release", "verify"], false);
        y.types(&["period", "close", "2017/P04"], true);
    }),
    planted(14, 1, "a rule changes", |y| {
        let row = "hill_law_supplies,hill,,,H20,,3000,2018-06-01,,retained,none,,decided,a_clerk,chief_accountant\nhill_legal,";
        y.house.stage.edit("pipelines/reference/ownership_rule.csv", "hill_legal,", row);
        y.morning();
    }),
    planted(15, 0, "hill's ledger names an account that nobody knows", |y| {
        y.house.ledger("hill", 15, Ledger { unknown: true, ..Ledger::default() });
        y.morning();
    }),
    planted(15, 1, "somebody adds the account", |y| {
        let row =
            "hill,3999,supplies_and_services,expenditure,true,false,false,false,2017-04-01,,added,a_clerk,chief_accountant\nhill,9000,";
        y.house.stage.edit("pipelines/reference/account.csv", "hill,9000,", row);
        y.morning();
    }),
    planted(16, 1, "vale has no ledger of August, and is let go", |y| {
        y.morning();
        y.types(&["supply", "waive", "vale/general_ledger", "2018/P05"], true);
    }),
    planted(17, 1, "a delivery is withdrawn", |y| {
        y.types(&["withdraw", "hill/general_ledger/2018/P06"], true);
        y.morning();
    }),
    planted(17, 2, "and comes back", |y| {
        y.types(&["withdraw", "hill/general_ledger/2018/P06", "--undo"], true);
        y.morning();
    }),
    planted(18, 1, "the scheduler is killed, and started again", |y| {
        y.serving().signal("KILL");
        y.ends_somehow();
        let day = y.day;
        y.starts(day, "05:30:00", &[]);
        y.morning();
    }),
    planted(19, 0, "the source cannot be reached, then can", |y| {
        fs::rename(y.house.stage.at("drop"), y.house.stage.at("gone")).unwrap();
        y.step();
        fs::rename(y.house.stage.at("gone"), y.house.stage.at("drop")).unwrap();
        y.morning();
    }),
    planted(20, 1, "who is told does not answer", |y| {
        y.house.ledger("vale", 20, Ledger { more: 5, ..Ledger::default() });
        y.hook.answers("503 Busy");
        // The feeds, the cost run, and what was not taken once more between runs.
        (0..3).for_each(|_| y.step());
        y.hook.answers("200 OK");
        y.morning();
    }),
    planted(21, 1, "a file lies there that is no feed's", |y| {
        y.house.write("drop/hill/general_ledger/copy of ledger.csv", "Ref,Line\n");
        y.morning();
        fs::remove_file(y.house.stage.at("drop/hill/general_ledger/copy of ledger.csv")).unwrap();
    }),
    planted(22, 1, "the rules of the program are read anew: everything is judged again", |y| {
        y.types(&["run", "--force"], false);
        y.morning();
    }),
];

/// Ledgers that do not come on their Monday.
const HELD_BACK: [(&str, usize); 5] = [("vale", 1), ("hill", 2), ("vale", 4), ("hill", 15), ("vale", 16)];

const TELL: &str = "channels:\n  finance: {webhook: {url: \"${file:hook}\", shape: json}}\ntell:\n- {events: [refused, waiting, late, missing, arrived, check_failed, run_failed, held, released, restated, after_close], channels: [finance]}\n";

struct Year {
    house: House,
    hook: Server,
    serving: Option<Serving>,
    /// The Monday that is played.
    day: Day,
    /// The instant of the clock.
    now: String,
    /// When there is next something to do, as `serve` says it.
    next: String,
    /// How much of its log was read.
    read: usize,
    text: String,
}

/// A transcript that did not come to its end is shown as far as it came.
impl Drop for Year {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.text);
        }
    }
}

impl Year {
    fn serving(&self) -> &Serving {
        self.serving.as_ref().expect("it serves")
    }

    fn starts(&mut self, day: Day, time: &str, set: &[(&str, &str)]) {
        self.now = format!("{day}T{time}Z");
        self.serving = Some(self.house.stage.serve_with(&self.now, "clock", set));
        self.next = self.serving().idle(&self.now.clone());
        self.note();
    }

    fn ends(&mut self) {
        self.serving().signal("TERM");
        let ended = self.serving.take().expect("it serves").ends();
        self.note();
        assert_eq!(ended, Some(0));
    }

    fn ends_somehow(&mut self) {
        let _ = self.serving.take().expect("it serves").ends();
    }

    /// Feeds at six, the cost run at seven, and whatever is tried again.
    fn morning(&mut self) {
        while self.next.starts_with(&self.day.to_string()) {
            self.step();
        }
    }

    /// To the next thing that is to be done.
    fn step(&mut self) {
        let to = self.next.clone();
        self.to(&to);
    }

    fn at(&mut self, time: &str) {
        let to = format!("{}T{time}Z", self.day);
        self.to(&to);
    }

    /// So many minutes after what was done last.
    fn later(&mut self, minutes: i32) {
        let (hour, minute) = (self.now[11..13].parse::<i32>().unwrap(), self.now[14..16].parse::<i32>().unwrap());
        let minutes = hour * 60 + minute + minutes;
        self.at(&format!("{:02}:{:02}:00", minutes / 60, minutes % 60));
    }

    fn to(&mut self, instant: &str) {
        instant.clone_into(&mut self.now);
        self.next = self.serving().step(instant);
        self.note();
    }

    /// A morning on which runs die at a crash point, and one after it on which they do not.
    fn dies(&mut self, crash: &str) {
        self.ends();
        let day = self.day;
        self.starts(day, "04:00:00", &[("TRUECOST_CRASH", crash)]);
        self.step();
        self.at("07:30:00");
        self.ends();
        self.starts(day, "09:00:00", &[]);
    }

    /// What the log says since it was read, and what somebody was told.
    fn note(&mut self) {
        let log = fs::read_to_string(self.house.stage.at("clock.log")).unwrap();
        let lines = log[self.read..].lines().filter(|line| line.get(10..11) == Some("T") && line.get(19..20) == Some("Z"));
        let mut slot = "";
        for line in lines {
            let word = line.get(21..28).unwrap_or_default().trim();
            match word {
                "slot" => slot = line,
                // Nothing new of anybody.
                "run" if line.ends_with("exit 0: no new delivery") => {}
                _ => {
                    if word == "run" {
                        self.text.push_str(&format!("{slot}\n"));
                    }
                    let line = line.split_once("; http://").map_or(line, |(line, _)| line);
                    self.text.push_str(&format!("{line}\n"));
                }
            }
        }
        self.read = log.len();
        let mut told: Vec<String> = Vec::new();
        for asked in self.hook.take() {
            let notice = asked.json();
            let word = |key: &str| notice[key].as_str().unwrap_or_default().to_owned();
            told.push(format!("  told {} {}: {}\n", word("kind"), word("subject"), word("text")));
        }
        told.sort();
        self.text.extend(told);
    }

    /// A command, how it ended, and the first line that it said.
    fn types(&mut self, words: &[&str], signed: bool) {
        let by: &[&str] = if signed { &["--by", "chief accountant", "--reason", "as agreed"] } else { &[] };
        let done = self.house.stage.truecost(&[words, by].concat());
        let said = String::from_utf8_lossy(&done.stdout);
        let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        // How many parts a month has, and files a release, is for other tests.
        let counts = words.contains(&"close") || words.contains(&"verify");
        let first = if counts { first.split(": ").next().unwrap_or_default() } else { first };
        self.text.push_str(&format!("$ truecost {}\n{first}\n", words.join(" ")));
        let code = done.status.code();
        if code != Some(0) {
            let errors = String::from_utf8_lossy(&done.stderr).into_owned();
            errors.lines().filter(|line| line.starts_with("error")).for_each(|line| self.text.push_str(&format!("{line}\n")));
            self.text.push_str(&format!("(exit {code:?})\n"));
        }
        self.note();
    }

    /// The files of a month come, but for those that do not.
    fn files(&mut self, month: usize) {
        for council in ["hill", "vale"] {
            if !HELD_BACK.contains(&(council, month)) {
                self.house.ledger(council, month, Ledger::default());
            }
            if month.is_multiple_of(3) {
                self.house.devices(council, month);
            }
        }
        self.house.minutes(month);
    }

    /// One Monday: what comes, what happens, and on the fourth the close.
    fn monday(&mut self, month: usize, week: usize, day: Day) {
        self.day = day;
        if week == 0 {
            self.text.push_str(&format!("\n== {} ends\n", period(month)));
            self.files(month);
        }
        match PLANTED.iter().find(|planted| (planted.month, planted.week) == (month, week)) {
            Some(planted) => {
                self.text.push_str(&format!("-- {day}: {}\n", planted.what));
                (planted.happens)(self);
            }
            None => self.morning(),
        }
        if week == 3 {
            self.types(&["period", "close", &period(month).to_string()], true);
        }
        if week == 3 && month % 12 == 11 {
            self.types(&["period", "close", &format!("{}/P13", period(month).year)], true);
        }
    }
}

#[test]
fn two_years_in_which_everything_happens() {
    let hook = Server::start();
    let house = House::new(Some((&hook.at(), TELL)));
    let first = Day::from_ymd(2017, 5, 7).unwrap();
    let (text, now) = (String::new(), String::new());
    let mut year = Year { house, hook, serving: None, day: first, now: now.clone(), next: now, read: 0, text };
    year.starts(first, "12:00:00", &[]);
    let last = Day::from_ymd(2019, 4, 29).unwrap();
    for day in (1..).step_by(7).map(|days| first.plus_days(days)).take_while(|day| *day <= last) {
        let (of_year, of_month, number) = day.ymd();
        let month = usize::try_from(of_year * 12 + i32::from(of_month) - (2017 * 12 + 5)).unwrap();
        match number {
            // The first Monday is that of a month's second day or later.
            1 => year.monday(month - 1, 4, day),
            _ => year.monday(month, usize::from(number - 2) / 7, day),
        }
    }
    year.ends();
    year.text.push_str("\n== at the end\n");
    let verified = year.house.stage.truecost(&["release", "verify", "--all"]);
    let (said, code) = (String::from_utf8_lossy(&verified.stdout).into_owned(), verified.status.code().unwrap());
    let checked = "; 19 checks asked again: they find what they found then";
    let (whole, other): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| line.strip_suffix(checked).unwrap_or(line).ends_with("files, as written"));
    let asked = whole.iter().filter(|line| line.ends_with(checked)).count();
    let numbers = format!("{} as written, the checks of {asked} asked again", whole.len());
    year.text.push_str(&format!("$ truecost release verify --all\n{numbers}{}\n(exit {code})\n", other.concat()));
    year.types(&["vacuum", "--dry-run"], false);
    for words in [&["supply"][..], &["period", "list"]] {
        let done = year.house.stage.truecost(words);
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        year.text.push_str(&format!("$ truecost {}\n{said}(exit {})\n", words.join(" "), done.status.code().unwrap()));
    }
    let asked = [
        "SELECT state, count(*) AS months FROM period GROUP BY state ORDER BY state",
        "SELECT check_no, name FROM check_result WHERE NOT passed",
        "SELECT ownership, sum(amount) AS pounds FROM separation GROUP BY ownership ORDER BY ownership",
        "SELECT number, sum(difference) AS restated FROM restatement GROUP BY number",
        "SELECT kind, over, count(*) AS told FROM ops.notice GROUP BY kind, over ORDER BY kind, over",
        "SELECT exit, count(*) AS runs FROM ops.run GROUP BY exit ORDER BY exit",
    ];
    for sql in asked {
        let done = year.house.stage.truecost(&["query", "--format", "csv", sql]);
        year.text.push_str(&format!("$ truecost query \"{sql}\"\n{}", String::from_utf8_lossy(&done.stdout)));
    }
    println!("year: {} planted, {} releases", PLANTED.len(), releases(&year));
    golden("golden/year.txt", &year.text);
}

fn releases(year: &Year) -> usize {
    let names = fs::read_dir(year.house.stage.at("published")).unwrap().flatten();
    names.filter(|entry| entry.file_name().to_string_lossy().starts_with("r0")).count()
}
