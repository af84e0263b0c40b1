//! The canary test: what is planted in the extracts of personal feeds is found nowhere in what truecost keeps or says.

use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{correct::sheet, places, transcript};

/// Surname, NI number, employee number, post, union element; sort code and account number where the layout has them.
const NORTHAM: [&str; 5] = ["Zwartkopfsen", "QQ998877D", "E8675309X", "E8675309X-4", "Zunisonish Levy"];
const SOUTHAM: [&str; 7] = ["Kvistgaardly", "QQ112233B", "98-76-54", "31415926", "R4499421K", "0ZUNION55", "Zunisonish dues"];
/// In rows that are quarantined, and in files that are refused.
const QUARANTINED: [&str; 5] = ["Quarantinsson", "QQ776655A", "E5551234Q", "E5551234Q-1", "Sickwell Absence"];
const REFUSED: [&str; 6] = ["Refusenbergh", "QQ443322C", "R7770001Z", "12-34-98", "27182818", "0REFUSED99"];

const ORACLE: &str = "ASSIGNMENT_NUMBER,EMPLOYEE_NUMBER,FULL_NAME,NATIONAL_IDENTIFIER,EFFECTIVE_DATE,ELEMENT_NAME,INPUT_VALUE_NAME,UOM,COST_ID,BALANCE_OR_COST,COSTED_VALUE,DEBIT_OR_CREDIT,CONCATENATED_SEGMENTS";
const ITRENT: &str = "EMPLOYEE_REF,POST_REF,SURNAME,FORENAME,NI_NUMBER,SORT_CODE,BANK_ACCOUNT,PAY_DATE,ELEMENT_CODE,ELEMENT_DESC,AMOUNT,COST_CODE,SUBJECTIVE";

struct House {
    folder: tempfile::TempDir,
    /// Everything that any command has said.
    said: String,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            places::copy(&places::root().join(shared), &folder.path().join(shared));
        }
        places::copy(&places::root().join("tests/fixtures/northam"), folder.path());
        Self { folder, said: String::new() }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), bytes).unwrap();
        // Not "still arriving".
        fs::File::options().write(true).open(self.path(file)).unwrap().set_modified(transcript::settled_time()).unwrap();
    }

    fn change(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{file} does not hold {from}");
        fs::write(self.path(file), text.replacen(from, to, 1)).unwrap();
    }

    /// What a command wrote, and its exit code.
    fn run(&mut self, words: &[&str]) -> (String, i32) {
        let done = Command::new(env!("CARGO_BIN_EXE_truecost")).current_dir(self.folder.path()).args(words).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        self.said.push_str(&said);
        (said, done.status.code().unwrap())
    }

    /// Every file that truecost wrote.
    fn kept(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for folder in ["landing", "lake", "published"] {
            all_files(&self.path(folder), &mut files);
        }
        files
    }
}

fn all_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { all_files(&path, files) } else { files.push(path) }
    }
}

/// The text in every encoding in which it might have got through, each by name; in small letters, as everything is compared.
fn disguises(text: &str) -> Vec<(String, Vec<u8>)> {
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let hex = text.bytes().map(|b| format!("{b:02x}")).collect::<String>().into_bytes();
    let mut found = vec![
        ("UTF-8".to_owned(), text.as_bytes().to_vec()),
        ("UTF-16LE".to_owned(), wide(u16::to_le_bytes)),
        ("UTF-16BE".to_owned(), wide(u16::to_be_bytes)),
        ("hex".to_owned(), hex),
    ];
    // Wherever it begins among three bytes; the first and last signs depend on its neighbours.
    found.extend(
        (0..3).map(|before| (format!("base64, {before} before"), base64(&[&vec![b'.'; before][..], text.as_bytes()].concat(), before))),
    );
    found.into_iter().map(|(name, bytes)| (name, bytes.to_ascii_lowercase())).collect()
}

/// The signs that the bytes after the first `before` alone decide.
fn base64(bytes: &[u8], before: usize) -> Vec<u8> {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let signs = bits.chunks_exact(6).map(|six| SIGNS[six.iter().fold(0, |all, bit| all << 1 | usize::from(*bit))]);
    signs.skip((before * 8).div_ceil(6)).collect()
}

