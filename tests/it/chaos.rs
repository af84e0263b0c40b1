//! What breaks machines: a disk that is full, and bits that turn where data rests.
//!
//! After each of them, the next run or `truecost doctor --repair` mends it or names it; no figure is wrong behind an exit code of 0; and
//! the last release can be read.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Mutex,
};

use crate::places::{self, truecost};

/// Bits that are turned, one at a time.
const BITS: usize = 160;
/// Sizes of a disk that is too small.
const SIZES: usize = 20;

fn said(output: &Output) -> String {
    places::said(output).1
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// A partnership in `dir` whose extracts lie in `drop`, outside of it: copies of it read the same files.
fn partnership(dir: &Path, drop: &Path) {
    let root = places::root();
    copy(&root.join("tests/fixtures/ashvale"), dir);
    for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
        copy(&root.join(shared), &dir.join(shared));
    }
    let path = dir.join("pipelines/partnership.yaml");
    let text = fs::read_to_string(&path).expect("its file").replace("drop: ./drop", &format!("drop: {}", drop.display()));
    let text = text.replace("allow_paths: []", &format!("allow_paths: [{}]", drop.display()));
    fs::write(&path, text).expect("written");
}

/// The ledger of a month: `lines` debits, each with its credit.
fn extract(drop: &Path, month: u32, lines: u32) {
    let mut text = "Ref;Seq;Posted;Centre;Nature;Value;Text\n".to_owned();
    for line in 0..lines {
        let (day, pounds) = (1 + line % 28, 100 + line * 7 + month);
        let _ = writeln!(
            text,
            "A{line:03};1;{day:02}/{month:02}/2018;A{};{};{pounds}.{:02};text {line}",
            100 + line % 3,
            4100 + line % 4,
            line % 100
        );
        let _ = writeln!(text, "A{line:03};2;{day:02}/{month:02}/2018;A900;9000;-{pounds}.{:02};text {line}", line % 100);
    }
    let path = drop.join(format!("ashvale/general_ledger/ashvale_2018_{month:02}.csv"));
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(&path, format!("{text}TOTAL;;;;;0.00;\n")).expect("written");
    // It is not still arriving.
    let touched = Command::new("touch").args(["-d", "2 hours ago"]).arg(&path).status().expect("touch runs");
    assert!(touched.success());
}

/// A folder in memory where there is one: what is flushed there is flushed at once.
fn stage() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a folder")
}

/// With all times, modes and names of one file.
fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).output().expect("cp runs");
    assert!(done.status.success(), "{}", said(&done));
}

/// Every Parquet file of the latest release, by its name in it.
fn published(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let latest = dir.join("published/latest/");
    let mut found = Vec::new();
    places::gather(&latest, "parquet", &mut found);
    let name = |path: &PathBuf| path.strip_prefix(&latest).expect("below it").display().to_string();
    found.iter().map(|path| (name(path), fs::read(path).expect("bytes"))).collect()
}

