//! Words of `truecost plan`, `run` and `demo`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub selection: Selection,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// The folder; `truecost-demo` if not given.
    #[arg(default_value = "truecost-demo")]
    pub dir: PathBuf,
    /// Ledger lines for each council.
    #[arg(long, default_value_t = 20_000)]
    pub lines: u64,
    /// The same seed makes the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Args, Clone)]
pub struct Selection {
    /// Councils or feeds: `newham`, `newham/general_ledger`; all if none is given.
    #[arg(value_name = "SELECT")]
    pub select: Vec<String>,
    /// One period, `2023/P04`, or several, `2017/P01..2018/P12`.
    #[arg(long, conflicts_with = "year")]
    pub period: Option<String>,
    /// One financial year by its starting year, `2023`.
    #[arg(long)]
    pub year: Option<String>,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a word that stands there or does not
pub struct Run {
    #[command(flatten)]
    pub selection: Selection,
    /// Only take what is new of the feeds; publish nothing.
    #[arg(long, conflicts_with_all = ["cost", "let_go"])]
    pub deliver: bool,
    /// Only the cost run: look at no source, and publish what the common tables hold.
    #[arg(long, conflicts_with_all = ["select", "period", "year"])]
    pub cost: bool,
    /// Run what is due at this time, unless another run has taken it: `newham/general_ledger=2018-05-01T05:00:00Z`, `cost=…`. May be given
    /// more than once.
    #[arg(long, value_name = "NAME=INSTANT", conflicts_with_all = ["select", "period", "year", "deliver", "cost", "let_go"])]
    pub slot: Vec<String>,
    /// Read and hash every file again, also those that look unchanged.
    #[arg(long)]
    pub rehash: bool,
    /// Judge, normalise and classify again, even where nothing changed.
    #[arg(long)]
    pub force: bool,
    /// Let a published period vanish from the next release, once: `2023/P02`. It goes with `--by` and `--reason`.
    #[arg(long, value_name = "PERIOD", requires_all = ["by", "reason"])]
    pub let_go: Vec<String>,
    /// Who lets it go.
    #[arg(long, value_name = "NAME", requires = "let_go")]
    pub by: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT", requires = "let_go")]
    pub reason: Option<String>,
    /// Threads; the machine's processors if not given.
    #[arg(long)]
    pub threads: Option<usize>,
    /// A line on stderr for all that happens, each with the instant, the run and the step: for who keeps logs.
    #[arg(long, value_enum, value_name = "SHAPE")]
    pub log: Option<LogShape>,
    /// Write what the run did as metrics into this file, in the text format of Prometheus.
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
}

/// How lines of a log are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogShape {
    Text,
    Json,
}

impl LogShape {
    /// As it is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}
