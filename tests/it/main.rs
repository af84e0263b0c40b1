//! Behaviour tests of truecost: one binary, a module for each subject.

// A test may stop where it stands.
#![allow(
    clippy::cast_precision_loss,
    clippy::too_many_lines,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod allocate;
mod amount;
mod blocked;
mod carry;
mod chaos;
mod checks;
mod config;
mod correct;
mod cost_checks;
mod crash_left;
mod crash_scenario;
mod crash_state;
mod crashes;
mod decode;
mod demo;
mod doors;
mod elsewhere;
mod engine;
mod fill_in;
mod found;
mod golden;
mod guide;
mod histories;
mod house;
mod job;
mod kernel;
mod layers;
mod layouts;
mod looked_at;
mod made;
mod notices;
mod ops;
mod other_sheets;
mod parts;
mod pay_edges;
mod pay_gone;
mod periods;
mod periods_pay;
mod periods_recast;
mod personal;
mod places;
mod profile;
mod query;
mod releases;
mod retention;
mod run_failed;
mod rust_text;
mod serve;
mod serve_away;
mod settle;
mod severity;
mod simulated;
mod slt;
mod source;
mod specification;
mod spend;
mod steps;
mod supply;
mod transcript;
mod true_cost;
mod words;
mod workbooks;
mod year;
mod year_house;