/// Files in which a bit can turn, each once however many names it has: what is in `lake`, `landing` and `published`.
fn files(dir: &Path) -> Vec<PathBuf> {
    fn walk(at: &Path, found: &mut BTreeMap<u64, PathBuf>) {
        for path in fs::read_dir(at).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let metadata = path.symlink_metadata().expect("metadata");
            if metadata.is_dir() {
                walk(&path, found);
            } else if metadata.is_file() && metadata.len() > 0 {
                let first = found.entry(metadata.ino()).or_insert_with(|| path.clone());
                if path < *first {
                    *first = path;
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    ["lake", "landing", "published"].iter().for_each(|name| walk(&dir.join(name), &mut found));
    let mut files: Vec<PathBuf> = found.into_values().map(|path| path.strip_prefix(dir).expect("below it").to_owned()).collect();
    files.sort();
    files
}

/// The folder whose files are met equally often: `lake/register`, `lake/ledger_line/_delta_log`.
fn kind(path: &Path) -> String {
    let text = path.display().to_string();
    let kinds = [
        "lake/register",
        "_delta_log",
        "_log_copies",
        "lake/releases",
        "lake/runs",
        "lake/quarantine",
        "landing/",
        "published/parts",
        "published/",
    ];
    kinds.iter().find(|kind| text.contains(**kind)).map_or_else(|| "lake tables".to_owned(), |kind| (*kind).to_owned())
}

/// A sequence that looks like none, the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// A bit to turn: in a file that stands in this folder, counted from its beginning.
struct Turn {
    file: PathBuf,
    bit: usize,
}

fn turns(dir: &Path) -> Vec<Turn> {
    let mut by_kind: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    files(dir).into_iter().for_each(|path| by_kind.entry(kind(&path)).or_default().push(path));
    let (kinds, mut chance) = (by_kind.into_values().collect::<Vec<_>>(), Chance(7));
    let turn = |number: usize| {
        let of_kind = &kinds[number % kinds.len()];
        let file = of_kind[chance.below(of_kind.len())].clone();
        let length = fs::metadata(dir.join(&file)).expect("metadata").len() as usize;
        Turn { bit: chance.below(length * 8), file }
    };
    if std::env::var_os("TRUECOST_EVERY_BYTE").is_none() {
        return (0..BITS).map(turn).collect();
    }
    // By hand: a bit of every byte of the newest entry of a log.
    let newest = files(dir).into_iter().rfind(|path| kind(path) == "_delta_log").expect("a log");
    let length = fs::metadata(dir.join(&newest)).expect("metadata").len() as usize;
    (0..length).map(|byte| Turn { bit: byte * 8 + byte % 8, file: newest.clone() }).collect()
}

/// Two partnerships that only differ in a comment of one query, by which every part of a release is made again from the lake.
struct Masters {
    one: PathBuf,
    expected_changed: BTreeMap<String, Vec<u8>>,
}

const QUERY: &str = "pipelines/cost/classify/line_class.sql";

fn change_rules(dir: &Path) {
    let text = fs::read_to_string(dir.join(QUERY)).expect("a query");
    fs::write(dir.join(QUERY), format!("-- as before\n{text}")).expect("written");
}

fn masters(dir: &Path) -> Masters {
    let (drop, one, changed) = (dir.join("drop"), dir.join("one"), dir.join("changed"));
    (4..=5).for_each(|month| extract(&drop, month, 40));
    partnership(&one, &drop);
    let run = truecost(&one, &["run"]);
    assert_eq!(code(&run), 0, "{}", said(&run));
    copy(&one, &changed);
    change_rules(&changed);
    let run = truecost(&changed, &["run"]);
    assert_eq!(code(&run), 0, "{}", said(&run));
    Masters { expected_changed: published(&changed), one }
}

/// What became of one turned bit; `Err` with what must not happen.
fn after(masters: &Masters, dir: &Path, turn: &Turn) -> Result<&'static str, String> {
    copy(&masters.one, dir);
    let path = dir.join(&turn.file);
    let mut bytes = fs::read(&path).map_err(|error| error.to_string())?;
    bytes[turn.bit / 8] ^= 1 << (turn.bit % 8);
    // In place: other names of the file see it too, as on a disk.
    fs::write(&path, &bytes).map_err(|error| error.to_string())?;
    let before = published(dir);
    let rests = || fs::read(&path).is_ok_and(|now| now == bytes);

    // Everything that is not taken over is made again, from the lake and not from landing.
    change_rules(dir);
    let first = truecost(dir, &["run"]);
    let (ended, now) = (code(&first), published(dir));
    if ended != 0 && !said(&first).contains("TC") {
        return Err(format!("no code is named\n{}", said(&first)));
    }
    if ended != 0 && now != before && now != masters.expected_changed {
        return Err(format!("the last release is another\n{}", said(&first)));
    }
    if ended == 0 && now != masters.expected_changed {
        // A part that was taken over as it rests: nothing was made from it, and who hashes finds it.
        let verified = truecost(dir, &["release", "verify"]);
        if !rests() || code(&verified) == 0 {
            return Err(format!("other figures behind 0\n{}{}", said(&first), said(&verified)));
        }
    }
    if ended == 0 && !rests() {
        return Ok("mended by the run");
    }
    let end = mend(masters, dir, ended)?;
    Ok(if rests() { "rests, and nothing is made from it" } else { end })
}

/// What a person does who reads the messages; then every figure is right.
fn mend(masters: &Masters, dir: &Path, ended: i32) -> Result<&'static str, String> {
    let mut told = String::new();
    if ended != 0 {
        told.push_str(&said(&truecost(dir, &["doctor", "--repair"])));
    }
    let last = truecost(dir, &["run", "--rehash"]);
    told.push_str(&said(&last));
    match code(&last) {
        0 if published(dir) != masters.expected_changed => Err(format!("other figures behind 0, hashed\n{told}")),
        0 if ended == 0 => Ok("mended by hashing"),
        0 => Ok("named, and mended"),
        _ => Err(format!("not mended\n{told}")),
    }
}

#[test]
fn bits_that_turn_are_mended_or_named() {
    let stage = stage();
    let masters = masters(stage.path());
    let before = published(&masters.one);
    let waiting = Mutex::new(turns(&masters.one).into_iter().enumerate().collect::<Vec<_>>());
    let (faults, ends) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::<(String, &str), usize>::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((number, turn)) = { waiting.lock().expect("no thread panicked").pop() } {
                    let dir = stage.path().join(format!("turned-{number}"));
                    match after(&masters, &dir, &turn) {
                        Ok(end) => *ends.lock().expect("no thread panicked").entry((kind(&turn.file), end)).or_default() += 1,
                        Err(fault) => {
                            let fault = format!("== bit {} of {}: {fault}", turn.bit, turn.file.display());
                            faults.lock().expect("no thread panicked").push(fault);
                        }
                    }
                    fs::remove_dir_all(&dir).expect("removed");
                }
            });
        }
    });
    for ((kind, end), count) in ends.into_inner().expect("no thread panicked") {
        eprintln!("{count:4} bits of {kind}: {end}");
    }
    let faults = faults.into_inner().expect("no thread panicked");
    assert!(faults.is_empty(), "{} bits:\n{}", faults.len(), faults.join("\n"));
    assert!(published(&masters.one) == before, "the partnership of which all are copies was changed");
}

