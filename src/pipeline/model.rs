//! What a partnership's files say, once read and checked.

mod covers;
mod feed;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use crate::{
    diagnostic::Diagnostic,
    domain::{Calendar, Day, Digest, Identifier, Location, Method, Pence, RechargeTerms, Span},
    schema::Contract,
};

use super::{AllKeys, Kernel, Serving, Timing};

pub use covers::*;
pub use feed::*;

/// Everything under `pipelines/` and `schemas/`.
#[derive(Clone, Debug)]
pub struct Partnership {
    /// The folder that holds `pipelines/` and `schemas/`.
    pub root: PathBuf,
    pub name: Identifier,
    /// IANA name, `Europe/London`.
    pub timezone: String,
    pub calendar: Calendar,
    pub drop: Location,
    pub landing: Location,
    pub lake: Location,
    pub published: Location,
    /// In order of their identifier.
    pub councils: Vec<Council>,
    /// In order of their identifier.
    pub companies: Vec<Company>,
    pub services: Vec<Service>,
    pub members: Vec<Member>,
    pub recharge: RechargeLimit,
    pub suspense_limit: SuspenseLimit,
    /// Of a council and period: what ledger and pay may differ by, without regard to sign.
    pub payroll_limit: SuspenseLimit,
    /// Figures of fewer persons are put together or named no further.
    pub small_group: u64,
    pub allow_hosts: Vec<String>,
    pub allow_paths: Vec<String>,
    pub retention: Retention,
    /// Secret keys by council, or why a council that names some has none yet; a council without an entry names none.
    pub keys: AllKeys,
    /// `query` offers lake tables of personal data too.
    pub query_personal: bool,
    /// Where `serve` answers over HTTP.
    pub serving: Serving,
    /// In order of council, then feed.
    pub feeds: Vec<Feed>,
    /// Who is told of what.
    pub notify: super::Notify,
    pub references: BTreeMap<String, ReferenceTable>,
    pub cost: CostModel,
    /// Contracts of `schemas/common`, `schemas/reference` and `schemas/published` by `kind/name`, e.g. `common/ledger_line`.
    pub contracts: BTreeMap<String, Arc<Contract>>,
    /// Every file of the configuration as it was when it was read, by its path below `root`.
    pub files: Arc<BTreeMap<String, Arc<[u8]>>>,
    /// What was noted while the files were read, and asks nothing of anybody.
    pub notes: Vec<Diagnostic>,
}

impl Partnership {
    /// From which common table the costs of a council are read on a day; `None` where it does not say, or there is no such council.
    #[must_use]
    pub fn basis_on(&self, council: &str, day: Day) -> Option<Basis> {
        let council = self.councils.iter().find(|c| *c.id == *council)?;
        council.cost_basis.iter().find(|(span, _)| span.contains(day)).map(|(_, basis)| *basis)
    }

    /// The feed of a council, where it is declared.
    #[must_use]
    pub fn feed(&self, council: &str, id: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| *feed.council == *council && *feed.id == *id)
    }

    /// The same by its name, as `newham/general_ledger`.
    #[must_use]
    pub fn feed_named(&self, name: &str) -> Option<&Feed> {
        let (council, id) = name.split_once('/')?;
        self.feed(council, id)
    }
}

#[derive(Clone, Debug)]
pub struct Council {
    pub id: Identifier,
    pub name: String,
    /// Which extract its costs come from, by date; spans do not overlap.
    pub cost_basis: Vec<(Span, Basis)>,
}

/// A company through which the partnership trades.
#[derive(Clone, Debug)]
pub struct Company {
    pub id: Identifier,
    pub name: String,
    /// Councils that own it; empty where the file does not say.
    pub owners: Vec<Identifier>,
    /// It trades no more: cost in it fails check 11.
    pub dormant: bool,
}

/// The name under which the shared service itself has feeds, rules and costs, where the partnership declares it.
pub const SHARED: &str = "shared";

/// Which extract costs are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    Ledger,
    Payments,
}

