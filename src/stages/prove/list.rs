//! The auditor's checks that are made on a release: number, name, and the query that gives a row for each failure.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{
        Answer, Code,
        codes::{checks as codes, periods},
    },
    engine::{CostQuery, Tables, dependencies},
};

/// One of the checks of the auditor's list.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Number in the list.
    pub number: i16,
    /// In a few words.
    pub name: &'static str,
    /// Whether a failure stops publication; else it is a warning.
    pub blocks: bool,
    pub code: Code,
    /// Tables without which it is not made: those of what a partnership may not have, or does not work out yet.
    pub needs: &'static [&'static str],
    pub(super) sql: &'static str,
    pub(super) file: &'static str,
}

impl Check {
    /// The tables that it reads.
    ///
    /// # Errors
    /// TC0801 where its text is no query.
    pub fn reads(&self) -> Answer<BTreeSet<String>> {
        let mut reads = dependencies(self.sql, self.file)?;
        reads.extend(self.needs.iter().map(|table| (*table).to_owned()));
        Ok(reads)
    }

    /// Whether these tables have the columns that it reads.
    #[must_use]
    pub fn fits(&self, tables: &Tables) -> bool {
        CostQuery::plan_over(self.sql, self.file, "failure", tables).is_ok()
    }
}

macro_rules! check {
    ($number:literal, $file:literal, $code:expr, $blocks:literal, $name:literal) => {
        check!($number, $file, $code, $blocks, $name, [])
    };
    ($number:literal, $file:literal, $code:expr, $blocks:literal, $name:literal, $needs:expr) => {
        Check {
            number: $number,
            name: $name,
            blocks: $blocks,
            code: $code,
            needs: &$needs,
            sql: include_str!(concat!("checks/", $file)),
            file: $file,
        }
    };
}

