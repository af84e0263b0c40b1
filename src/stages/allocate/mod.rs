//! What services give to each other and to who bears their cost: shares in force, and cost cut into parts.
//!
//! Kernels that work in memory: queries have selected, joined and summed before; here is exact arithmetic alone.

mod read;
mod share;

pub use share::share;
