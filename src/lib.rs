//! truecost: what each shared service really costs, and who should bear it.
//!
//! # The map
//!
//! ```text
//!             a feed: one extract of one council                  the cost run: all councils, a period
//!  source ─▶ extract ─▶ land ─▶ judge ─▶ normalise ═▶ common ═▶ classify ─▶ separate ─▶ allocate ─▶ prove ─▶ publish ═▶ BI
//!                       │         │                   tables
//!                   raw bytes  quarantine             (Delta)
//! ```
//!
//! Start at [`run`]: it conducts the stages, which never call each other. Every stage returns a proof:
//! rows and pounds in, rows and pounds out, and each named difference.
//!
//! # Layers
//!
//! Lowest first; imports only point down. A test reads this table.
//!
//! | module | owns | may use |
//! |---|---|---|
//! | `crash` | crash points: where a test lets a run die | nothing of ours |
//! | `domain` | the trade's words as types; exact arithmetic | nothing of ours |
//! | `diagnostic` | how truecost says no | crash, domain |
//! | `schema` | contracts → Arrow schemas and checks | crash, domain, diagnostic |
//! | `decode` | bytes → typed batches and rejected rows | crash, domain, diagnostic, schema |
//! | `profile` | what is in a file that nobody has described yet | crash, domain, diagnostic, schema, decode |
//! | `source` | list and fetch | crash, domain, diagnostic, schema, decode |
//! | `lake` | where data rests; the only place that commits; no SQL | crash, domain, diagnostic, schema, decode, source |
//! | `engine` | how SQL runs: the only session | crash, domain, diagnostic, schema, decode, source, lake |
//! | `pipeline` | intentions: `pipelines/**` → typed feeds and cost model | crash, domain, diagnostic, schema |
//! | `plan` | what to run and why | crash, domain, diagnostic, schema, decode, source, lake, engine, pipeline |
//! | `stages` | land, judge, normalise, classify, resolve, separate, allocate, prove, restate, publish; no stage imports another | crash, domain, diagnostic, schema, decode, source, lake, engine, pipeline, plan |
//! | `notice` | who is told: webhooks | crash, domain, diagnostic, schema, decode, source, lake, pipeline |
//! | `run` | the conductor: order, lease, clock, release | crash, domain, diagnostic, schema, decode, source, lake, engine, pipeline, plan, stages, notice |
//! | `report` | what finance and engineers look at | crash, domain, diagnostic, schema, decode, profile, source, lake, engine, pipeline, plan, stages, notice, run |
//! | `demo` | synthetic partnership | crash, domain, diagnostic, schema, decode, source, lake, engine, pipeline |
//! | `serve` | what runs by itself: scheduler, health | crash, domain, diagnostic, schema, decode, source, lake, engine, pipeline, plan, stages, notice, run, report |
//! | `onboard` | new councils and feeds: samples and answers → contract, feed, SQL; tried in a copy | crash, domain, diagnostic, schema, decode, profile, lake, engine, pipeline, plan, run, report |
//! | `cli` | words in, words out; no logic | crash, domain, diagnostic, schema, decode, profile, source, lake, engine, pipeline, plan, stages, notice, run, report, demo, serve, onboard |

pub mod cli;
pub mod crash;
pub mod decode;
pub mod demo;
pub mod diagnostic;
pub mod domain;
pub mod engine;
pub mod lake;
pub mod notice;
pub mod onboard;
pub mod pipeline;
pub mod plan;
pub mod profile;
pub mod report;
pub mod run;
pub mod schema;
pub mod serve;
pub mod source;
pub mod stages;