/// The checks that are made on every release, in order. Those of costs between partners need what a partnership of the version before does
/// not work out, and are made where it is there.
pub const CHECKS: &[Check] = &[
    check!(1, "check_01.sql", codes::CHECK_CONTROLS, true, "deliveries agree with the sender's controls"),
    check!(1, "check_01_known.sql", codes::CHECK_CONTROLS, false, "the pounds of every row are known"),
    check!(2, "check_02.sql", codes::CHECK_BALANCE, true, "every journal balances"),
    check!(5, "check_05.sql", codes::CHECK_PAYROLL, false, "payroll and ledger agree within `payroll_limit`"),
    check!(6, "check_06.sql", codes::CHECK_COMPLETE, false, "pay for every period with a ledger", ["feed_period"]),
    check!(
        6,
        "check_06_volumes.sql",
        codes::CHECK_COMPLETE,
        false,
        "volumes for every period with a ledger, no register too old",
        ["feed_period", "driver", "pool", "membership"]
    ),
    check!(6, "check_06_carried.sql", codes::CHECK_COMPLETE, false, "every required feed brought its month", ["carried_feed"]),
    check!(7, "check_07.sql", periods::CLOSED_CHANGED, true, "no part of a closed period changed", ["closed_part", "published_part"]),
    check!(9, "check_09.sql", codes::CHECK_ONE_CLASS, true, "one class and one service per line; the classes sum to the source"),
    check!(9, "check_09b.sql", codes::CHECK_ONE_CLASS, true, "the published lines add up to the classes"),
    check!(10, "check_10.sql", codes::CHECK_ONE_RULE, true, "at most one winning rule for each code and date"),
    check!(11, "check_11.sql", codes::CHECK_RULE_DATES, true, "no rule outside its dates, none shared to a non-member"),
    check!(12, "check_12.sql", codes::CHECK_SUSPENSE, false, "suspense within its limit"),
    check!(13, "check_13.sql", codes::CHECK_FUNDS, true, "revenue apart from capital, housing apart from the general fund"),
    check!(15, "check_15.sql", codes::CHECK_CONSERVED, true, "final = source"),
    check!(
        15,
        "check_15_bridge.sql",
        codes::CHECK_CONSERVED,
        true,
        "the ledger's cost is bridged to what is allocated",
        ["cost_bridge", "allocated_cost", "unmatched_recharge"]
    ),
    check!(26, "check_26.sql", codes::CHECK_MOVED, false, "no part of a driver moved over 10 points", ["volume"]),
    check!(27, "check_27.sql", codes::CHECK_UNALLOCATED, false, "no shared cost is unallocated", ["allocated_cost", "pool"]),
    check!(28, "check_28.sql", codes::CHECK_PAIRS, true, "recharges are eliminated at the payer's amount", ["recharge_pair"]),
    check!(28, "check_28_unmatched.sql", codes::CHECK_PAIRS, false, "unmatched recharges within their limit", ["unmatched_recharge"]),
    check!(
        29,
        "check_29.sql",
        codes::CHECK_BOTH_SIDES,
        true,
        "nothing is eliminated from one side only",
        ["recharge_pair", "cost_bridge", "settlement"]
    ),
    check!(
        30,
        "check_30.sql",
        codes::CHECK_SETTLED,
        true,
        "the settlement sums to nought, pair by pair",
        ["settlement", "allocated_cost", "settlement_pair", "payment_to_make", "trading_result", "trading_share"]
    ),
    check!(31, "check_31.sql", codes::CHECK_ONCE, true, "no cost is charged twice", ["allocated_cost", "recharge_sum"]),
    check!(32, "check_32.sql", codes::CHECK_MISSING, true, "a full cost says what it lacks", ["full_cost", "allocated_cost"]),
    check!(33, "check_33.sql", codes::CHECK_AGREEMENT, false, "outside bodies have an agreement", ["trading_result"]),
    check!(34, "check_34.sql", codes::CHECK_BLANKET, false, "effects of a blanket sum as they should", ["blanket_comparison"]),
    check!(35, "check_35.sql", codes::CHECK_FOOTS, true, "partner totals are the sums of their services"),
    check!(37, "check_37.sql", codes::CHECK_PROVEN, true, "no figure without release and proof"),
    check!(39, "check_39.sql", codes::CHECK_SMALL, false, "no figure tells of a person", ["published_text", "on_cost", "small_group"]),
    check!(40, "check_40.sql", codes::CHECK_REVIEW, true, "somebody else than its author approved every row"),
    check!(42, "check_42.sql", codes::CHECK_SIGN, true, "the sender's sign was turned once"),
    check!(42, "check_42_rounded.sql", codes::CHECK_SIGN, true, "accepted and what was rounded off are the source", ["rounded_off"]),
    check!(42, "check_42_income.sql", codes::CHECK_SIGN, false, "income accounts are credits over the year"),
];

/// Where a check is made that is no query over a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// In the kernel that allocates, on every run: what it does not prove is not there.
    Kernel,
    /// A property of the engine, which its tests prove, each with a kernel that was made wrong.
    Engine,
}

/// Number, name and place of the checks that are made elsewhere; each of them blocks.
pub const MADE_ELSEWHERE: &[(i16, &str, Elsewhere)] = &[
    (14, "for each set of pools and service: direct + received = assigned + unallocated", Elsewhere::Kernel),
    (16, "each part is less than a penny from exact; the parts of a cell sum to it", Elsewhere::Kernel),
    (17, "numerators sum to their denominator; no volume is negative", Elsewhere::Kernel),
    (18, "the system of services is solved exactly; no closed loop", Elsewhere::Kernel),
    (19, "by steps nothing goes to a lower step; the reversed order stands beside it", Elsewhere::Kernel),
    (20, "what a service does for itself changes nothing", Elsewhere::Engine),
    (21, "doubling a driver changes nothing, doubling a cost doubles its parts", Elsewhere::Engine),
    (22, "order of rows, pools, partitions and threads changes nothing", Elsewhere::Engine),
    (23, "merging and splitting agree before rounding", Elsewhere::Engine),
    (24, "allocating less than nought is the negative of allocating more", Elsewhere::Engine),
    (25, "the same inputs give the same bytes", Elsewhere::Engine),
];
