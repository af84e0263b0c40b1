//! The stages: land, judge, normalise, classify, resolve, separate, allocate, settle, prove, restate, publish. No stage imports another; [`crate::run`]
//! conducts them.

pub mod allocate;
pub mod classify;
pub mod judge;
pub mod land;
pub mod normalise;
pub mod prove;
pub mod publish;
pub mod resolve;
pub mod restate;
pub mod separate;
pub mod settle;
