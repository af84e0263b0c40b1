//! The settings of every session, and the functions that SQL may call.
//!
//! Nothing is offered that is not named here: what reads a clock, draws lots, opens a file or grows a text without
//! bound cannot be called, because it is not there.

use std::sync::{Arc, OnceLock};

use datafusion::{
    execution::{
        SessionState, SessionStateDefaults, TaskContext,
        context::SessionContext,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::{GreedyMemoryPool, MemoryPool},
        object_store::ObjectStoreRegistry,
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
        session_state::SessionStateBuilder,
    },
    optimizer::Optimizer,
    physical_optimizer::optimizer::PhysicalOptimizer,
    prelude::SessionConfig,
};

use super::{day_number::ExcelDate, fold::FoldCode, split::SplitPart, sum::Sum, table::Stores};

/// Memory that the queries of a cost run may hold at once, in bytes.
const COST_MEMORY: usize = 512 << 20;

/// Who asks: it decides functions, partitions and memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// One partition: rows stay in order.
    Feed,
    /// All cores; the result is sorted afterwards.
    Cost,
    /// As `Cost`, on one core: over so few rows that dividing them among cores costs more than it saves, or beside others.
    Few,
    /// As `Cost`, with functions that need not be exact.
    Question,
}

/// Functions over one row that are exact and always give the same answer.
pub(super) const SCALARS: &[&str] = &[
    "abs",
    "array_element",
    "ascii",
    "btrim",
    "character_length",
    "chr",
    "coalesce",
    "concat",
    "concat_ws",
    "contains",
    "date_part",
    "date_trunc",
    "ends_with",
    "gcd",
    "greatest",
    "initcap",
    "lcm",
    "least",
    "left",
    "levenshtein",
    "lower",
    "lpad",
    "ltrim",
    "make_array",
    "make_date",
    "nullif",
    "nvl",
    "nvl2",
    "octet_length",
    "overlay",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "regexp_match",
    "regexp_replace",
    "replace",
    "reverse",
    "right",
    "rpad",
    "rtrim",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "substr_index",
    "translate",
    "upper",
];

/// More of them, for questions: they round, or print.
const ROUNDING_SCALARS: &[&str] = &[
    "arrow_typeof",
    "cardinality",
    "ceil",
    "date_bin",
    "exp",
    "floor",
    "ln",
    "log",
    "log10",
    "power",
    "round",
    "signum",
    "sqrt",
    "to_char",
    "to_date",
    "trunc",
];

pub(super) const AGGREGATES: &[&str] =
    &["bool_and", "bool_or", "count", "first_value", "grouping", "last_value", "max", "min", "string_agg", "sum"];

/// Those whose result depends on the order of rows: in the partnership's SQL only with an ORDER BY of their own.
pub(super) const ORDERED_AGGREGATES: &[&str] = &["first_value", "last_value", "string_agg"];

/// More of them, for questions: inexact, or dependent on the order of rows.
const ROUNDING_AGGREGATES: &[&str] = &[
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "array_agg",
    "avg",
    "corr",
    "median",
    "nth_value",
    "percentile_cont",
    "stddev",
    "stddev_pop",
    "var",
    "var_pop",
];

pub(super) const WINDOWS: &[&str] = &["dense_rank", "first_value", "lag", "last_value", "lead", "nth_value", "ntile", "rank", "row_number"];

const ROUNDING_WINDOWS: &[&str] = &["cume_dist", "percent_rank"];

/// Why a function that `DataFusion` has is not offered; `None` where there is nothing to say but that.
pub(super) fn why_not(function: &str) -> Option<&'static str> {
    Some(match function {
        "now" | "current_date" | "current_time" | "current_timestamp" | "localtime" | "localtimestamp" | "today" => {
            "it reads the clock, and the same input must always give the same output"
        }
        "random" | "rand" | "uuid" | "gen_random_uuid" => "it draws lots, and the same input must always give the same output",
        "round" | "trunc" | "ceil" | "ceiling" | "floor" => "it rounds, and amounts are rounded only where truecost apportions a cell",
        "avg" | "mean" | "median" | "stddev" | "var" => "it divides, and amounts are divided only where truecost apportions a cell",
        "repeat" | "array_repeat" | "space" => "it can make a text of any length",
        "generate_series" | "range" => "it can make any number of rows",
        "to_char" | "to_date" | "to_timestamp" | "to_number" | "to_decimal" | "try_cast" => {
            "text becomes a date or a number only in the decoder, by the formats that the contract declares"
        }
        "array_agg" => "its result depends on the order of rows",
        _ => return None,
    })
}

/// What planning does to read less of large files, to buffer, or to yield to others: on one core it takes longer than it saves. Each of
/// them leaves a plan that gives the same rows.
const FOR_MANY_ROWS: &[&str] = &[
    "aggregate_statistics",
    "LimitedDistinctAggregation",
    "FilterPushdown",
    "FilterPushdown(Post)",
    "WindowTopN",
    "LimitAggregation",
    "LimitPushPastWindows",
    "HashJoinBuffering",
    "TopKRepartition",
    "ProjectionPushdown",
    "PushdownSort",
    "EnsureCooperative",
];

