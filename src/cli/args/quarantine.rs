//! Rows that could not be read exactly: the words of `truecost quarantine`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// Deliveries with faulty rows.
    List,
    /// Write the faulty rows of a feed into a workbook, to be corrected by hand.
    Export {
        /// `newham/payments`.
        feed: String,
        /// Only deliveries of this period: `2023/P04`.
        #[arg(long)]
        period: Option<String>,
        /// The workbook to write; one that is there is never overwritten.
        #[arg(long, value_name = "FILE.xlsx")]
        out: PathBuf,
    },
    /// Judge deliveries again with the rows as they were corrected in an exported workbook.
    Correct {
        #[arg(value_name = "FILE.xlsx")]
        file: PathBuf,
        /// Who corrects.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why, and by what word of the sender.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Leave faulty rows of a delivery out for good: they count against no tolerance, and stay in every proof.
    LeaveOut {
        delivery: String,
        /// The line on which the record starts; may be given again.
        #[arg(long = "row", value_name = "ROW", required_unless_present = "all")]
        rows: Vec<u64>,
        /// Every row of it that is in quarantine.
        #[arg(long, conflicts_with = "rows")]
        all: bool,
        /// Who decides.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// The faulty rows of a delivery, with every reason.
    Show {
        delivery: String,
        /// How many rows.
        #[arg(short = 'n', default_value_t = 50)]
        most: usize,
    },
}
