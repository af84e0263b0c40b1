//! What is given: the partnership as it is declared, the files in the folders, and the steps that change them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use truecost::pipeline::{Basis, Extent, Missing};

/// A feed that there may be.
pub struct Place {
    pub council: &'static str,
    pub id: &'static str,
    pub extent: Extent,
    pub basis: Basis,
}

const fn place(council: &'static str, id: &'static str, extent: Extent, basis: Basis) -> Place {
    Place { council, id, extent, basis }
}

/// The second is the new name of the first.
pub const FEEDS: [Place; 6] = [
    place("aa", "gl", Extent::One, Basis::Ledger),
    place("aa", "ledger", Extent::One, Basis::Ledger),
    place("aa", "cards", Extent::ToDate, Basis::Ledger),
    place("aa", "pay", Extent::One, Basis::Payments),
    place("bb", "ledger", Extent::Year, Basis::Ledger),
    place("bb", "pay", Extent::ToDate, Basis::Payments),
];
pub const COUNCILS: [&str; 2] = ["aa", "bb"];
/// Periods in which something happens; P13 beside.
pub const MONTHS: u8 = 5;

pub fn council_of(feed: usize) -> usize {
    usize::from(FEEDS[feed].council == "bb")
}

/// The month in whose place the first day of a period lies: that of P13 is the last of the year.
pub fn month_of(period: u8) -> u8 {
    period.min(12)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Never,
    Always,
    /// From this period on.
    From(u8),
}

/// What a feed says, beside what it always says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// First period in which it is active.
    pub from: Option<u8>,
    /// First period in which it is so no more.
    pub to: Option<u8>,
    pub asked: Asked,
    pub missing: Missing,
    pub may_shrink: bool,
    pub repeats: bool,
}

impl Default for Said {
    fn default() -> Self {
        Self { from: None, to: None, asked: Asked::Never, missing: Missing::Block, may_shrink: false, repeats: false }
    }
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Content {
    pub feed: usize,
    /// The month of the name under which it came first, and which of the names of that month it was.
    pub k: u8,
    pub variant: u8,
    /// Rows by period; at 0 those that say no period.
    pub rows: [u64; 14],
    /// Of each row.
    pub pence: i128,
    /// Its amounts cannot be read.
    pub bad: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    pub content: usize,
    pub k: u8,
    pub time: u64,
    pub inode: u64,
}

#[derive(Clone, Debug)]
pub struct World {
    /// Bases with the period from which each holds; `None` where the council is not declared.
    pub councils: [Option<Vec<(u8, Basis)>>; 2],
    pub feeds: [Option<Said>; 6],
    /// Whether aa has the service with bb.
    pub partner: bool,
    pub folders: [BTreeMap<String, File>; 6],
    pub contents: Vec<Content>,
    /// Feeds whose files may repeat, or once might.
    pub repeated: [bool; 6],
    time: u64,
    inode: u64,
}

impl Default for World {
    fn default() -> Self {
        let declared = |at: usize| (at != 1).then(Said::default);
        Self {
            councils: [Some(vec![(1, Basis::Ledger)]), Some(vec![(1, Basis::Ledger), (3, Basis::Payments)])],
            feeds: std::array::from_fn(declared),
            partner: true,
            folders: Default::default(),
            contents: Vec::new(),
            repeated: [false; 6],
            time: 0,
            inode: 0,
        }
    }
}

/// Which deliveries a person names.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// One of those that there are.
    Delivery(usize),
    Feed(usize),
    Period(usize, u8),
}

#[derive(Clone, Copy, Debug)]
pub enum What {
    Accept,
    Withdraw,
    Undo,
}

#[derive(Clone, Debug)]
pub enum Step {
    Put {
        feed: usize,
        k: u8,
        variant: u8,
        rows: [u8; 7],
        pence: i128,
        bad: bool,
    },
    /// What was there before lies under its name again.
    Old {
        feed: usize,
        pick: usize,
    },
    Copy {
        feed: usize,
        pick: usize,
        k: u8,
        variant: u8,
    },
    /// A file gets another name, and stays the file it is.
    Move {
        feed: usize,
        pick: usize,
        k: u8,
        variant: u8,
    },
    Remove {
        feed: usize,
        pick: usize,
    },
    /// The folder comes from a backup: every file has another time.
    Restored {
        feed: usize,
    },
    Run,
    Say {
        what: What,
        which: Which,
    },
    Active {
        feed: usize,
        from: Option<u8>,
        to: Option<u8>,
    },
    Required {
        feed: usize,
        asked: Asked,
        missing: Missing,
    },
    Words {
        feed: usize,
        may_shrink: bool,
        repeats: bool,
    },
    Basis {
        council: usize,
        bases: Vec<(u8, Basis)>,
    },
    Council {
        council: usize,
    },
    Feed {
        feed: usize,
    },
    /// The first feed gets the name of the second, its folder too; or back.
    Rename,
    Member,
}