/// The bytes, and what every zstd frame in them holds.
fn opened(bytes: &[u8]) -> Vec<Vec<u8>> {
    const FRAME: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
    let mut all = vec![bytes.to_vec()];
    for at in (0..bytes.len().saturating_sub(3)).filter(|at| bytes[*at..*at + 4] == FRAME) {
        let mut inside = Vec::new();
        if let Ok(decoder) = zstd::Decoder::new(&bytes[at..]) {
            let _ = decoder.single_frame().read_to_end(&mut inside); // as far as it goes
        }
        all.push(inside);
    }
    all
}

/// Which of the texts stand in the bytes, and how.
fn found_in(bytes: &[u8], canaries: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for layer in opened(bytes) {
        let layer = layer.to_ascii_lowercase();
        for canary in canaries {
            for (how, disguise) in disguises(canary) {
                if memchr::memmem::find(&layer, &disguise).is_some() {
                    found.insert(format!("{canary} as {how}"));
                }
            }
        }
    }
    found
}

fn oracle(rows: &[[&str; 8]]) -> String {
    let row = |r: &[&str; 8]| {
        let [assignment, employee, name, ni, date, element, value, side] = r;
        format!("{assignment},{employee},\"{name}, Jo\",{ni},{date},{element},Pay Value,M,1,C,{value},{side},01.N100.1000.0000\n")
    };
    format!("{ORACLE}\n{}", rows.iter().map(row).collect::<String>())
}

fn itrent(rows: &[[&str; 8]], total: &str) -> String {
    let row = |r: &[&str; 8]| {
        let [employee, name, ni, sort, account, code, desc, amount] = r;
        format!("{employee},P1,{name},Jo,{ni},{sort},{account},30/04/2018,{code},{desc},{amount},S100,1000\n")
    };
    format!("{ITRENT}\n{}TOTAL,,,,,,,,,,{total},,\n", rows.iter().map(row).collect::<String>())
}

/// Extracts with something of everything in good rows, in quarantined ones, and in files that are refused each for another reason.
fn plant(house: &House) {
    let [name, ni, employee, assignment, union] = NORTHAM;
    let [bad_name, bad_ni, bad_employee, bad_assignment, sick] = QUARANTINED;
    let good = [assignment, employee, name, ni, "27-APR-2018", "Basic Salary", "100.00", "D"];
    let fee = [assignment, employee, name, ni, "27-APR-2018", union, "100.00", "C"];
    let bad_date = [bad_assignment, bad_employee, bad_name, bad_ni, "31-APR-2018", sick, "0.00", "D"];
    let shifted = [bad_assignment, bad_employee, bad_name, bad_ni, bad_name, bad_ni, "0.00", "D"];
    house.write("drop/northam/payroll/PAYCOST_2018_04.csv", oracle(&[good, fee, bad_date, shifted]));
    let [name, ni, sort, account, employee, code, desc] = SOUTHAM;
    let pay = [employee, name, ni, sort, account, "0100", "Salary", "250.00"];
    let dues = [employee, name, ni, sort, account, code, desc, "250.00-"];
    let bad = [bad_employee, bad_name, bad_ni, "98-76-5x", "31415", bad_employee, sick, "0.00"];
    let april = itrent(&[pay, dues, bad], "0.00");
    // The date of the last row is none.
    let (before, last) = april.rsplit_once("30/04/2018").unwrap();
    house.write("drop/southam/payroll/itrent_elements_2018_04.csv", format!("{before}{bad_name}{last}"));
    house.write("drop/southam/payroll/itrent_elements_2018_04.ctl.json", format!("{{\"rows\": 3, \"prepared_by\": \"{name} {ni}\"}}"));
    let [name, ni, employee, sort, account, code] = REFUSED;
    let row = [employee, name, ni, sort, account, code, name, "1.00"];
    let text = itrent(&[row], name);
    house.write("drop/southam/payroll/itrent_elements_2018_05.csv", &text);
    house.write("drop/southam/payroll/itrent_elements_2018_06.csv", text.replacen("SUBJECTIVE", name, 1));
    house.write("drop/southam/payroll/itrent_elements_2018_07.csv", text.replace(ITRENT, &format!("{ITRENT},{name}")));
    house.write("drop/southam/payroll/itrent_elements_2018_08.csv", text.replace(',', ";"));
    house.write("drop/southam/payroll/itrent_elements_2018_09.csv", text.replacen(&format!("{name},Jo"), &format!("\"{name},Jo"), 1));
    house.write("drop/southam/payroll/itrent_elements_2018_10.csv", itrent(&[row], "2.00"));
    for month in 5..=10 {
        let sidecar = if month == 5 { format!("{{\"rows\": {name}}}") } else { format!("{{\"rows\": \"{name}\"}}") };
        house.write(&format!("drop/southam/payroll/itrent_elements_2018_{month:02}.ctl.json"), sidecar);
    }
    let short = format!("{ORACLE}\n{employee}-1,{employee},\"{name}, Jo\",{ni},27-MAY-2018,{code}\n");
    house.write("drop/northam/payroll/PAYCOST_2018_05.csv", &short);
    let wide: Vec<u8> = short.encode_utf16().flat_map(u16::to_le_bytes).collect();
    house.write("drop/northam/payroll/PAYCOST_2018_06.csv", wide);
    let outside = [employee, employee, name, ni, "27-JAN-2011", code, "7.00", "D"];
    house.write("drop/northam/payroll/PAYCOST_2018_07.csv", oracle(&[outside, outside, outside]));
    house.write("drop/northam/payroll/PAYCOST_2018_08.csv", format!("{name} {ni}\n{}", oracle(&[outside])));
}

