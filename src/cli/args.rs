//! The words that `truecost` understands.

mod add;
mod quarantine;
mod run;
mod suspense;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report;

pub use add::*;
pub use quarantine::Quarantine;
pub use run::*;
pub use suspense::{AddCodes, Sure, Suspense, SuspenseAction};

/// What each shared service really costs, and who should bear it.
#[derive(Debug, Parser)]
#[command(name = "truecost", version, propagate_version = true, max_term_width = 110)]
pub struct Words {
    /// The partnership's folder.
    #[arg(short = 'C', value_name = "DIR", default_value = ".", global = true)]
    pub partnership: PathBuf,
    /// Answer in JSON, with a versioned shape.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(flatten)]
    pub talk: Talk,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a partnership into a folder, to start from: the reference partnership, or one that is empty.
    Init {
        /// The folder; made if it is not there.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// No council, no feed, reference tables with headings only.
        #[arg(long)]
        empty: bool,
        /// As `--empty`, with this council; may be given more than once.
        #[arg(long, value_name = "NAME")]
        council: Vec<String>,
    },
    /// Add a council, or a feed from sample files: asks what no file can tell, tries it in a copy, then writes it.
    Add {
        #[command(subcommand)]
        what: Add,
    },
    /// Compare two contracts of one extract.
    Contract {
        #[command(subcommand)]
        action: Contract,
    },
    /// Make a synthetic partnership's ledgers for 2018/19, run everything, and show what it costs.
    Demo(Demo),
    /// Say what is in a file that nobody has described yet: its text, its columns, and what speaks for each; needs no partnership.
    Profile {
        /// The file, as its sender sent it.
        file: PathBuf,
        /// The sheet of a workbook, by its name or its number; the one that holds most if not given.
        #[arg(long, value_name = "SHEET")]
        sheet: Option<String>,
    },
    /// Look at the machine and at what truecost keeps: what a run needs, and what is missing.
    Doctor {
        /// Make drop folders that are not there and mend what truecost itself keeps, where it does not fit together, before looking.
        #[arg(long)]
        repair: bool,
        /// Let a lake on a file system of another machine (NFS, CIFS) pass.
        #[arg(long)]
        anyway: bool,
    },
    /// Check every file of the partnership; needs no data.
    Validate,
    /// Say what a run would do, and why; change nothing.
    Plan(Plan),
    /// Land, judge, normalise, classify, separate, prove and publish what is new.
    Run(Run),
    /// Run what is scheduled, each at its time, until a signal ends it; say over HTTP how it is.
    Serve {
        /// How its log is written, and that of the runs that it starts.
        #[arg(long, value_enum, value_name = "SHAPE", default_value_t = LogShape::Text)]
        log: LogShape,
    },
    /// Let a delivery that waits count: the next run takes it.
    Accept(Decide),
    /// Take a delivery out: its rows leave the table, and what stood below it comes back.
    Withdraw {
        #[command(flatten)]
        decide: Decide,
        /// Take the withdrawal back: the delivery is judged again, at its former place.
        #[arg(long)]
        undo: bool,
    },
    /// The state of every feed and of the latest release.
    Status,
    /// What is expected of every feed, when, and what became of it: late, missing, refused.
    #[command(args_conflicts_with_subcommands = true)]
    Supply {
        /// One period, `2018/P03`; what is not settled and what was expected last, if none is given.
        #[arg(long)]
        period: Option<String>,
        #[command(subcommand)]
        action: Option<Supply>,
    },
    /// Close a period, so that nothing that comes or changes moves its figures; reopen it.
    Period {
        #[command(subcommand)]
        action: PeriodAction,
    },
    /// Look after what is published.
    Release {
        #[command(subcommand)]
        action: Release,
    },
    /// Past runs, newest first; one of them in full.
    #[command(args_conflicts_with_subcommands = true)]
    Runs {
        /// How many.
        #[arg(short = 'n', default_value_t = 20)]
        most: usize,
        #[command(subcommand)]
        action: Option<Runs>,
    },
    /// What a run noted, and nobody has to do anything about.
    Notes {
        /// The run's number or id, as `truecost runs` lists it; the last one if none is given.
        #[arg(value_name = "RUN")]
        run: Option<String>,
    },
    /// Rows that could not be read exactly.
    Quarantine {
        #[command(subcommand)]
        action: Quarantine,
    },
    /// Codes that no rule covers.
    Suspense(Suspense),
    /// Follow rows and pounds from the source to what is published.
    Reconcile,
    /// The auditor's checks, and what each found on the latest release.
    Checks,
    /// Ask a question in SQL: published.* (the default), lake.*, reference.*, ops.*.
    Query(Query),
    /// Explain a figure, where a line's pounds went, an error code, or a word of a contract or feed: `truecost explain dates`.
    #[command(subcommand_negates_reqs = true)]
    Explain {
        #[command(subcommand)]
        what: Option<Explain>,
        /// `contract`, `feed`, `dates`, `money`, `files`, `covers`, `controls`, `functions`, or any word of these files.
        #[arg(required = true)]
        word: Vec<String>,
    },
    /// Print the JSON Schema of a kind of file, for an editor: `truecost schema contract > contract.schema.json`.
    Schema {
        /// `contract`, `feed`, `partnership`, `cost` or `notify`; what there are if none is given.
        kind: Option<String>,
    },
    /// How shared cost is borne, for a committee, in Markdown: members, pools, drivers, volumes, shares, policies, and what is missing.
    Method {
        /// `2018/P01`; the last that is allocated if none is given.
        #[arg(long)]
        period: Option<String>,
    },
    /// Secret keys of a council whose feeds hold personal data.
    Key {
        #[command(subcommand)]
        action: Key,
    },
    /// Who is told of what happens.
    Notify {
        #[command(subcommand)]
        action: Notify,
    },
    /// When feeds are due to run.
    Schedule {
        #[command(subcommand)]
        action: Schedule,
    },
    /// Remove what `retention` lets go: releases, parts, lake files, landed bytes, faulty rows, records of runs.
    Vacuum {
        /// Only say what would go.
        #[arg(long)]
        dry_run: bool,
        /// Go by the clock, although nothing that the lake has seen leads to the day that it shows.
        #[arg(long, conflicts_with = "dry_run")]
        anyway: bool,
    },
    /// Print a completion script for a shell.
    Completions { shell: clap_complete::Shell },
}

