//! Questions: SQL that somebody typed. Read-only by having nothing else in reach, and bounded in size, memory and time.

use std::{
    collections::BTreeSet,
    fmt, io,
    sync::mpsc::{Receiver, RecvError, RecvTimeoutError, SyncSender, sync_channel},
    time::Duration,
};

use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{
    common::{DataFusionError, internal_datafusion_err},
    logical_expr::LogicalPlan,
    physical_plan::execute_stream,
    prelude::SessionContext,
    sql::sqlparser::{
        ast::{Expr, Query, SelectItem, SetExpr},
        tokenizer::{Token, TokenWithSpan, Word},
    },
};
use futures::StreamExt as _;
use std::sync::Arc;
use tokio::runtime::Runtime;

use super::{
    exact,
    fault::QUESTION,
    names,
    reach::{self, Source},
    runtime::{apart, caught, question_runtime},
    script::Script,
    session::{Use, context, state},
    table::{Open, Stores, Tables},
};
use crate::diagnostic::{
    Answer, Diagnostic, Place,
    codes::query::{NOT_A_QUESTION, STOPPED, SYNTAX},
};

/// What one question may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub memory_bytes: usize,
    pub time: Duration,
}

impl Default for Limits {
    /// 512 MiB and a minute. The memory is what operators reserve; what they take beside it is for the process's own limit.
    fn default() -> Self {
        Self { memory_bytes: 512 << 20, time: Duration::from_mins(1) }
    }
}

/// A batch of rows, or `None` after the last: an answer that merely breaks off is not an answer.
type Found = Result<Option<RecordBatch>, DataFusionError>;

