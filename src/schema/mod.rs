//! Contracts: ODCS files → Arrow schemas and checks.
//!
//! One code path reads every contract (sources, common, reference, published); what it means stands in [`Contract`].
//! The strict reading of YAML ([`yaml`], [`fields`]) lives here because everything under `pipelines/` is read the same way.

pub mod batch;
mod column;
pub mod fields;
mod folder;
mod form;
mod formats;
mod layout;
mod layouts;
mod model;
mod odcs;
mod personal;
mod rows;
pub mod secret;
mod special;
pub mod suggest;
pub mod words;
mod workbook_form;
pub mod yaml;

pub use folder::{Contracts, digest_of, is_prose, read_text, sorted_names};
pub use form::{Form, FormFault, Found, MOST_ROWS, Term, form};
pub use formats::{date_format, is_date_format, otherwise_parted, style_word, written_otherwise};
pub use layouts::{KnownLayout, known_layout, known_layouts};
pub use model::*;
pub use odcs::{fold_header, read_contract};
pub use rows::{Cell, proof_table, table, table_of};
pub use special::{SpecialColumns, UnknownCode};