/// How much a command says.
#[derive(Debug, Args, Clone, Copy)]
pub struct Talk {
    /// Print errors, warnings and how it ended, and nothing else.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print every step, and every note in full.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
}

impl Talk {
    /// As reports take it.
    pub const fn meant(self) -> report::Talk {
        match (self.quiet, self.verbose) {
            (true, _) => report::Talk::Quiet,
            (false, true) => report::Talk::Full,
            (false, false) => report::Talk::Plain,
        }
    }
}

#[derive(Debug, Args)]
pub struct Decide {
    /// A delivery (16 hex digits), a feed `newham/payments`, or a feed and a period `newham/payments/2023/P01`.
    #[arg(value_name = "WHAT")]
    pub selector: String,
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Subcommand)]
pub enum Supply {
    /// Let a period of a feed go without a delivery: it is neither late nor missing any more.
    Waive {
        /// `newham/general_ledger`.
        feed: String,
        /// `2018/P03`, or the first and the last: `2018/P01..2018/P03`.
        period: String,
        /// Who lets it go.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Take the waiver back: it is expected again.
        #[arg(long)]
        undo: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Runs {
    /// What a run did, step by step: what it read and wrote, and what it left and why.
    Show {
        /// Its number or its id, as `truecost runs` lists them.
        run: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum PeriodAction {
    /// Every period, with its state, by whom and why.
    List,
    /// Freeze what the figures of a period stand on; what comes for it from then on waits until somebody reopens it.
    Close {
        #[command(flatten)]
        said: PeriodSaid,
        /// Close it although something speaks against it; text and reasons are kept.
        #[arg(long, value_name = "TEXT")]
        anyway: Option<String>,
    },
    /// Let a closed period go: the next run restates it.
    Reopen {
        #[command(flatten)]
        said: PeriodSaid,
    },
    /// Say what a period would be were it open: what came late, and what rules have changed since. Nothing is published.
    Preview {
        /// `2018/P03`.
        period: String,
    },
}

#[derive(Debug, Args)]
pub struct PeriodSaid {
    /// `2018/P03`.
    pub period: String,
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Subcommand)]
pub enum Release {
    /// Every release that is there: when, by which run, of which periods.
    List,
    /// What a release holds: periods, tables with rows and pounds, deliveries, and the digests of what made it.
    Show {
        /// `r0007`.
        release: String,
        /// Write the configuration that made it into this folder, which holds none.
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// What changed from one release to another: cell by cell, with the kinds of causes.
    Diff {
        /// `r0006`.
        old: String,
        /// `r0007`.
        new: String,
        /// The cost lines behind it too: those that stand in one of the two alone.
        #[arg(long)]
        lines: bool,
        /// How many lines.
        #[arg(short = 'n', default_value_t = 200, requires = "lines")]
        most: usize,
    },
    /// Hash every file of a release and of the common tables, and say which are not as they were written; exit 1 where one is.
    Verify {
        /// `r0007`; the latest if none is given.
        #[arg(value_name = "RELEASE", conflicts_with = "all")]
        release: Option<String>,
        /// Every release.
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Args)]
pub struct Query {
    /// One SELECT.
    pub sql: String,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Ask the release of this name, `r0007`: published tables as they were.
    #[arg(long, value_name = "RELEASE", conflicts_with = "as_of")]
    pub release: Option<String>,
    /// Ask the release that was the latest at the end of this day, `2018-07-14`.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Csv,
    Json,
    Parquet,
    /// A workbook: an amount is a number only where the number is that amount, and nothing is a formula.
    Xlsx,
}

#[derive(Debug, Subcommand)]
pub enum Explain {
    /// The raw record of a line, how it was read, and where its pounds went.
    Line {
        /// Delivery id, 16 hex digits.
        delivery: String,
        /// Line of the file on which the record starts (`source_row`).
        row: u64,
    },
    /// What the use of a service costs who bears it: where it arises, by what it is shared, and the lines behind it.
    Cost {
        /// The service that is used: `legal`.
        #[arg(long)]
        service: String,
        /// Who bears it: a council, a company or a customer.
        #[arg(long)]
        bearer: String,
        /// `2018/P01`.
        #[arg(long)]
        period: String,
        /// How many lines.
        #[arg(short = 'n', default_value_t = 20)]
        most: usize,
    },
    /// The page of an error code; all codes if none is given.
    Code { code: Option<String> },
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make both keys, in files for you alone; never over keys that are there.
    New {
        /// `newham`.
        council: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Notify {
    /// Send a message that says that it is a test, and print what was answered.
    Test {
        /// A channel of pipelines/notify.yaml; all if none is given.
        channel: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Schedule {
    /// Every schedule of the partnership.
    List,
    /// The next times of every schedule.
    Next {
        /// How many times.
        #[arg(short = 'n', default_value_t = 5)]
        count: usize,
    },
}
