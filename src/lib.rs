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
//! | `domain` | the trade's words as types; exact arithmetic | nothing of ours |
//! | `diagnostic` | how truecost says no | domain |
//! | `schema` | contracts → Arrow schemas and checks | domain, diagnostic |
//! | `decode` | bytes → typed batches and rejected rows | domain, diagnostic, schema |
//! | `source` | list and fetch | domain, diagnostic, schema, decode |
//! | `lake` | where data rests; the only place that commits; no SQL | domain, diagnostic, schema, decode, source |
//! | `engine` | how SQL runs: the only session | domain, diagnostic, schema, decode, source, lake |
//! | `pipeline` | intentions: `pipelines/**` → typed feeds and cost model | domain, diagnostic, schema |
//! | `plan` | what to run and why | domain, diagnostic, schema, decode, source, lake, engine, pipeline |
//! | `stages` | land, judge, normalise, classify, resolve, separate, allocate, prove, publish; no stage imports another | domain, diagnostic, schema, decode, source, lake, engine, pipeline, plan |
//! | `run` | the conductor: order, lease, clock, release | domain, diagnostic, schema, decode, source, lake, engine, pipeline, plan, stages |
//! | `report` | what finance and engineers look at | domain, diagnostic, schema, decode, source, lake, engine, pipeline, plan, stages, run |
//! | `demo` | synthetic partnership | domain, diagnostic, schema, decode, source, lake, engine, pipeline |
//! | `cli` | words in, words out; no logic | domain, diagnostic, schema, decode, source, lake, engine, pipeline, plan, stages, run, report, demo |

pub mod cli;
pub mod decode;
pub mod demo;
pub mod diagnostic;
pub mod domain;
pub mod engine;
pub mod lake;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod run;
pub mod schema;
pub mod source;
pub mod stages;