/// The rows that answer a question, as they are found.
pub struct Answers {
    schema: SchemaRef,
    /// Columns of tables whose values it adds up.
    summed: BTreeSet<Source>,
    from: Receiver<Heard>,
    /// Left behind, not waited for, when the answers are dropped: an operator that never pauses cannot hold us up.
    runtime: Option<Runtime>,
    sql: String,
    limits: Limits,
    over: bool,
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// Asks `sql` of the tables, and of nothing else.
///
/// # Errors
/// `TC1101` to `TC1104` before anything runs; `TC1105` and `TC1106` may also end the answers.
pub fn ask(sql: &str, tables: &Tables, limits: &Limits) -> Answer<Answers> {
    let script = Script { file: "query", text: sql, voice: &QUESTION };
    let open = tables.open().map_err(|e| script.fault(&e))?;
    let (send, from) = sync_channel(4);
    alarm(limits.time, send.clone()).map_err(|e| script.fault(&e.into()))?;
    let (planned, stores) = plan_in_time(sql, open, limits)?;
    let runtime = question_runtime().map_err(|e| script.fault(&e.into()))?;
    let mut summed = BTreeSet::new();
    let schema = match planned {
        Planned::Rows(plan, schema) => {
            summed = reach::summed(&plan);
            let context = context(Use::Question, limits.memory_bytes, stores).map_err(|e| script.fault(&e))?;
            let titled = Arc::clone(&schema);
            runtime.spawn(async move {
                // Nobody listens any more once the answers were dropped.
                let _ = send.send(Heard::Found(run(context, plan, &titled, &send).await.map(|()| None)));
            });
            schema
        }
        Planned::Explained(rows) => {
            let schema = rows.schema();
            // The channel has room for both.
            let _ = send.send(Heard::Found(Ok(Some(rows)))).and_then(|()| send.send(Heard::Found(Ok(None))));
            schema
        }
    };
    Ok(Answers { schema, summed, from, runtime: Some(runtime), sql: sql.to_owned(), limits: *limits, over: false })
}

/// What the channel carries.
enum Heard {
    Found(Found),
    TimeIsUp,
}

/// Says when the time is up; nobody listens where the answers were complete before. A thread of its own, because an
/// operator that never pauses would hold up a timer of the runtime. No clock is read.
fn alarm(time: Duration, send: SyncSender<Heard>) -> io::Result<()> {
    let sleep = move || {
        std::thread::sleep(time);
        let _ = send.send(Heard::TimeIsUp);
    };
    std::thread::Builder::new().name("alarm".into()).spawn(sleep).map(|_| ())
}

/// Plans on a thread of its own, which is left behind where the time is up: a planner that never pauses cannot hold us up.
fn plan_in_time(sql: &str, open: Open, limits: &Limits) -> Answer<(Planned, Stores)> {
    let (send, planned) = sync_channel(1);
    let text = sql.to_owned();
    let work = move || {
        let script = Script { file: "query", text: &text, voice: &QUESTION };
        let plan = script.complete(caught("the planner panicked", || self::planned(&script, &open)));
        // Nobody listens any more once the time is up.
        let _ = send.send(plan.map(|plan| (plan, open.stores)));
    };
    apart(work).map_err(|e| Script { file: "query", text: sql, voice: &QUESTION }.fault(&e.into()))?;
    planned.recv_timeout(limits.time).unwrap_or_else(|ended| match ended {
        RecvTimeoutError::Timeout => Err(out_of_time(limits).into()),
        RecvTimeoutError::Disconnected => {
            Err(Script { file: "query", text: sql, voice: &QUESTION }.broken("the planner ended without an answer").into())
        }
    })
}

fn out_of_time(limits: &Limits) -> Diagnostic {
    Diagnostic::new(STOPPED, format!("the question was stopped after {} seconds", limits.time.as_secs()))
        .place(Place::file("query"))
        .outcome("Nothing was changed: a question only reads.")
        .hint("Ask for one council or one period, or sum before you join.")
}

enum Planned {
    Rows(LogicalPlan, SchemaRef),
    Explained(RecordBatch),
}

fn planned(script: &Script, open: &Open) -> Answer<Planned> {
    let tokens = script.tokens()?;
    let mut words = tokens.iter().filter(|t| !matches!(t.token, Token::Whitespace(_) | Token::EOF | Token::SemiColon));
    let Some(first) = words.next() else {
        return Err(Diagnostic::new(SYNTAX, "there is no SQL to answer").place(Place::file(script.file)).into());
    };
    if word(first).is_some_and(|w| w == "EXPLAIN") {
        return explain(script, &tokens, words.next().unwrap_or(first), open);
    }
    if !starts_query(first) {
        return Err(not_a_question(script, first).into());
    }
    let query = script.query()?;
    let plan = analysed(script, query.clone(), open)?;
    let schema = titled(&query, plan.schema().as_arrow());
    Ok(Planned::Rows(plan, schema))
}

/// `EXPLAIN` and a query, which begins at `next`.
fn explain(script: &Script, tokens: &[TokenWithSpan], next: &TokenWithSpan, open: &Open) -> Answer<Planned> {
    if !starts_query(next) {
        let report = Diagnostic::new(NOT_A_QUESTION, format!("EXPLAIN {} is not offered", next.token))
            .expected("EXPLAIN and a query, as in `EXPLAIN SELECT …`: it shows the plan and runs nothing")
            .outcome("Nothing was run.");
        return Err(script.at(report, next.span).into());
    }
    let from = tokens.iter().position(|t| t.span == next.span).unwrap_or_default();
    let query = script.query_in(tokens.get(from..).unwrap_or_default().to_vec())?;
    let state = state(Use::Question);
    let plan = analysed(script, query, open)?;
    let plan = state.optimizer().optimize(plan, state, |_, _| {}).map_err(|e| script.fault(&e))?;
    explained(&plan).map(Planned::Explained).map_err(|e| script.fault(&e.into()).into())
}

fn analysed(script: &Script, query: Box<Query>, open: &Open) -> Answer<LogicalPlan> {
    let plan = names::plan(script, query, open, Use::Question)?;
    let state = state(Use::Question);
    let plan = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {}).map_err(|e| script.fault(&e))?;
    exact::check_question(script, &plan)?;
    Ok(plan)
}

/// The logical plan, a line a row. The physical one would show where files lie.
fn explained(plan: &LogicalPlan) -> Result<RecordBatch, arrow::error::ArrowError> {
    let text = plan.display_indent().to_string();
    let lines: ArrayRef = Arc::new(StringArray::from(text.lines().collect::<Vec<_>>()));
    RecordBatch::try_new(Arc::new(Schema::new(vec![Field::new("plan", DataType::Utf8, false)])), vec![lines])
}

