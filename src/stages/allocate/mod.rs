//! What services give to each other and to who bears their cost: shares in force, and cost cut into parts.
//!
//! Kernels that work in memory: queries have selected, joined and summed before; here is exact arithmetic alone.

mod apportion;
mod method;
mod model;
mod refused;
mod share;
mod solve;
#[cfg(test)]
mod tests;

pub use apportion::apportion;
pub use share::share;
pub use solve::solve;