/// Keys of both councils, as `truecost key new` makes them and says.
fn make_keys(house: &mut House) {
    let mut entries = String::from("keys:\n");
    for council in ["northam", "southam"] {
        let (said, code) = house.run(&["key", "new", council]);
        assert_eq!(code, 0, "{said}");
        entries.push_str(said.split("keys:\n").nth(1).expect("the lines to write"));
        for name in ["pseudonym", "sealing"] {
            let file = house.path(&format!("keys/{council}.{name}"));
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(fs::read_to_string(&file).unwrap().trim().len(), 64);
        }
    }
    assert_eq!(fs::read_to_string(house.path(".gitignore")).unwrap().matches("/keys/").count(), 1);
    let head = fs::read_to_string(house.path("pipelines/partnership.yaml")).unwrap();
    fs::write(house.path("pipelines/partnership.yaml"), head + &entries).unwrap();
}

#[test]
fn canaries_of_personal_feeds_are_found_nowhere() {
    let mut house = House::new();
    make_keys(&mut house);
    house.change(
        "pipelines/southam/payroll.yaml",
        "controls:\n",
        "sidecar: \"{stem}.ctl.json\"\ncontrols:\n- {count: rows, equals: sidecar.rows}\n",
    );
    plant(&house);
    let canaries: Vec<&str> = [&NORTHAM[..], &SOUTHAM, &QUARANTINED, &REFUSED].concat();
    let (said, _) = house.run(&["run", "-v"]);
    assert!(said.contains("accepted northam/payroll 2018/P01") && said.contains("accepted southam/payroll 2018/P01"), "{said}");
    assert!(said.matches("REFUSED").count() + said.matches("WAITS").count() >= 9, "{said}");
    let (listed, _) = house.run(&["--json", "quarantine", "list"]);
    let deliveries: BTreeSet<String> = fs::read_dir(house.path("lake/register"))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .collect();
    assert!(deliveries.len() >= 10 && listed.contains("TC0305"), "{listed}");
    for delivery in &deliveries {
        house.run(&["quarantine", "show", delivery]);
        house.run(&["--json", "quarantine", "show", delivery]);
        for row in ["2", "3", "4", "5"] {
            house.run(&["explain", "line", delivery, row]);
        }
    }
    for words in [
        &["plan"][..],
        &["status"],
        &["--json", "status"],
        &["notes"],
        &["reconcile"],
        &["suspense"],
        &["runs"],
        &["doctor"],
        &["query", "SELECT * FROM ops.delivery"],
        &["query", "SELECT * FROM cost_line"],
        &["query", "SELECT * FROM lake.ledger_line"],
        &["--json", "run", "--force", "-v"],
        &["run", "--rehash"],
        &["doctor", "--repair"],
    ] {
        house.run(words);
    }
    // Read again from the sealed bytes alone, by a changed rule; then with what people may see who say so.
    fs::remove_dir_all(house.path("drop")).unwrap();
    house.change("pipelines/northam/payroll.sql", "'GBP'", "'GBP' ");
    house.change("pipelines/southam/payroll.sql", "'GBP'", "'GBP' ");
    let (again, _) = house.run(&["run", "-v"]);
    assert!(again.contains("accepted northam/payroll 2018/P01") && again.contains("accepted southam/payroll 2018/P01"), "{again}");
    house.change("pipelines/partnership.yaml", "keys:", "query_personal: true\nkeys:");
    let (rows, code) = house.run(&["query", "--format", "csv", "SELECT * FROM lake.ledger_line"]);
    assert_eq!((rows.lines().count() >= 5, code), (true, 0), "{rows}");
    let kept = house.kept();
    assert!(kept.iter().any(|path| path.starts_with(house.path("landing/sealed"))), "{kept:?}");
    assert!(!kept.iter().any(|path| path.parent() == Some(&house.path("landing"))), "something is landed as it came: {kept:?}");
    for path in &kept {
        let found = found_in(&fs::read(path).unwrap(), &canaries);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        let name = path.to_string_lossy().to_lowercase();
        assert!(canaries.iter().all(|canary| !name.contains(&canary.to_lowercase())), "{name}");
    }
    let found = found_in(house.said.as_bytes(), &canaries);
    let lines = |canary: &str| house.said.lines().filter(|line| line.contains(canary)).map(str::to_owned).collect::<Vec<_>>();
    assert!(found.is_empty(), "{found:?}: {:?}", canaries.iter().flat_map(|canary| lines(canary)).collect::<Vec<_>>());
}