/// The columns under the names that the question gives them, or its own words where it gives none.
fn titled(query: &Query, given: &Schema) -> SchemaRef {
    let written = match query.body.as_ref() {
        SetExpr::Select(select) => select.projection.iter().map(title).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    let titles = written.filter(|titles| titles.len() == given.fields().len());
    let fields = given.fields().iter().enumerate().map(|(at, field)| {
        let name = titles.as_ref().and_then(|t| t.get(at)).unwrap_or(field.name());
        field.as_ref().clone().with_name(name).with_nullable(true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn title(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } | SelectItem::UnnamedExpr(Expr::Identifier(alias)) => Some(names::normal(alias)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(names::normal),
        SelectItem::UnnamedExpr(expr) => Some(expr.to_string()),
        _ => None,
    }
}

/// Sends every batch; what it returns is the end.
async fn run(context: SessionContext, plan: LogicalPlan, titled: &SchemaRef, send: &SyncSender<Heard>) -> Result<(), DataFusionError> {
    let state = context.state();
    let physical = state.create_physical_plan(&plan).await?;
    let mut stream = execute_stream(physical, state.task_ctx())?;
    while let Some(batch) = stream.next().await {
        let batch = RecordBatch::try_new(Arc::clone(titled), batch?.columns().to_vec())?;
        if send.send(Heard::Found(Ok(Some(batch)))).is_err() {
            break;
        }
    }
    Ok(())
}

impl Answers {
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Columns of tables whose values the question adds up, tables without a schema.
    #[must_use]
    pub fn summed(&self) -> &BTreeSet<Source> {
        &self.summed
    }

    /// All rows.
    ///
    /// # Errors
    /// `TC1105`, `TC1106`.
    pub fn collect_all(self) -> Answer<Vec<RecordBatch>> {
        self.collect()
    }

    fn fault(&self, error: &DataFusionError) -> Diagnostic {
        let report = Script { file: "query", text: &self.sql, voice: &QUESTION }.fault(error);
        let report = report.outcome("Nothing was changed: a question only reads.");
        let hint = if report.hint.is_empty() {
            "Write the question so that it can be computed on every row, and ask again.".to_owned()
        } else {
            report.hint.clone()
        };
        report.hint(hint)
    }
}

impl Iterator for Answers {
    type Item = Answer<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let fault = match self.from.recv() {
            Ok(Heard::Found(Ok(Some(batch)))) => return Some(Ok(batch)),
            Ok(Heard::Found(Ok(None))) => None,
            Ok(Heard::Found(Err(error))) => Some(self.fault(&error)),
            Ok(Heard::TimeIsUp) => Some(out_of_time(&self.limits)),
            Err(RecvError) => Some(self.fault(&internal_datafusion_err!("the plan panicked"))),
        };
        self.over = true;
        fault.map(|report| Err(report.into()))
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn word(token: &TokenWithSpan) -> Option<String> {
    match &token.token {
        Token::Word(Word { value, quote_style: None, .. }) => Some(value.to_uppercase()),
        _ => None,
    }
}

fn starts_query(token: &TokenWithSpan) -> bool {
    token.token == Token::LParen || word(token).is_some_and(|w| matches!(w.as_str(), "SELECT" | "WITH" | "VALUES" | "FROM"))
}

fn not_a_question(script: &Script, first: &TokenWithSpan) -> Diagnostic {
    let said = word(first).unwrap_or_else(|| first.token.to_string());
    let why = match said.as_str() {
        "COPY" | "EXPORT" | "UNLOAD" => "writes files",
        "SET" | "RESET" | "PRAGMA" | "USE" => "changes settings",
        "PREPARE" | "EXECUTE" | "DEALLOCATE" | "CALL" | "DECLARE" | "FETCH" | "DO" => "runs what cannot be looked at first",
        "CREATE" | "DROP" | "ALTER" | "TRUNCATE" | "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "GRANT" | "REVOKE" | "ATTACH" | "INSTALL"
        | "LOAD" => "changes things",
        _ => "is not SELECT",
    };
    let hint = match said.as_str() {
        "COPY" | "EXPORT" => {
            "Choose a format, and send the answer where you want it: `truecost query --format csv \"SELECT …\" > answer.csv`."
        }
        "SHOW" | "DESCRIBE" | "DESC" => "A table that is not there is answered with the names of those that are.",
        _ => "Ask with SELECT.",
    };
    let report = Diagnostic::new(NOT_A_QUESTION, format!("{said} {why}; `query` only answers questions"))
        .expected("one SELECT (WITH and UNION may be part of it), or EXPLAIN before it")
        .outcome("Nothing was run, read or changed.")
        .hint(hint);
    script.at(report, first.span)
}
