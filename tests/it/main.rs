//! Behaviour tests of truecost: one binary, a module for each subject.

mod engine;
mod golden;
mod query;
mod slt;
