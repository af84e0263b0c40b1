//! How SQL runs: the only place that knows `DataFusion`'s session.
//!
//! Three kinds of SQL, from the narrowest to the widest:
//!
//! | kind | type | may |
//! |---|---|---|
//! | feed SQL | [`Projection`] | rename, compute and cast the columns of one `extract`, row by row |
//! | cost SQL | [`CostQuery`] | read the tables that it names and fill one table, exactly |
//! | a question | [`ask`] | read what the release publishes, within limits of time and memory |
//!
//! All three are parsed by [`script`], see only the tables and functions that [`names`] and [`session`] give them
//! (so there is nothing else to refuse: no file, no setting, no clock, no chance), and report through [`fault`].
//! Output is matched to contracts by name in [`fit`]; [`exact`] holds the rules that keep money exact.

mod again;
mod any_order;
mod columns;
mod cost;
mod covered;
mod day_number;
mod exact;
mod fault;
mod fit;
mod fold;
mod functions;
mod kept;
mod linear;
mod names;
mod nothing;
mod order;
mod parameters;
mod parts;
mod places;
mod projection;
mod question;
mod reach;
mod render;
mod runtime;
mod script;
mod session;
mod shape;
mod split;
mod steps;
mod sum;
mod table;
mod words;

pub use cost::{CostQuery, Parameters};
pub use functions::{Function, FunctionKind, functions};
pub use order::{Needs, dependencies, order};
pub use parts::Part;
pub use projection::{Declared, Given, Projection};
pub use question::{Answers, Limits, ask};
pub use reach::{Reaches, Source};
pub use render::{Format, csv_text, render, write_rows};
pub use runtime::{deeply, start_deep};
pub use table::{Schemas, Table, Tables};
pub use words::{EXAMPLES, FunctionExample};
