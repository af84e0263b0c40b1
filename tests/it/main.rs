//! Behaviour tests of truecost: one binary, a module for each subject.

mod demo;
mod engine;
mod golden;
mod source;
