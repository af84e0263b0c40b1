//! Kernels: what the program itself fills tables with, all of it in one table.

use crate::schema::Type;

/// For what a step of the cost run is made at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// One partition of a common table: council, feed, delivery period.
    Partition,
    /// One delivery period, all councils.
    Period,
    /// One delivery year, all councils.
    Year,
    /// Everything at once.
    Whole,
}

/// What the program itself fills a table with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// The distinct codes of common tables.
    Codes,
    /// Lines of common tables, each with its class; beside them `class_total`, what they add up to.
    Classify,
    /// What a line on given codes and days would be.
    Place,
    /// Payroll's ledger lines in parts, and what ledger and pay differ by.
    Resolve,
    /// Employer on-costs as paid and by the rate card.
    Recompute,
    /// Blanket rates beside what is true.
    Blanket,
    /// The share in force of every service.
    Share,
    /// Recharges between partners: pairs, and what is open at the end of each period. A period looks at itself and at earlier ones.
    Match,
    /// Who owes whom in a period, and who pays.
    Net,
    /// Who bears what part of every service; beside it `service_gross`, what services cost before they pass it on.
    Solve,
    /// Every cell of cost cut among those who bear it; beside it `method_comparison`, the same by every method.
    Apportion,
}

/// A column of a table that a kernel fills and nobody publishes: its name, its type, and whether it may be null.
pub type KernelColumn = (&'static str, Type, bool);

const CODES: &[KernelColumn] =
    &[("council", Type::Text, false), ("feed", Type::Text, false), ("kind", Type::Text, false), ("code", Type::Text, false)];

/// A kernel: its word, and the tables around it.
#[derive(Clone, Copy, Debug)]
pub struct KernelFacts {
    pub kernel: Kernel,
    /// Its word in `cost.yaml`.
    pub word: &'static str,
    /// For what it is made at a time.
    pub grain: Grain,
    /// Tables that it must be given under `from`; there may be more, by which the order of steps is told.
    pub asks: &'static [&'static str],
    /// Tables that it fills beside the one that `cost.yaml` names.
    pub beside: &'static [&'static str],
    /// Of each table that it fills, in that order: its columns where it has no published contract; none where it must have one.
    pub columns: &'static [&'static [KernelColumn]],
}

/// The one table of kernels. What a kernel does stands in `run::cost::kernels`.
pub const KERNELS: &[KernelFacts] = &[
    KernelFacts { kernel: Kernel::Codes, word: "codes", grain: Grain::Whole, asks: &[], beside: &[], columns: &[CODES] },
    KernelFacts {
        kernel: Kernel::Classify,
        word: "classify",
        grain: Grain::Partition,
        asks: &LOOKED_UP,
        beside: &["class_total"],
        columns: &[],
    },
    KernelFacts {
        kernel: Kernel::Place,
        word: "place",
        grain: Grain::Period,
        asks: &LOOKED_UP,
        beside: &[],
        columns: &[&[
            ("council", Type::Text, false),
            ("feed", Type::Text, false),
            ("project", Type::Text, true),
            ("cost_centre", Type::Text, true),
            ("department", Type::Text, true),
            ("account", Type::Text, true),
            ("day", Type::Date, true),
            ("effective_date", Type::Date, false),
            ("ownership", Type::Text, false),
            ("service", Type::Text, false),
            ("bearer", Type::Text, true),
            ("rule_id", Type::Text, true),
            ("account_group", Type::Text, false),
            ("account_known", Type::Boolean, false),
            ("is_cost", Type::Boolean, false),
        ]],
    },
    KernelFacts {
        kernel: Kernel::Resolve,
        word: "resolve",
        grain: Grain::Period,
        asks: &["payroll_line", "pay_sum", "post", "pay_place"],
        beside: &["pay_part"],
        columns: &[
            &[],
            &[
                ("council", Type::Text, false),
                ("feed", Type::Text, false),
                ("delivery_id", Type::Text, false),
                ("source_row", Type::BigInt, false),
                ("line_part", Type::TinyInt, false),
                ("amount", Type::Money, false),
                ("part_kind", Type::Text, false),
                ("ownership", Type::Text, false),
                ("service", Type::Text, false),
                ("bearer", Type::Text, true),
                ("rule_id", Type::Text, false),
            ],
        ],
    },
    KernelFacts {
        kernel: Kernel::Recompute,
        word: "recompute",
        grain: Grain::Period,
        asks: &["pay_sum", "post", "pay_place", "rate_card", "unknown_element"],
        beside: &["pay_exception"],
        columns: &[
            &[
                ("council", Type::Text, false),
                ("ownership", Type::Text, false),
                ("service", Type::Text, false),
                ("bearer", Type::Text, false),
                ("delivery_year", Type::SmallInt, false),
                ("delivery_period", Type::TinyInt, false),
                ("persons", Type::Integer, false),
                ("gross_pay", Type::Money, false),
                ("basic_pay", Type::Money, false),
                ("on_cost", Type::Money, false),
                ("employer_ni", Type::Money, false),
                ("employer_pension", Type::Money, false),
                ("levy", Type::Money, false),
                ("recomputed_ni", Type::Money, true),
                ("recomputed_pension", Type::Money, true),
                ("not_recomputed", Type::Integer, false),
            ],
            &[],
        ],
    },
    KernelFacts {
        kernel: Kernel::Blanket,
        word: "blanket",
        grain: Grain::Period,
        asks: &["blanket_in_force", "blanket_unit", "bearer_total"],
        beside: &[],
        columns: &[],
    },
    KernelFacts { kernel: Kernel::Share, word: "share", grain: Grain::Period, asks: &["share_case"], beside: &[], columns: &[] },
    KernelFacts {
        kernel: Kernel::Match,
        word: "match",
        grain: Grain::Whole,
        asks: &["recharge_sum", "settlement_period"],
        beside: &["unmatched_recharge"],
        columns: &[],
    },
    KernelFacts {
        kernel: Kernel::Net,
        word: "net",
        grain: Grain::Period,
        asks: &["settlement_cost", "settlement_recharge", "trading_result", "trading_ledger", "driver_register", "service_partner"],
        beside: &["settlement_pair", "payment_to_make", "trading_share"],
        columns: &[],
    },
    KernelFacts {
        kernel: Kernel::Solve,
        word: "solve",
        grain: Grain::Period,
        asks: ALLOCATED_FROM,
        beside: &["service_gross"],
        columns: &[],
    },
    KernelFacts {
        kernel: Kernel::Apportion,
        word: "apportion",
        grain: Grain::Period,
        asks: ALLOCATED_FROM,
        beside: &["method_comparison"],
        columns: &[],
    },
];

