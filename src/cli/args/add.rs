//! Words of `truecost add` and `truecost contract`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::AddCodes;

#[derive(Debug, Subcommand)]
pub enum Contract {
    /// Every difference, and what it breaks.
    Diff {
        /// A name below schemas/sources, `ashvale/spend`, or the path of a file.
        old: String,
        /// The one that takes its place.
        new: String,
    },
    /// Only what files, rows or SQL of the old one do not survive; exit 1 where there is something.
    Breaking {
        /// A name below schemas/sources, `ashvale/spend`, or the path of a file.
        old: String,
        /// The one that takes its place.
        new: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Add {
    /// Its entry in pipelines/partnership.yaml.
    Council {
        /// `ashvale`: a small letter, then small letters, digits and `_`.
        name: String,
        #[command(flatten)]
        said: Said,
    },
    /// Its contract, its feed and its SQL, from one sample file or several.
    Feed(AddFeed),
    /// Rows for accounts in a file that no row of their reference table knows: asked once a block, with the pounds that they cover.
    Accounts(AddCodes),
    /// Rows for cost centres in a file that no row of their reference table knows.
    CostCentres(AddCodes),
    /// Rows for departments in a file that no row of their reference table knows.
    Departments(AddCodes),
}

#[derive(Debug, Args)]
pub struct AddFeed {
    /// Council and name of the feed: `ashvale/supplier_spend`.
    pub feed: String,
    /// Sample files, as they were sent: of several months, if there are.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub from: Vec<PathBuf>,
    /// Of lines of fixed width: where their fields stand, a table `name,from,to` in a file, or a layout that is known (`unit4_gl07`).
    #[arg(long, value_name = "TABLE")]
    pub layout: Option<String>,
    #[command(flatten)]
    pub said: Said,
    /// Write it although samples are refused, wait, or have quarantined rows.
    #[arg(long)]
    pub anyway: bool,
    /// Try it in a copy, and write nothing.
    #[arg(long, conflicts_with_all = ["yes", "anyway"])]
    pub dry_run: bool,
}

/// Answers to questions.
#[derive(Debug, Args)]
pub struct Said {
    /// Answers in a file, `key: answer` lines.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// One answer; it goes over the file's. May be given more than once.
    #[arg(long, value_name = "KEY=ANSWER")]
    pub answer: Vec<String>,
    /// Answer what is left by what the files speak for.
    #[arg(long)]
    pub defaults: bool,
    /// Write it without asking.
    #[arg(long)]
    pub yes: bool,
}