impl Use {
    fn lists(self) -> [(&'static [&'static str], &'static [&'static str]); 3] {
        let more = |list: &'static [&'static str]| if self == Self::Question { list } else { &[] };
        [(SCALARS, more(ROUNDING_SCALARS)), (AGGREGATES, more(ROUNDING_AGGREGATES)), (WINDOWS, more(ROUNDING_WINDOWS))]
    }

    fn config(self) -> SessionConfig {
        let partitions =
            if matches!(self, Self::Feed | Self::Few) { 1 } else { std::thread::available_parallelism().map_or(2, std::num::NonZero::get) };
        let mut config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_information_schema(false)
            .with_create_default_catalog_and_schema(false)
            .with_collect_statistics(true);
        let options = config.options_mut();
        // A literal such as 0.1 is a decimal: no float may enter by writing it.
        options.sql_parser.parse_float_as_decimal = true;
        options.sql_parser.map_string_types_to_utf8view = false;
        // `SELECT Amount` means `amount`; only a quoted name keeps its capitals.
        options.sql_parser.enable_ident_normalization = true;
        options.sql_parser.collect_spans = true;
        options.execution.parquet.schema_force_view_types = false;
        options.execution.enable_ansi_mode = true;
        options.optimizer.expand_views_at_output = false;
        config
    }
}

/// It adds a sum up in two steps, whose decimals are wider than what the query was planned with: `count(DISTINCT account), sum(amount)`
/// then ends in an error about the plan.
const DISTINCT_BY_GROUPS: &str = "single_distinct_aggregation_to_group_by";

/// It makes a column of every parameter that is named twice, which is then written for each row; and compared with a column of dates it is
/// no longer seen to be a parameter (`again`).
const COLUMNS_OF_PARAMETERS: &str = "common_sub_expression_eliminate";

/// The session of feeds, of cost queries or of questions, made once. It knows no table.
pub(super) fn state(used: Use) -> &'static SessionState {
    static STATES: [OnceLock<SessionState>; 4] = [const { OnceLock::new() }; 4];
    let [feed, cost, few, question] = &STATES;
    let slot = match used {
        Use::Feed => feed,
        Use::Cost => cost,
        Use::Few => few,
        Use::Question => question,
    };
    slot.get_or_init(|| build(used))
}

fn build(used: Use) -> SessionState {
    let [scalars, aggregates, windows] = used.lists();
    let offered = |lists: (&[&str], &[&str]), name: &str| lists.0.contains(&name) || lists.1.contains(&name);
    let mut builder = SessionStateBuilder::new()
        .with_config(used.config())
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(
            SessionStateDefaults::default_scalar_functions()
                .into_iter()
                .filter(|f| offered(scalars, f.name()))
                .map(SplitPart::instead_of)
                .chain([FoldCode::function(), ExcelDate::function()])
                .collect(),
        )
        .with_aggregate_functions(
            SessionStateDefaults::default_aggregate_functions()
                .into_iter()
                .filter(|f| offered(aggregates, f.name()))
                .map(Sum::instead_of)
                .collect(),
        )
        .with_window_functions(
            SessionStateDefaults::default_window_functions().into_iter().filter(|f| offered(windows, f.name())).collect(),
        );
    let left_out = |name: &str| name == DISTINCT_BY_GROUPS || (name == COLUMNS_OF_PARAMETERS && matches!(used, Use::Cost | Use::Few));
    let rules = Optimizer::new().rules.into_iter().filter(|rule| !left_out(rule.name())).collect();
    builder = builder.with_optimizer_rules(rules);
    if used == Use::Few {
        let rules = PhysicalOptimizer::new().rules;
        builder = builder.with_physical_optimizer_rules(rules.into_iter().filter(|rule| !FOR_MANY_ROWS.contains(&rule.name())).collect());
    }
    if let Ok(bounded) = environment(COST_MEMORY, true, Arc::new(Stores::default())) {
        builder = builder.with_runtime_env(bounded);
    }
    builder.build()
}

/// Memory, scratch space and stores of one run.
fn environment(memory: usize, spill: bool, stores: Arc<dyn ObjectStoreRegistry>) -> datafusion::common::Result<Arc<RuntimeEnv>> {
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(memory));
    let mode = if spill { DiskManagerMode::OsTmpDirectory } else { DiskManagerMode::Disabled };
    RuntimeEnvBuilder::new()
        .with_memory_pool(pool)
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(mode))
        .with_object_store_registry(stores)
        .build_arc()
}

/// What a plan of the cost run is executed in: the functions of the session, memory, scratch space and the stores of its tables.
pub(super) fn task(used: Use, stores: Stores) -> datafusion::common::Result<TaskContext> {
    Ok(TaskContext::from(state(used)).with_runtime(environment(COST_MEMORY, true, Arc::new(stores))?))
}

/// A session for one question, over the stores of its tables.
pub(super) fn context(used: Use, memory: usize, stores: Stores) -> datafusion::common::Result<SessionContext> {
    let environment = environment(memory, false, Arc::new(stores))?;
    let state = SessionStateBuilder::new_from_existing(state(used).clone()).with_runtime_env(environment).build();
    Ok(SessionContext::new_with_state(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_few_rows_do_without_is_there() {
        let all = PhysicalOptimizer::new().rules;
        for name in FOR_MANY_ROWS {
            assert!(all.iter().any(|rule| rule.name() == *name), "{name}");
        }
        for name in [DISTINCT_BY_GROUPS, COLUMNS_OF_PARAMETERS] {
            assert!(Optimizer::new().rules.iter().any(|rule| rule.name() == name), "{name}");
        }
    }
}
