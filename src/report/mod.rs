//! What finance and engineers look at. Every answer is a [`Page`]: text for a person, JSON for a program.

mod ask;
mod explain;
mod figures;
mod left_out;
mod notes;
pub mod page;
mod standing;
mod status;
mod suspense;
mod verify;

pub use ask::{Release, answer, latest, parquet, rows, tables};
pub use explain::{code, explain_line};
pub use figures::{reconcile, separation};
pub use notes::{noted, notes};
pub use page::{Align, Page, SHAPE, Table, Talk};
pub use standing::{uncounted_json, uncounted_text};
pub use status::{quarantine_list, quarantine_show, runs, status};
pub use suspense::suspense;
pub use verify::{strays, verify};
