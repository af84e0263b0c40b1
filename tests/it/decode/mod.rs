//! The decoder: every CSV case of the list of bad inputs, and what must hold for any input.

mod damaged;
pub mod driver;
mod edges;
mod fixed;
mod mutated;
mod placed;
mod properties;
mod published;
mod sets;
mod structure;
mod structured_sets;
mod values;