/// What is allocated, and by what.
const ALLOCATED_FROM: &[&str] = &["cost_cell", "pool_giver", "pool_flow", "service_member", "driver_register"];

/// Tables in which classification looks up what codes mean.
pub const LOOKED_UP: [&str; 6] = ["code_match", "code_class", "account_class", "cost_centre_class", "department_class", "line_class"];

/// What a kernel is that the table lacks: a test finds it.
const NOTHING: KernelFacts = KernelFacts { kernel: Kernel::Codes, word: "", grain: Grain::Whole, asks: &[], beside: &[], columns: &[] };

impl Kernel {
    /// By the words of `cost.yaml`.
    #[must_use]
    pub fn words() -> Vec<(&'static str, Self)> {
        KERNELS.iter().map(|facts| (facts.word, facts.kernel)).collect()
    }

    /// Its row of the table.
    #[must_use]
    pub fn facts(self) -> &'static KernelFacts {
        KERNELS.iter().find(|facts| facts.kernel == self).unwrap_or(&NOTHING)
    }

    /// Its word in `cost.yaml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.facts().word
    }

    /// Tables that it fills beside the one that `cost.yaml` names.
    #[must_use]
    pub fn beside(self) -> &'static [&'static str] {
        self.facts().beside
    }

    /// Of the tables that it reads, those whose rows it takes in any order: no query sorts them for its sake.
    #[must_use]
    pub const fn takes_in_any_order(self) -> &'static [&'static str] {
        match self {
            Self::Resolve | Self::Recompute => &["pay_sum"],
            _ => &[],
        }
    }

    /// Whether it reads tables in memory and gives batches; the others read the files of common tables where they stand.
    #[must_use]
    pub const fn is_in_memory(self) -> bool {
        !matches!(self, Self::Codes | Self::Classify)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_has_one_row_and_a_word_of_its_own() {
        let words: std::collections::BTreeSet<&str> = KERNELS.iter().map(|facts| facts.word).collect();
        assert_eq!(words.len(), KERNELS.len());
        for facts in KERNELS {
            assert_eq!(facts.kernel.as_str(), facts.word, "its first row is its own");
            assert!(facts.columns.is_empty() || facts.columns.len() == 1 + facts.beside.len(), "{}", facts.word);
        }
        // A kernel without a row would have an empty word; every one is named here, or this does not compile.
        let all = |kernel: Kernel| match kernel {
            Kernel::Codes
            | Kernel::Classify
            | Kernel::Place
            | Kernel::Resolve
            | Kernel::Recompute
            | Kernel::Blanket
            | Kernel::Share
            | Kernel::Match
            | Kernel::Net
            | Kernel::Solve
            | Kernel::Apportion => kernel.as_str(),
        };
        assert!(KERNELS.iter().all(|facts| !all(facts.kernel).is_empty()));
    }
}