pub fn file_name(feed: usize, k: u8, variant: u8) -> String {
    let end = ["", "_b", "_c"][usize::from(variant % 3)];
    if FEEDS[feed].extent == Extent::Year { format!("x_2023{end}.csv") } else { format!("x_2023_{:02}{end}.csv", k + 3) }
}

impl World {
    /// What a declared feed of a declared council says.
    pub fn said(&self, feed: usize) -> Option<&Said> {
        self.feeds[feed].as_ref().filter(|_| self.councils[council_of(feed)].is_some())
    }

    /// The feed's own file: [`Self::rules`], and what it says of a period that is not brought, which judges nothing.
    pub fn words(&self, feed: usize) -> String {
        let Some(said) = self.said(feed) else { return String::new() };
        let required = match said.asked {
            Asked::Never => "false".to_owned(),
            Asked::Always => "true".to_owned(),
            Asked::From(period) => format!("{{from: {}}}", first_day(period)),
        };
        let missing = match said.missing {
            Missing::Block => "block",
            Missing::Without => "without",
            Missing::Carry => "carry",
        };
        format!("{}required: {required}\nmissing: {missing}\n", self.rules(feed))
    }

    /// Whether two deliveries are judged by one set of rules tells this text.
    pub fn rules(&self, feed: usize) -> String {
        let Some(said) = self.said(feed) else { return String::new() };
        let place = &FEEDS[feed];
        let (files, covers) = match place.extent {
            Extent::Year => ("x_{fiscal_year}[_{any}].csv", "{calendar: fiscal, extent: year}"),
            Extent::ToDate => ("x_{year}_{month}[_{any}].csv", "{calendar: month, extent: to_date}"),
            _ => ("x_{year}_{month}[_{any}].csv", "{calendar: month, extent: one}"),
        };
        let contract = if place.extent == Extent::One { "plain" } else { "placed" };
        let others = (0..FEEDS.len())
            .filter(|other| *other != feed && self.said(*other).is_some())
            .filter(|other| FEEDS[*other].council == place.council && FEEDS[*other].basis == place.basis);
        let beside: Vec<&str> = others.map(|other| FEEDS[other].id).collect();
        let span = |word: &str, period: Option<u8>| period.map(|p| format!("{word}: {}", first_day(p)));
        let active: Vec<String> = span("from", said.from).into_iter().chain(span("to", said.to)).collect();
        let mut text = format!(
            "contract: {}/{contract}\ninto: {}\nfiles: \"{files}\"\ncovers: {covers}\ncontrols: none\nmay_shrink: {}\nrepeats: {}\n",
            place.council,
            place.basis.common_table(),
            said.may_shrink,
            if said.repeats { "allowed" } else { "refused" },
        );
        if !beside.is_empty() {
            text.push_str(&format!("beside: [{}]\n", beside.join(", ")));
        }
        if !active.is_empty() {
            text.push_str(&format!("active: {{{}}}\n", active.join(", ")));
        }
        text
    }

    fn put(&mut self, feed: usize, k: u8, variant: u8, content: usize) {
        self.time += 1;
        self.inode += 1;
        let name = file_name(feed, k, variant);
        // What is written over a file keeps its inode in one of two ways of writing; here it does not.
        self.folders[feed].insert(name, File { content, k, time: self.time, inode: self.inode });
    }

