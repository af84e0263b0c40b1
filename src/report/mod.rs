//! What finance and engineers look at. Every answer is a [`Page`]: text for a person, JSON for a program.

pub mod page;

pub use page::{Align, Page, Table};
