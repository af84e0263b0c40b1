//! The partnership whose years are played: two invented councils that share lawyers and ICT, and what they deliver month by month.

use std::{cell::Cell, fs, time::Duration};

use truecost::domain::{Day, Period};

use crate::{places, serve::Stage};

/// The first second of 2017: files are older than the days that are played.
const SETTLED: u64 = 1_483_228_800;

/// The partnership in a folder of its own.
pub struct House {
    pub stage: Stage,
    /// Files written so far: each is a second younger than the one before.
    written: Cell<u64>,
}

/// What a ledger holds beside its usual lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ledger {
    /// Pounds of supplies more than usual.
    pub more: u32,
    /// Whether most of it is not there.
    pub little: bool,
    /// Whether the file breaks off.
    pub cut: bool,
    /// Whether a line names an account that nobody knows.
    pub unknown: bool,
}

/// The month `number` months after April 2017: year and calendar month.
pub fn calendar(number: usize) -> (usize, usize) {
    (2017 + (number + 3) / 12, (number + 3) % 12 + 1)
}

/// The same as a period.
pub fn period(number: usize) -> Period {
    Period { year: i16::try_from(2017 + number / 12).unwrap(), period: u8::try_from(number % 12 + 1).unwrap() }
}

/// The last day of that month.
fn ends(number: usize) -> Day {
    let (year, month) = calendar(number + 1);
    Day::from_ymd(i32::try_from(year).unwrap(), u8::try_from(month).unwrap(), 1).unwrap().plus_days(-1)
}

impl House {
    /// `tests/fixtures/two_councils`, from April 2017 on, with times at which everything runs and days by which it is due. `tell` goes into
    /// `notify.yaml`, and what it names may be reached.
    pub fn new(hook: Option<(&str, &str)>) -> Self {
        let stage = Stage { folder: tempfile::tempdir().unwrap() };
        for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            places::copy(&places::root().join(shared), &stage.at(shared));
        }
        places::copy(&places::root().join("tests/fixtures/two_councils"), stage.folder.path());
        let mut files = Vec::new();
        ["csv", "yaml"].iter().for_each(|ending| places::gather(&stage.at("pipelines"), ending, &mut files));
        for file in files.iter().filter(|file| !file.starts_with(stage.at("pipelines/cost"))) {
            let text = fs::read_to_string(file).unwrap();
            fs::write(file, text.replace("2018-04-01", "2017-04-01").replace("school_2018", "school_2017")).unwrap();
        }
        let feeds = ["hill/general_ledger", "hill/legal_time", "hill/device", "vale/general_ledger", "vale/device"];
        for feed in feeds {
            let due = if feed.ends_with("device") { "" } else { "due: {working_day: 8, missing_after: 5}\n" };
            stage.append(&format!("pipelines/{feed}.yaml"), &format!("schedule: \"0 6 * * 1\"\n{due}"));
            fs::create_dir_all(stage.at(&format!("drop/{feed}"))).unwrap();
        }
        let cost = fs::read_to_string(stage.at("pipelines/cost/cost.yaml")).unwrap();
        let cost: String = cost.lines().filter(|line| !line.starts_with("schedule:")).map(|line| format!("{line}\n")).collect();
        stage.put("pipelines/cost/cost.yaml", &format!("{cost}schedule: \"0 7 * * 1\"\n"));
        stage.append("pipelines/partnership.yaml", "serve: {listen: 127.0.0.1:0}\n");
        if let Some((at, tell)) = hook {
            stage.append("pipelines/partnership.yaml", &format!("allow_hosts: [\"{at}\"]\n"));
            stage.put("hook", &format!("http://{at}/hook"));
            stage.put("pipelines/notify.yaml", tell);
        }
        Self { stage, written: Cell::new(0) }
    }

    pub fn write(&self, path: &str, text: &str) {
        self.stage.put(path, text);
        self.written.set(self.written.get() + 1);
        let at = std::time::UNIX_EPOCH + Duration::from_secs(SETTLED + self.written.get());
        fs::File::options().write(true).open(self.stage.at(path)).unwrap().set_modified(at).unwrap();
    }

    /// The ledger of a month, by the month in its name.
    pub fn ledger(&self, council: &str, number: usize, what: Ledger) {
        let ((year, month), (head, law, other)) = (calendar(number), place(council));
        let supplies = 1_200 + u32::try_from(number).unwrap() * 7 + what.more;
        let mut documents = vec![(law, "1000", 6_000 + u32::try_from(number).unwrap()), (law, "1010", 800), (other, "3000", supplies)];
        if council == "hill" {
            documents.push(("H20", "3000", 2_500));
        }
        if what.unknown {
            documents.push((other, "3999", 45));
        }
        if what.little {
            documents.truncate(1);
        }
        let mut text = "Ref,Line,Posted,Centre,Account,Amount\n".to_owned();
        for (at, (centre, account, pounds)) in documents.iter().enumerate() {
            text += &format!("{head}{number:02}{at},1,{year}-{month:02}-17,{centre},{account},{pounds}.10\n");
            text += &format!("{head}{number:02}{at},2,{year}-{month:02}-17,{head}90,9000,-{pounds}.10\n");
        }
        if what.cut {
            text.truncate(text.len() - 12);
        }
        self.write(&format!("drop/{council}/general_ledger/ledger_{year}_{month:02}.csv"), &text);
    }

    pub fn minutes(&self, number: usize) {
        let (year, month) = calendar(number);
        let text = format!("Client,Minutes\nhill,{}\nvale,300\nmill_school,50\n", 690 + number);
        self.write(&format!("drop/hill/legal_time/time_{year}_{month:02}.csv"), &text);
    }

    pub fn devices(&self, council: &str, number: usize) {
        let text = match council {
            "hill" => "Centre,Devices\nH10,6\nH20,5\nH30,51\n",
            _ => "Centre,Devices\nV10,6\nV30,32\n",
        };
        self.write(&format!("drop/{council}/device/devices_{}.csv", ends(number)), text);
    }
}

/// How its documents are called, its lawyers' cost centre, and another.
fn place(council: &str) -> (&'static str, &'static str, &'static str) {
    if council == "hill" { ("H", "H10", "H30") } else { ("V", "V10", "V30") }
}
