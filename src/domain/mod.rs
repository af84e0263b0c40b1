//! The trade's words as types: money, days, periods, organisations, ownership. And its arithmetic, exact to the penny.
//!
//! | an accountant asks | where |
//! |---|---|
//! | how pay in the ledger divides by the services that people work for | `staircase` |
//! | what the rate card would have employers pay | `national_insurance` |
//! | what a blanket rate charges beside what is true | `blanket` |
//! | which share of a service stands, the agreed one or the driver's | `share` |
//! | what becomes of a pound through services that serve each other | `scheme`, by the equations of `matrix` |
//! | how pence are split without losing one | `apportion` |
//! | which charges between partners are two sides of one | `recharge` |
//! | who owes whom, and who pays | `settle` |
//! | on which day a delivery is due, and how late it is | `working_day` |
//! | which lines a figure comes from, and that they make it | `trace` |
//! | what changed between two releases, cell by cell and line by line | `difference` |
//!
//! Nothing here reads a file, a clock or a float. What a type of this module holds
//! has been checked once, where it was made, and is not checked again.

mod apportion;
mod blanket;
mod day;
mod difference;
mod digest;
mod fold;
mod fraction;
mod identifier;
mod key;
mod label;
mod location;
mod matrix;
mod modular;
mod money;
mod national_insurance;
mod near;
mod ownership;
mod period;
mod placement;
mod quantity;
mod recharge;
mod scheme;
mod settle;
mod share;
mod side;
mod side_by_side;
mod slot;
mod staircase;
mod text;
mod trace;
mod welsh;
mod working_day;

pub use apportion::{Missplit, NoWeight, Weights};
pub use blanket::{Blanket, BlanketComparison, BlanketRow, BlanketUnit, compare_blanket};
pub use day::{Day, Span};
pub use difference::{Cause, Changed, Sides, Unfooted, changed, lines_apart, unfooted};
pub use digest::{DeliveryId, Digest};
pub use fold::{fold_code, is_folded, show_invisible, without_blanks};
pub use fraction::Fraction;
pub use identifier::{Identifier, NotAnIdentifier};
pub use key::{Key, Mac, Pseudonyms};
pub use label::{
    Beside, Label, Said, balance, is_letters_of_planned, is_planned, is_surely_planned, may_be_a_movement, may_say, month_number, planned,
};
pub use location::Location;
pub use matrix::{NoSystem, Solution, System, Unproved};
pub use money::{
    Money, Pence, counted, decimal, decimal_of, grouped, is_sterling, parse_decimal, parse_pounds, pounds, pounds_of, rows_and_pounds,
};
pub use national_insurance::{EarnedAt, NiRate, Niable, NotRecomputed, employer_ni, employer_pension, pass_on};
pub use near::{Listed, listed, near_address, near_host};
pub use ownership::{Ownership, RULE_COLUMNS};
pub use period::{Calendar, Coverage, Period};
pub use placement::{OwnTime, Placed, Placement, Standing};
pub use quantity::Quantity;
pub use recharge::{
    OpenRecharge, RechargeBridge, RechargePair, RechargePeriod, RechargePlace, RechargeSum, RechargeTerms, Unmatched, match_recharges,
    reference_key,
};
pub use scheme::{
    ALL_GROUPS, Allocation, Final, Giver, Gross, Method, NOT_DISTRIBUTED, Recipient, Refusal, Scheme, Shares, UNALLOCATED, Unbalanced,
    ZeroVolume,
};
pub use settle::{
    Balance, BornePart, PaidRecharge, Payment, Settlement, SettlementKind, Trade, Uncarried, Unsettled, carriers, payments, settle,
};
pub use share::{PartnerShare, ShareInForce, Used, share_in_force};
pub use side::{MAYBE, SIDES, YES_OR_NO, is_either, is_pair, may_take_off, says_cost, says_credit, says_invoice, takes_off};
pub use side_by_side::side_by_side;
pub use slot::{COST, Slot, instant, instant_text};
pub use staircase::{DifferenceReason, LinePart, PartKind, PayrollLine, Piece, Resolved, Split, Unsplit, resolve, split_pay, staircase};
pub use text::{is_command, is_hidden, is_like, printable, printable_json, printable_lines, turns_text};
pub use trace::{ShareRow, Traced, TracedCell, Untraced, trace};
pub use welsh::in_english;
pub use working_day::{Holidays, WorkingDays};
