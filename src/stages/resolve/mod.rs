//! Pay in the ledger, resolved and not added: payroll's lines in parts by the classes of the pay behind them, what employers pay on top
//! beside what the rate card would have, and a blanket rate beside what is true.
//!
//! Kernels that work in memory: queries have selected and summed before, and `place` has said what the codes mean. No person and no
//! assignment leaves this stage.

mod blanket;
mod differences;
mod kept;
mod numbers;
mod on_cost;
mod pay;
mod places;
mod posts;
mod rates;
mod small;
#[cfg(test)]
mod tests;

pub use blanket::blanket;
pub use kept::resolve;
pub use on_cost::recompute;