impl Basis {
    /// The common table from which costs are read on this basis.
    #[must_use]
    pub const fn common_table(self) -> &'static str {
        match self {
            Self::Ledger => "ledger_line",
            Self::Payments => "payment_line",
        }
    }

    /// The basis that reads this common table; `None` where none does.
    #[must_use]
    pub fn of_table(table: &str) -> Option<Self> {
        [Self::Ledger, Self::Payments].into_iter().find(|basis| basis.common_table() == table)
    }

    /// As partnership.yaml writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Payments => "payments",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Service {
    pub id: Identifier,
    pub directorate: Identifier,
    pub directorate_name: String,
    pub name: String,
    /// `final`, `support` or `both`.
    pub kind: ServiceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    Final,
    Support,
    Both,
}

impl ServiceKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Support => "support",
            Self::Both => "both",
        }
    }
}

/// An organisation takes part in a service in a role over a span. Organisations are councils,
/// or companies and customers named in `reference/organisation.csv` when that exists.
#[derive(Clone, Debug)]
pub struct Member {
    pub organisation: Identifier,
    /// `None` = every service of the catalogue.
    pub service: Option<Identifier>,
    pub role: Role,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Partner,
    Host,
    Company,
    Customer,
}

impl Role {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Host => "host",
            Self::Company => "company",
            Self::Customer => "customer",
        }
    }
}

/// `recharge: {tolerance: 0.05, window: 1, limit: 100.00}`: charges between partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RechargeLimit {
    /// How far the two sides of one may differ, and lie apart.
    pub terms: RechargeTerms,
    /// Absolute pence that may be without another side at the end of a period.
    pub limit_pence: Pence,
}

impl Default for RechargeLimit {
    /// Both sides equal, in the same period or the next; nothing without another side.
    fn default() -> Self {
        Self { terms: RechargeTerms { tolerance: 0, window: 1 }, limit_pence: 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuspenseLimit {
    /// Absolute pence.
    pub pence: Pence,
    pub stop: bool,
}

/// Months for which things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Landed bytes whose period is closed; twice as long where it is not.
    pub landing_months: u32,
    pub releases_months: u32,
    /// Faulty rows as they came.
    pub quarantine_months: u32,
    /// Records of runs.
    pub runs_months: u32,
    /// Landed bytes and quarantine of personal feeds, whether their period is closed or not.
    pub personal_months: u32,
}

/// A reviewed table of `pipelines/reference`, read against its contract.
#[derive(Clone, Debug)]
pub struct ReferenceTable {
    pub contract: Arc<Contract>,
    /// Path relative to the partnership.
    pub file: String,
    pub digest: Digest,
    /// All rows, typed by the contract, in file order; an empty `valid_to` is null. Codes are folded ([`crate::domain::fold_code`]).
    pub rows: arrow::record_batch::RecordBatch,
    /// Physical line on which each row starts.
    pub lines: Vec<u64>,
    /// Columns as the file's first line has them: an optional one may be left out.
    pub header: Vec<String>,
    /// What its rows mean beyond their text, by the partnership file; empty: nothing.
    pub meant: String,
}

/// `pipelines/cost`: the cost run.
#[derive(Clone, Debug)]
pub struct CostModel {
    /// When the cost run starts by itself; `None`: after every delivery.
    pub timing: Option<Timing>,
    /// How shared cost is allocated, each from the first day of a period, in order; empty: it stays where it was incurred.
    pub allocation: Vec<(Day, Method)>,
    /// Queries by table, each with the stage (folder) it stands in; order follows from FROM.
    pub queries: Vec<CostQuery>,
    /// Tables that the program itself fills, by `cost.yaml`; order follows from `from`.
    pub kernels: Vec<KernelUse>,
}

impl CostModel {
    /// How shared cost is allocated in a period that begins on a day; `None` where it stays where it was incurred.
    #[must_use]
    pub fn method_on(&self, first: Day) -> Option<Method> {
        self.allocation.iter().rev().find(|(from, _)| *from <= first).map(|(_, method)| *method)
    }
}

/// A table that a kernel fills.
#[derive(Clone, Debug)]
pub struct KernelUse {
    pub table: Identifier,
    pub kernel: Kernel,
    /// Tables that it reads.
    pub from: Vec<Identifier>,
    /// Where that is said.
    pub file: String,
    /// Whether the partnership says it; else the program does.
    pub named: bool,
}

#[derive(Clone, Debug)]
pub struct CostQuery {
    pub stage: Identifier,
    /// Table that it fills.
    pub table: Identifier,
    pub file: String,
    pub sql: String,
    pub digest: Digest,
}
