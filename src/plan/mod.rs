//! What to run, and why: what the partnership wants, against what the lake holds.

mod again;

pub use again::{came_again, copied, exchanged, gone_over, is_copy, is_freed, is_replaced};

mod decide;

pub use decide::{Change, Selector, accept, decision, undo, withdraw};

mod enter;

pub use enter::{Entry, EntryRules, Replaced, enter, replaced_in_words, turn_of_former};

mod judging;
mod known;
mod meet;

pub use meet::{Brings, Met, meet};

mod feeds;

pub use feeds::{
    FeedPlan, Idle, Stood, Take, Why, Wish, is_active, is_file_of, is_stale, not_active, older_left, order, plan_feed, rank, tie,
    waits_for_others, without_keys,
};

mod release;

pub use release::{
    AfterClose, Behind, Beside, BesideSource, Brought, CARRIED_FROM, Carried, CloseAsked, CostSource, DELIVERY, DeliveryPlan, EMPTY, FOUND,
    LEFT_OUT, MissingFeeds, Objection, PeriodPlan, PeriodState, ReleasePlan, Slot, Standing, Uncounted, Vanishing, Verdicts, beside_in,
    blocks_a_period, came_after_close, causes, digest_of, is_gone, keep_data, made_from, month_before, nil_in, nothing_to_let_go,
    period_of_part, plan_release, plan_release_after, program, published_slots, remembered, rules_digest, run_digest, spans,
    stands_for_good, taken_over, verdicts_of_release, verdicts_of_run,
};

mod personal;
mod replay;

pub use judging::{as_they_came, contract_for, judge_as_now};
pub use replay::{covered_now, replays, taken_again};

mod closing;

pub use closing::closing_is_due;

mod strays;
mod supply;

pub use strays::strays;
pub use supply::{
    Arriving, ClosedPeriods, Supplied, Supply, SupplyState, Waiver, arriving, beyond_holidays, is_expected, since, supply, waivers,
};

mod tables;

pub use tables::{
    Given, GivenRows, LakeNow, TAGS, code_schema, common, does_not_fit, given_tables, lake_now, lake_table, nil_returns, published,
    standing_periods,
};

mod amount;

pub use amount::{project, with_sender};

mod cost;

pub use cost::{CostPlan, How, Step, plan_cost};

mod kernel;

pub use kernel::{KernelInput, Solved, kernel_schema};

mod inputs;

pub use inputs::{Inputs, MadeParts, scope_of};

mod scope;
mod slots;

pub use scope::{Grain, Scope};
pub use slots::{BELIEVED, Begun, Claim, Fallen, ON_TIME, begin, claim, clearing_is_due, fallen, forget_ahead, start, wait};

pub use personal::check_personal;
pub use vat::{contract_vat, delivery_vat, feed_vat};

mod drifted;
mod treating;
mod unlike;

pub use drifted::drifted;
mod wait;

pub use treating::treating;
pub use wait::{not_declared, questions, waiting};

mod vacuum;
mod validate;
mod vat;

pub use vacuum::{Clearing, Held, HeldRelease, Paths, PersonalFile, Protected, clearing, goes_on};

pub use validate::{Validated, overlapping_formats, validate};

mod agree;

pub use agree::{Disagreement, Past, TableNow, disagreements};