/// A feed of the reference partnership: where its files lie in a month, its heading, and a row of a person.
struct Layout {
    feed: &'static str,
    file: fn(month: &str) -> String,
    heading: &'static str,
    /// From a date, and whose row it is: in the place of the date stands anything in a row that is to be quarantined.
    row: fn(date: &str, who: &Who) -> String,
    /// A date of the month as the layout writes it.
    date: fn(month: &str) -> String,
    /// What stands behind this many rows.
    trailer: fn(rows: usize) -> String,
}

/// A person, all of whom is a canary.
struct Who {
    name: &'static str,
    ni: &'static str,
    number: &'static str,
    sort: &'static str,
    account: &'static str,
    union: &'static str,
}

const GOOD: Who =
    Who { name: "Zwartkopfsen", ni: "QQ998877D", number: "E8675309X", sort: "98-76-54", account: "31415926", union: "Zunisonish Levy" };
const BAD: Who =
    Who { name: "Quarantinsson", ni: "QQ776655A", number: "E5551234Q", sort: "87-65-43", account: "16180339", union: "Sickwell Absence" };
const TURNED_AWAY: Who =
    Who { name: "Refusenbergh", ni: "QQ443322C", number: "R7770001Z", sort: "12-34-98", account: "27182818", union: "Garnishee Order" };

impl Who {
    fn canaries(&self) -> [&'static str; 6] {
        [self.name, self.ni, self.number, self.sort, self.account, self.union]
    }
}

const NO_TRAILER: fn(usize) -> String = |_| String::new();
const WORDS: fn(&str) -> String = |month| format!("{}-{}-2018", 27, ["APR", "MAY"][usize::from(month == "05")]);
const SLASHES: fn(&str) -> String = |month| format!("28/{month}/2018");
const PLAIN: fn(&str) -> String = |month| format!("2018{month}24");