    /// Changes what is given. Runs and persons' words change nothing of it.
    pub fn apply(&mut self, step: &Step) {
        match step {
            Step::Run | Step::Say { .. } => {}
            Step::Put { feed, k, variant, rows, pence, bad } => self.deliver(*feed, *k, *variant, *rows, *pence, *bad),
            Step::Old { feed, pick } => {
                let of_feed: Vec<usize> = (0..self.contents.len()).filter(|c| self.contents[*c].feed == *feed).collect();
                if let Some(content) = of_feed.get(pick % of_feed.len().max(1)) {
                    let Content { k, variant, .. } = self.contents[*content];
                    self.put(*feed, k, variant, *content);
                }
            }
            Step::Copy { feed, pick, k, variant } => {
                if let Some((_, file)) = self.picked(*feed, *pick).filter(|_| FEEDS[*feed].extent == Extent::One) {
                    self.put(*feed, *k, *variant, file.content);
                }
            }
            Step::Move { feed, pick, k, variant } => {
                if let Some((name, file)) = self.picked(*feed, *pick).filter(|_| FEEDS[*feed].extent == Extent::One) {
                    self.folders[*feed].remove(&name);
                    self.folders[*feed].insert(file_name(*feed, *k, *variant), File { k: *k, ..file });
                }
            }
            Step::Remove { feed, pick } => {
                if let Some((name, _)) = self.picked(*feed, *pick) {
                    self.folders[*feed].remove(&name);
                }
            }
            Step::Restored { feed } => {
                for file in self.folders[*feed].values_mut() {
                    self.time += 1;
                    self.inode += 1;
                    (file.time, file.inode) = (self.time, self.inode);
                }
            }
            other => self.edit(other),
        }
    }

    fn picked(&self, feed: usize, pick: usize) -> Option<(String, File)> {
        let folder = &self.folders[feed];
        folder.iter().nth(pick % folder.len().max(1)).map(|(name, file)| (name.clone(), *file))
    }

    fn deliver(&mut self, feed: usize, k: u8, variant: u8, rows: [u8; 7], pence: i128, bad: bool) {
        let mut of = [0; 14];
        match FEEDS[feed].extent {
            Extent::One => of[0] = u64::from(rows[0]),
            Extent::ToDate => (1..=k).for_each(|p| of[usize::from(p)] = u64::from(rows[usize::from(p)])),
            _ => {
                (1..=MONTHS).for_each(|p| of[usize::from(p)] = u64::from(rows[usize::from(p)]));
                of[13] = u64::from(rows[6] / 3);
            }
        }
        // Files without rows are all alike; that is another matter.
        if of.iter().sum::<u64>() == 0 {
            of[usize::from(FEEDS[feed].extent != Extent::One)] = 1;
        }
        self.contents.push(Content { feed, k, variant, rows: of, pence, bad });
        self.put(feed, k, variant, self.contents.len() - 1);
    }

    fn edit(&mut self, step: &Step) {
        let said = |world: &mut Self, feed: usize, change: &dyn Fn(&mut Said)| {
            if let Some(said) = &mut world.feeds[feed] {
                change(said);
            }
        };
        match step.clone() {
            Step::Active { feed, from, to } => said(self, feed, &|said| {
                (said.from, said.to) = (from, to.filter(|to| from.is_none_or(|from| from < *to)));
            }),
            Step::Required { feed, asked, missing } => said(self, feed, &|said| (said.asked, said.missing) = (asked, missing)),
            Step::Words { feed, may_shrink, repeats } => {
                said(self, feed, &|said| (said.may_shrink, said.repeats) = (may_shrink, repeats));
                self.repeated[feed] |= repeats;
            }
            Step::Basis { council, bases } => {
                if let Some(declared) = &mut self.councils[council] {
                    *declared = bases;
                }
            }
            Step::Council { council } => {
                let other = self.councils[1 - council].is_some();
                self.councils[council] = match &self.councils[council] {
                    Some(_) if other => None,
                    Some(bases) => Some(bases.clone()),
                    None => Some(vec![(1, Basis::Ledger)]),
                };
            }
            Step::Feed { feed } => {
                // Its two names are not declared at once.
                let twin = feed < 2 && self.feeds[1 - feed].is_some();
                self.feeds[feed] = if self.feeds[feed].is_some() || twin { None } else { Some(Said::default()) };
            }
            Step::Rename => {
                self.feeds.swap(0, 1);
                self.folders.swap(0, 1);
                let either = self.repeated[0] || self.repeated[1];
                (self.repeated[0], self.repeated[1]) = (either, either);
            }
            Step::Member => self.partner = !self.partner,
            _ => {}
        }
    }
}

fn month() -> std::ops::RangeInclusive<u8> {
    1..=MONTHS
}

fn bases() -> impl Strategy<Value = Vec<(u8, Basis)>> {
    let basis = || prop_oneof![Just(Basis::Ledger), Just(Basis::Payments)];
    (month(), basis(), proptest::option::weighted(0.4, (1..=2_u8, basis()))).prop_map(|(from, basis, then)| {
        // A council that begins late has no basis before.
        let first = if from > 3 { from - 2 } else { 1 };
        std::iter::once((first, basis)).chain(then.map(|(after, basis)| (first + after, basis))).collect()
    })
}

