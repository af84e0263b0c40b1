//! The trade's words as types: money, days, periods, organisations, ownership.
//!
//! Nothing here reads a file, a clock or a float. What a type of this module holds
//! has been checked once, where it was made, and is not checked again.

mod apportion;
mod day;
mod digest;
mod fold;
mod fraction;
mod identifier;
mod key;
mod location;
mod matrix;
mod modular;
mod money;
mod near;
mod ownership;
mod period;
mod placement;
mod scheme;
mod text;

pub use apportion::{Missplit, NoWeight, Weights};
pub use day::{Day, Span};
pub use digest::{DeliveryId, Digest};
pub use fold::{fold_code, show_invisible};
pub use fraction::Fraction;
pub use identifier::{Identifier, NotAnIdentifier};
pub use key::{Key, Mac, Pseudonyms};
pub use location::Location;
pub use matrix::{NoSystem, Solution, System, Unproved};
pub use money::{Money, Pence, counted, decimal, grouped, parse_decimal, parse_pounds, pounds};
pub use near::{Listed, listed, near_address, near_host};
pub use ownership::{Ownership, RULE_COLUMNS};
pub use period::{Calendar, Coverage, Period};
pub use placement::{OwnTime, Placed, Placement, Standing};
pub use scheme::{Allocation, Final, Giver, Gross, Method, Recipient, Refusal, Scheme, Shares, UNALLOCATED, Unbalanced, ZeroVolume};
pub use text::{is_command, is_hidden, printable, printable_json, printable_lines, turns_text};