/// Every layout of the reference partnership with anything of a person in it.
const LAYOUTS: [Layout; 8] = [
    Layout {
        feed: "newham/payroll",
        file: |month| format!("PAYCOST_2018_{month}.csv"),
        heading: ORACLE,
        row: |date, w| {
            let row = |element: &str, side: &str| {
                format!(
                    "{0},{0},\"{1}, Jo\",{2},{date},{element},Pay Value,M,1,C,100.00,{side},01.N10000.40000.0000\n",
                    w.number, w.name, w.ni
                )
            };
            row("Basic Salary", "D") + &row(w.union, "C")
        },
        date: WORDS,
        trailer: NO_TRAILER,
    },
    Layout {
        feed: "havering/payroll",
        file: |month| format!("itrent_elements_2018_{month}.csv"),
        heading: ITRENT,
        row: |date, w| {
            let row = |code: &str, amount: &str| {
                let Who { name, ni, number, sort, account, union } = w;
                format!("{number},P1,{name},Jo,{ni},{sort},{account},{date},{code},{union},{amount},10000,40000\n")
            };
            row("0100", "250.00") + &row(w.union, "250.00-")
        },
        date: SLASHES,
        trailer: |_| "TOTAL,,,,,,,,,,0.00,,\n".to_owned(),
    },
    Layout {
        feed: "bexley/payroll",
        file: |month| format!("PAY2018{month}.DAT"),
        heading: "REC|PAYROLL_NO|NAME|NI_NO|DOB|SORT_CODE|ACCOUNT_NO|POST|BASIS|PAY_DATE|FROM|TO|RUN|CODE|COST|BALANCE|CENTRE|ACCOUNT",
        row: |date, w| {
            let Who { name, ni, number, sort, account, union } = w;
            let row = |code: &str, pence: &str| {
                format!("DTL|{number}|{name} Jo|{ni}|{account}|{sort}|{account}|B01|M|{date}|||N|{code}|{pence}|B10000|40000\n")
            };
            row("BAS", "25000|") + &row(union, "|25000-")
        },
        date: PLAIN,
        trailer: |rows| format!("TRL|{}|{}.00|-{}.00\n", rows * 2, rows * 250, rows * 250),
    },
    Layout {
        feed: "newham/assignment",
        file: |month| format!("ASG_2018-{month}-30.csv"),
        heading: "ASSIGNMENT_NUMBER,EMPLOYEE_NUMBER,FULL_NAME,POST,START_DATE,END_DATE,FTE,NI_LETTER,PENSION_FUND,COST_CENTRE,SPLIT_NO,SPLIT_CLASS,SPLIT_SERVICE,SPLIT_WEIGHT",
        row: |date, w| format!("{0},{0},\"{1}, Jo\",N1,{date},,1.0,A,newham_fund,N10000,1,,,\n", w.number, w.name),
        date: WORDS,
        trailer: NO_TRAILER,
    },
    Layout {
        feed: "havering/assignment",
        file: |month| format!("ASG_2018-{month}-30.csv"),
        heading: "EMPLOYEE_REF,POST_REF,SURNAME,FORENAME,FROM,TO,FTE,NI_LETTER,FUND,COST_CODE,PART,CLASS,SERVICE,WEIGHT",
        row: |date, w| format!("{},P1,{},Jo,{date},,1.0,A,havering_fund,10000,1,,,\n", w.number, w.name),
        date: SLASHES,
        trailer: NO_TRAILER,
    },
    Layout {
        feed: "bexley/assignment",
        file: |month| format!("ASG_2018-{month}-30.csv"),
        heading: "PAYROLL_NO|POST|NAME|FROM|TO|FTE|NI|FUND|CENTRE|PART|CLASS|SERVICE|WEIGHT",
        row: |date, w| format!("{}|B01|{} Jo|{date}||1.0|A|bexley_fund|B10000|1|||\n", w.number, w.name),
        date: PLAIN,
        trailer: NO_TRAILER,
    },
    Layout {
        feed: "shared/legal_time",
        file: |month| format!("LEGAL_TIME_2018_{month}.csv"),
        heading: "Entry,Date,Fee earner,Matter,Matter title,Client,Cost centre,Minutes,Chargeable,Narrative",
        row: |date, w| {
            let Who { name, ni, number, sort, account, union } = w;
            format!("1,{date},\"{name}, Jo\",M1,{name} v {number},newham,N10000,60,Y,\"{ni}, {sort} {account}: {union}\"\n")
        },
        date: SLASHES,
        trailer: NO_TRAILER,
    },
    Layout {
        feed: "shared/ticket",
        file: |month| format!("TICKET_2018_{month}.csv"),
        heading: "Ticket|Closed|Desk officer|Caller|Council|Cost centre|Minutes",
        row: |date, w| format!("T1|{date}|{0} {1}|{0} {2}|newham|N10000|15\n", w.name, w.number, w.ni),
        date: SLASHES,
        trailer: NO_TRAILER,
    },
];

