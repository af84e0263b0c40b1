//! What a kernel that works in memory is given, and the columns of what it gives.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use arrow::{
    datatypes::{Field, Schema, SchemaRef},
    record_batch::RecordBatch,
};

use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::{Allocation, Day, Giver, Method, Period},
    pipeline::{Kernel, Partnership},
};

/// What a kernel that works in memory is given. It gives one batch for each table that it fills, in the order of the step's `fills`.
#[derive(Clone, Copy, Debug)]
pub struct KernelInput<'a> {
    pub partnership: &'a Partnership,
    /// The period that it is made for; `None` where it is made for everything at once.
    pub period: Option<Period>,
    /// Every table under `from`, cut to what it is made for.
    pub tables: &'a BTreeMap<String, RecordBatch>,
    /// Columns of what it gives, table by table.
    pub gives: &'a [SchemaRef],
    /// Cores that it may use.
    pub threads: usize,
    /// Matrices that another kernel has solved of the same; `None` where there is no other.
    pub solved: Option<&'a Solved>,
}

/// A matrix that is solved for one kernel is handed over to the next that would solve the same.
#[derive(Debug, Default)]
pub struct Solved(Mutex<Vec<(Method, Vec<Giver>, Arc<Allocation>)>>);

impl Solved {
    /// Matrices that are kept at most: a set of pools in each period of some years.
    const MOST: usize = 64;

    /// The matrix of these givers by a method, if it was solved; it is handed over once.
    #[must_use]
    pub fn take(&self, method: Method, givers: &[Giver]) -> Option<Arc<Allocation>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(by, of, _)| *by == method && of == givers)?;
        Some(kept.swap_remove(at).2)
    }

    /// Keeps a matrix for the next kernel.
    pub fn keep(&self, method: Method, givers: &[Giver], allocation: &Arc<Allocation>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < Self::MOST {
            kept.push((method, givers.to_vec(), Arc::clone(allocation)));
        }
    }
}

impl KernelInput<'_> {
    /// A table by its name.
    ///
    /// # Errors
    /// TC0802: the plan lets no step run without.
    pub fn table(&self, name: &str) -> Answer<&RecordBatch> {
        self.tables.get(name).ok_or_else(|| {
            Diagnostic::new(codes::sql::NAME, format!("a kernel lacks the table `{name}`"))
                .outcome("nothing was published; the last release is unchanged")
                .hint("name it under `from` of the kernel in pipelines/cost/cost.yaml")
                .into()
        })
    }
}

/// The columns of the table at a place of a kernel's `fills`, where it has no published contract; `None` where it must have one.
#[must_use]
pub fn kernel_schema(kernel: Kernel, place: usize) -> Option<SchemaRef> {
    let columns = kernel.facts().columns.get(place).filter(|columns| !columns.is_empty())?;
    let fields: Vec<Field> = columns.iter().map(|(name, kind, may_be_null)| Field::new(*name, kind.arrow(), *may_be_null)).collect();
    Some(Arc::new(Schema::new(fields)))
}

/// What a kernel reads of the configuration beside its tables: it is made anew where that changes.
#[must_use]
pub fn kernel_settings(kernel: Kernel, partnership: &Partnership) -> String {
    match kernel {
        Kernel::Solve | Kernel::Apportion => {
            let method = |(from, method): &(Day, Method)| format!(" {from} {}", method.as_str());
            partnership.cost.allocation.iter().map(method).collect()
        }
        Kernel::Resolve | Kernel::Recompute => {
            let services = partnership.services.iter().map(|service| format!(" {}", service.id));
            format!(" {}{}", partnership.small_group, services.collect::<String>())
        }
        // What `share` reads of shares and members, the planner adds.
        Kernel::Codes | Kernel::Classify | Kernel::Place | Kernel::Blanket | Kernel::Share | Kernel::Match | Kernel::Net => String::new(),
    }
}
