//! Contracts: ODCS files → Arrow schemas and checks.
//!
//! One code path reads every contract (sources, common, reference, published); what it means stands in [`Contract`].

pub mod batch;
mod model;
mod rows;

pub use model::*;
pub use rows::{Cell, proof_table, table};
