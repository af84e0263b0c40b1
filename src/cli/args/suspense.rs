//! Codes that no rule covers: the words of `truecost suspense`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Suspense {
    /// Print rows to fill in, in the columns of the reference tables.
    #[arg(long)]
    pub csv: bool,
    /// Write a workbook to fill in; one that is there is never overwritten.
    #[arg(long, value_name = "FILE.xlsx", conflicts_with = "csv")]
    pub xlsx: Option<PathBuf>,
    #[command(subcommand)]
    pub action: Option<SuspenseAction>,
}

#[derive(Debug, Subcommand)]
pub enum SuspenseAction {
    /// Show the reference rows that a filled-in workbook makes, and write them where that is said.
    Apply {
        #[arg(value_name = "FILE.xlsx")]
        file: PathBuf,
        /// Who filled it in: the author of the rows.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Who approves the rows: somebody else.
        #[arg(long, value_name = "NAME")]
        approver: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// Rows for the codes in a file.
#[derive(Debug, Args)]
pub struct AddCodes {
    /// The feed that reads the file, or its council; the one feed that knows the file's name if none is given.
    #[arg(value_name = "COUNCIL/FEED")]
    pub feed: Option<String>,
    /// Files, as they were sent.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub from: Vec<PathBuf>,
    /// The author of the rows.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Who approves the rows: somebody else.
    #[arg(long, value_name = "NAME")]
    pub approver: String,
    #[command(flatten)]
    pub said: super::Said,
    /// Show it, and write nothing.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

/// Whether what is shown is to be written.
#[derive(Args, Clone, Copy, Debug)]
pub struct Sure {
    /// Write it without asking.
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    /// Show it, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}
