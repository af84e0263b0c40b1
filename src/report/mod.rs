//! What finance and engineers look at. Every answer is a [`Page`]: text for a person, JSON for a program.

mod ask;
mod checks;
mod cost;
mod doctor;
mod explain;
mod figures;
mod folders;
mod left_out;
mod method;
mod notes;
mod outcome;
pub mod page;
mod planned;
mod row;
mod schedule;
mod standing;
mod status;
mod suspense;
mod validate;
mod verify;

pub use ask::{Answered, Release, answer, latest, parquet, rows, tables};
pub use checks::checks;
pub use cost::{Wanted, explain_cost};
pub use doctor::doctor;
pub use explain::{code, explain_line};
pub use figures::{reconcile, separation};
pub use method::method;
pub use notes::notes;
pub use outcome::{notes_line, outcome};
pub use page::{Align, Page, SHAPE, Table, Talk};
pub use planned::planned;
pub use schedule::schedule;
pub use status::{quarantine_list, quarantine_show, runs, status};
pub use suspense::suspense;
pub use validate::validate;
pub use verify::{strays, verify};
