//! Which function a kernel is that works in memory. What it reads and fills stands in [`crate::pipeline::KERNELS`].

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    pipeline::Kernel,
    plan::KernelInput,
    stages::{allocate, classify, resolve, settle},
};

/// One batch for each table that the kernel fills, in order.
///
/// # Errors
/// What the kernel refuses.
pub(super) fn work(kernel: Kernel, input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    match kernel {
        Kernel::Place => classify::place(input),
        Kernel::Resolve => resolve::resolve(input),
        Kernel::Recompute => resolve::recompute(input),
        Kernel::Blanket => resolve::blanket(input),
        Kernel::Share => allocate::share(input),
        Kernel::Match => settle::matched(input),
        Kernel::Net => settle::settled(input),
        Kernel::Solve => allocate::solve(input),
        Kernel::Apportion => allocate::apportion(input),
        Kernel::Codes | Kernel::Classify => {
            Err(Diagnostic::new(codes::sql::BROKEN, format!("kernel `{}` does not work in memory", kernel.as_str()))
                .outcome("nothing was published; the last release is unchanged")
                .hint("this is a fault of truecost: report it with `truecost validate`")
                .into())
        }
    }
}