/// A disk of so many kibibytes in memory, for as long as it lives; `None` where this machine lets nobody mount one.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path, kibibytes: u64) -> Option<Self> {
        fs::create_dir_all(at).ok()?;
        let words = ["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "truecost-test"];
        let done = Command::new("mount").args(words).arg(at).output().ok()?;
        done.status.success().then_some(Self(at))
    }

    fn resize(&self, kibibytes: u64) {
        let done = Command::new("mount").args(["-o", &format!("remount,size={kibibytes}k")]).arg(self.0).output().expect("mount runs");
        assert!(done.status.success(), "{}", said(&done));
    }

    /// Kibibytes that are taken.
    fn used(&self) -> u64 {
        let done = Command::new("df").args(["-k", "--output=used"]).arg(self.0).output().expect("df runs");
        said(&done).split_whitespace().last().and_then(|word| word.parse().ok()).expect("a number")
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).output();
    }
}

const LARGE: u64 = 1 << 16;

#[test]
fn a_full_disk_harms_nothing() {
    let stage = stage();
    let (drop, dir, undisturbed) = (stage.path().join("drop"), stage.path().join("disk"), stage.path().join("undisturbed"));
    extract(&drop, 4, 40);
    partnership(&undisturbed, &drop);
    let run = truecost(&undisturbed, &["run"]);
    assert_eq!(code(&run), 0, "{}", said(&run));
    let one = published(&undisturbed);
    extract(&drop, 5, 400);
    let run = truecost(&undisturbed, &["run"]);
    assert_eq!(code(&run), 0, "{}", said(&run));
    let two = published(&undisturbed);

    let (mut full, mut fits) = (0, 0);
    for size in 0..SIZES as u64 {
        let Some(disk) = Disk::mount(&dir, LARGE) else {
            eprintln!("skipped: this machine lets nobody mount a disk in memory (`mount -t tmpfs` needs root)");
            return;
        };
        fs::remove_file(drop.join("ashvale/general_ledger/ashvale_2018_05.csv")).expect("removed");
        partnership(&dir.join("p"), &drop);
        let run = truecost(&dir.join("p"), &["run"]);
        assert_eq!(code(&run), 0, "{}", said(&run));
        extract(&drop, 5, 400);
        // Between nothing left and as much as a run takes.
        disk.resize(disk.used() + size * size);
        let run = truecost(&dir.join("p"), &["run"]);
        let now = published(&dir.join("p"));
        if code(&run) == 0 {
            fits += 1;
            assert!(now == two, "size {size}: other figures behind 0\n{}", said(&run));
        } else {
            full += 1;
            assert!(said(&run).contains("TC1"), "size {size}: {}", said(&run));
            assert!(now == one || now == two, "size {size}: the last release is harmed\n{}", said(&run));
        }
        disk.resize(LARGE);
        let again = truecost(&dir.join("p"), &["run"]);
        assert_eq!(code(&again), 0, "size {size}: {}", said(&again));
        assert!(published(&dir.join("p")) == two, "size {size}: other figures once there is room\n{}", said(&again));
    }
    eprintln!("{full} of {SIZES} sizes were too small, {fits} large enough; afterwards every figure is right");
    assert!(full > 0 && fits > 0, "{full} were too small, {fits} large enough");
}