/// What goes out of a personal feed says which row and why, and holds no digest of it either: who knows the rest of a record finds out by
/// its SHA-256 what is not known.
#[test]
fn no_digest_of_a_record_of_persons_is_written_down() {
    let mut house = House::new();
    make_keys(&mut house);
    plant(&house);
    house.run(&["run"]);
    let (listed, _) = house.run(&["--json", "quarantine", "list"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let is_it = |row: &&serde_json::Value| row["state"] == "accepted" && row.to_string().contains("northam");
    let one = listed["answer"].as_array().unwrap().iter().find(is_it).unwrap();
    let delivery = one["delivery_id"].as_str().unwrap();
    let (said, code) = house.run(&["quarantine", "export", "northam/payroll", "--out", "rows.xlsx"]);
    assert_eq!(code, 0, "{said}");
    let rows = sheet(&house.path("rows.xlsx"));
    assert!(rows.len() > 1 && rows[0][2] == "sha256" && rows[1..].iter().all(|row| row[2].is_empty()), "{rows:?}");
    let (said, code) = house.run(&["quarantine", "correct", "rows.xlsx", "--by", "A", "--reason", "r"]);
    assert!(code == 2 && said.contains("no cell of the workbook differs"), "{said}");
    let (said, code) = house.run(&["quarantine", "leave-out", delivery, "--all", "--by", "A", "--reason", "r"]);
    assert_eq!(code, 0, "{said}");
    let event = fs::read_to_string(house.path("lake/corrections/00000001.json")).unwrap();
    let event: serde_json::Value = serde_json::from_str(&event).unwrap();
    assert!(event["rows"].as_array().unwrap().iter().all(|row| row["sha256"] == ""), "{event}");
}

/// The reference partnership with keys of its own, and in every feed of persons a file with a good row and one to be quarantined, and a
/// file that is refused for a heading that nobody knows.
fn reference_house() -> House {
    let mut house = House { folder: tempfile::tempdir().unwrap(), said: String::new() };
    truecost::demo::write_partnership(house.folder.path()).unwrap();
    let mut entries = String::from("keys:\n");
    for council in ["bexley", "havering", "newham", "shared"] {
        let (said, code) = house.run(&["key", "new", council]);
        assert_eq!(code, 0, "{said}");
        entries.push_str(said.split("keys:\n").nth(1).expect("the lines to write"));
    }
    let head = fs::read_to_string(house.path("pipelines/partnership.yaml")).unwrap();
    fs::write(house.path("pipelines/partnership.yaml"), head + &entries).unwrap();
    for layout in &LAYOUTS {
        house.change(&format!("pipelines/{}.yaml", layout.feed), "tolerance: {rows: 0}", "tolerance: {rows: 2}");
        let (good, bad) = ((layout.row)(&(layout.date)("04"), &GOOD), (layout.row)(BAD.name, &BAD));
        let april = format!("{}\n{good}{bad}{}", layout.heading, (layout.trailer)(2));
        house.write(&format!("drop/{}/{}", layout.feed, (layout.file)("04")), april);
        let row = (layout.row)(&(layout.date)("05"), &TURNED_AWAY);
        let between = if layout.heading.contains('|') { '|' } else { ',' };
        let may = format!("{}{between}{}\n{row}{}", layout.heading, TURNED_AWAY.name, (layout.trailer)(1));
        house.write(&format!("drop/{}/{}", layout.feed, (layout.file)("05")), may);
    }
    house
}

#[test]
fn canaries_are_found_nowhere_whatever_the_layout() {
    let mut house = reference_house();
    let (said, _) = house.run(&["run", "-v"]);
    for layout in &LAYOUTS {
        assert!(said.contains(&format!("accepted {} 2018/P01", layout.feed)), "{}: {said}", layout.feed);
        assert!(said.contains(&format!("REFUSED {}", layout.feed)), "{}: {said}", layout.feed);
    }
    for words in [
        &["--json", "quarantine", "list"][..],
        &["plan"],
        &["status"],
        &["--json", "status"],
        &["notes"],
        &["reconcile"],
        &["doctor"],
        &["query", "SELECT * FROM ops.delivery"],
        &["query", "SELECT * FROM lake.driver_volume"],
        &["--json", "run", "--force", "-v"],
    ] {
        house.run(words);
    }
    house.change("pipelines/partnership.yaml", "keys:", "query_personal: true\nkeys:");
    for table in ["pay_line", "assignment"] {
        let (rows, code) = house.run(&["query", "--format", "csv", &format!("SELECT * FROM lake.{table}")]);
        assert_eq!((rows.lines().count() >= 4, code), (true, 0), "{rows}");
    }
    let canaries: Vec<&str> = [&GOOD, &BAD, &TURNED_AWAY].iter().flat_map(|who| who.canaries()).collect();
    let kept = house.kept();
    assert!(!kept.iter().any(|path| path.parent() == Some(&house.path("landing"))), "something is landed as it came: {kept:?}");
    for path in &kept {
        let found = found_in(&fs::read(path).unwrap(), &canaries);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
    let found = found_in(house.said.as_bytes(), &canaries);
    let told: Vec<&str> = house.said.lines().filter(|line| canaries.iter().any(|canary| line.contains(canary))).collect();
    assert!(found.is_empty(), "{found:?}: {told:?}");
}

/// A search that finds nothing proves nothing unless it would have found.
#[test]
fn a_planted_canary_is_found_in_every_disguise() {
    let text = "before Zwartkopfsen after";
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let hex = text.bytes().map(|b| format!("{b:02X}")).collect::<String>().into_bytes();
    let planted: Vec<Vec<u8>> = [
        vec![text.as_bytes().to_vec(), text.to_uppercase().into_bytes(), wide(u16::to_le_bytes), wide(u16::to_be_bytes), hex],
        (0..3).map(|before| base64(&[&vec![b'x'; before][..], text.as_bytes(), b"??"].concat(), 0)).collect(),
    ]
    .concat();
    for bytes in planted {
        assert!(!found_in(&bytes, &["Zwartkopfsen"]).is_empty(), "{}", String::from_utf8_lossy(&bytes));
        let packed = [b"before".to_vec(), zstd::encode_all(&bytes[..], 3).unwrap(), b"after".to_vec()].concat();
        assert!(!found_in(&packed, &["Zwartkopfsen"]).is_empty(), "packed: {}", String::from_utf8_lossy(&bytes));
    }
    assert!(found_in(text.as_bytes(), &["Kvistgaardly"]).is_empty());
}

/// No file of a table of persons says the smallest or largest value of a column, but for where a row comes from.
#[test]
fn tables_of_persons_carry_no_statistics() {
    let mut house = House::new();
    make_keys(&mut house);
    plant(&house);
    house.run(&["run"]);
    let mut files = Vec::new();
    all_files(&house.path("lake/ledger_line"), &mut files);
    let mut told = BTreeSet::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ext| ext == "parquet")) {
        let reader = parquet::file::reader::SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
        for group in parquet::file::reader::FileReader::metadata(&reader).row_groups() {
            let with = group.columns().iter().filter(|column| column.statistics().is_some());
            told.extend(with.map(|column| column.column_path().string()));
        }
    }
    assert_eq!(told, BTreeSet::from(["delivery_id".to_owned(), "source_row".to_owned()]));
    for log in files.iter().filter(|path| path.extension().is_some_and(|ext| ext == "json")) {
        let text = fs::read_to_string(log).unwrap();
        assert!(!text.contains("minValues") && !text.contains("maxValues"), "{text}");
    }
}

/// `taken: remove`: what is accepted leaves the drop folder with its sidecar, what is refused stays, and doctor names what lies there.
#[test]
fn accepted_files_are_removed_where_the_feed_says_so() {
    let mut house = House::new();
    make_keys(&mut house);
    plant(&house);
    house.run(&["run"]);
    let there = |house: &House, name: &str| house.path(&format!("drop/northam/payroll/PAYCOST_2018_{name}.csv")).is_file();
    assert!(there(&house, "04") && there(&house, "05"));
    let (said, _) = house.run(&["doctor"]);
    assert!(said.contains("plain files of northam/payroll") && said.contains("PAYCOST_2018_04.csv"), "{said}");
    house.change("pipelines/northam/payroll.yaml", "into:", "taken: remove\ninto:");
    house.run(&["run"]);
    assert!(!there(&house, "04") && there(&house, "05"), "accepted and removed, refused and left");
    let before = house.run(&["query", "--format", "csv", "SELECT COUNT(*) AS lines, SUM(amount) AS pounds FROM cost_line"]);
    house.run(&["run"]);
    assert_eq!(house.run(&["query", "--format", "csv", "SELECT COUNT(*) AS lines, SUM(amount) AS pounds FROM cost_line"]), before);
}