fn edits() -> impl Strategy<Value = Step> {
    let feed = || 0..FEEDS.len();
    let asked = prop_oneof![Just(Asked::Never), Just(Asked::Always), month().prop_map(Asked::From)];
    let missing = prop::sample::select(&[Missing::Block, Missing::Without, Missing::Carry][..]);
    prop_oneof![
        3 => (feed(), proptest::option::weighted(0.4, month()), proptest::option::weighted(0.4, 2..=MONTHS + 1))
            .prop_map(|(feed, from, to)| Step::Active { feed, from, to }),
        3 => (feed(), asked, missing).prop_map(|(feed, asked, missing)| Step::Required { feed, asked, missing }),
        2 => (feed(), any::<bool>(), any::<bool>()).prop_map(|(feed, may_shrink, repeats)| Step::Words { feed, may_shrink, repeats }),
        2 => (0..2_usize, bases()).prop_map(|(council, bases)| Step::Basis { council, bases }),
        1 => (0..2_usize).prop_map(|council| Step::Council { council }),
        2 => feed().prop_map(|feed| Step::Feed { feed }),
        2 => Just(Step::Rename),
        1 => Just(Step::Member),
    ]
}

fn files() -> impl Strategy<Value = Step> {
    let feed = || prop_oneof![6 => Just(0_usize), 1 => Just(1), 4 => Just(2), 1 => Just(3), 2 => Just(4), 2 => Just(5)];
    // Corrections need months that come again.
    let month = || prop_oneof![6 => 1..=2_u8, 3 => 3..=MONTHS];
    let one = || prop_oneof![3 => Just(0_usize), 1 => Just(1), 1 => Just(3)];
    let pence = prop_oneof![3 => Just(100_i128), 1 => Just(101), 1 => Just(1_000), 1 => Just(-100)];
    let bad = prop_oneof![5 => Just(false), 1 => Just(true)];
    prop_oneof![
        8 => (feed(), month(), 0..3_u8, proptest::array::uniform7(0..5_u8), pence, bad)
            .prop_map(|(feed, k, variant, rows, pence, bad)| Step::Put { feed, k, variant, rows, pence, bad }),
        1 => (feed(), 0..9_usize).prop_map(|(feed, pick)| Step::Old { feed, pick }),
        1 => (one(), 0..9_usize, month(), 0..3_u8).prop_map(|(feed, pick, k, variant)| Step::Copy { feed, pick, k, variant }),
        1 => (one(), 0..9_usize, month(), 0..3_u8).prop_map(|(feed, pick, k, variant)| Step::Move { feed, pick, k, variant }),
        1 => (feed(), 0..9_usize).prop_map(|(feed, pick)| Step::Remove { feed, pick }),
        1 => feed().prop_map(|feed| Step::Restored { feed }),
    ]
}

fn words() -> impl Strategy<Value = Step> {
    let what = prop_oneof![4 => Just(What::Accept), 3 => Just(What::Withdraw), 2 => Just(What::Undo)];
    let period = prop_oneof![8 => month(), 1 => Just(13_u8)];
    let which = prop_oneof![
        3 => (0..20_usize).prop_map(Which::Delivery),
        3 => (0..FEEDS.len()).prop_map(Which::Feed),
        2 => (0..FEEDS.len(), period).prop_map(|(feed, period)| Which::Period(feed, period)),
    ];
    (what, which).prop_map(|(what, which)| Step::Say { what, which })
}

impl Step {
    /// The same with amounts above nought: of a file whose sign is turned beside those before it a person is asked, by its amounts and not by
    /// the rules that are played here (`transcripts/later_months.txt`).
    pub fn above_nought(&self) -> Self {
        let mut same = self.clone();
        if let Self::Put { pence, .. } = &mut same {
            *pence = pence.abs();
        }
        same
    }
}

/// Some steps, with runs between them.
pub fn histories() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![10 => files(), 6 => words(), 3 => edits(), 8 => Just(Step::Run)];
    proptest::collection::vec(step, 4..28)
}

/// Of a period, as a file writes it.
fn first_day(period: u8) -> String {
    format!("{}-{:02}-01", if period > 9 { 2024 } else { 2023 }, (period + 2) % 12 + 1)
}
