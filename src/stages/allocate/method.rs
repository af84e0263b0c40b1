//! Which method of allocation is in force.

use crate::{domain::Method, plan::KernelInput};

/// By `allocation` of cost.yaml, on the first day of the period; `None` where shared cost stays where it was incurred.
pub(super) fn method_in_force(input: &KernelInput<'_>) -> Option<Method> {
    let (first, _) = input.partnership.calendar.days_of(input.period?);
    input.partnership.cost.method_on(first)
}
