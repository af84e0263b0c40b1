//! Common lines → cost lines: every line part has exactly one ownership and one service.
//!
//! SQL decides, over the distinct codes, what each of them means on each date (`pipelines/cost/classify`);
//! putting that on millions of lines is a lookup. What no rule covers is in suspense, in sight.

mod codes;
mod columns;
mod cube;
mod either;
mod folded;
mod line;
mod meaning;
mod part;
mod pay;
mod place;
mod policy;
mod tables;

pub use codes::distinct_codes;
pub use columns::LineColumns;
pub use cube::{CellOf, ClassTotals, Cube, Sums};
pub use folded::{FoldedCode, FoldedCodes};
pub use line::{Classifier, Owner};
pub use meaning::{Codes, Meaning, Meanings, RULE_COLUMNS};
pub use part::{CLASS_TOTAL, ClassifiedPart, IncomeAccounts, LINE, PartOf, classify_part, codes_of, rows_and_amount};
pub use pay::{AllPayParts, KINDS, Laid, PayParts, add_pay_parts};
pub use place::place;
pub use tables::{code_table, meanings};
