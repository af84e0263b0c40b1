//! Between partners: what they have already charged each other is taken out, and who owes whom is worked out.
//!
//! SQL of `pipelines/cost/settle` selects, joins and groups before these kernels; here is only what SQL cannot do: matching, splitting a
//! result once, and payments.

mod columns;
mod net;
mod recharge;

pub use net::settled;
pub use recharge::matched;

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    plan::KernelInput,
    schema::{Cell, table_of},
};

/// A batch for each table that a kernel gives, in order.
fn batches<const N: usize>(input: &KernelInput<'_>, tables: &[(&str, Vec<Vec<Cell>>); N]) -> Answer<Vec<RecordBatch>> {
    let lacks = |name: &str| {
        Diagnostic::new(codes::sql::BROKEN, format!("nothing says which columns `{name}` has"))
            .outcome("nothing was published; the last release is unchanged")
            .hint("this is a fault of truecost: report it with `truecost validate`")
    };
    let each = tables.iter().enumerate();
    each.map(|(at, (name, rows))| table_of(name, input.gives.get(at).ok_or_else(|| lacks(name))?, rows)).collect()
}
