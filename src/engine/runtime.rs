//! Where plans are made and run, for callers that neither wait for futures nor have deep stacks.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, mpsc},
    thread,
};

use arrow::array::RecordBatch;
use datafusion::{
    common::{DataFusionError, internal_datafusion_err},
    logical_expr::LogicalPlan,
    physical_plan::collect,
};
use tokio::runtime::{Builder, Runtime};

use super::{
    session::{Use, state, task},
    table::Stores,
};
use crate::diagnostic::{Answer, Diagnostic, codes::sql::BROKEN};

/// Queries may be as deep as the limits of `script` allow; each level takes stack.
const STACK_BYTES: usize = 16 << 20;

/// Threads of a question: their stacks count as its memory, touched or not.
const QUESTION_THREADS: usize = 8;

fn builder(threads: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).thread_stack_size(STACK_BYTES).thread_name("sql").enable_all();
    builder
}

fn cores() -> usize {
    thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

fn runtime() -> std::io::Result<Runtime> {
    builder(cores()).build()
}

/// A runtime of its own, for a question that may have to be left behind.
pub(super) fn question_runtime() -> std::io::Result<Runtime> {
    builder(cores().min(QUESTION_THREADS)).max_blocking_threads(QUESTION_THREADS).build()
}

fn shared() -> Result<&'static Runtime, DataFusionError> {
    static SHARED: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    SHARED.get_or_init(runtime).as_ref().map_err(|e| DataFusionError::IoError(std::io::Error::new(e.kind(), e.to_string())))
}

/// Waits for a future on the shared runtime. A panic inside is an error, not the end of the program.
pub(super) fn wait<T: Send + 'static>(
    future: impl Future<Output = Result<T, DataFusionError>> + Send + 'static,
) -> Result<T, DataFusionError> {
    let (send, receive) = mpsc::sync_channel(1);
    shared()?.spawn(async move {
        // The receiver waits; it is gone only with the whole program.
        let _ = send.send(future.await);
    });
    receive.recv().map_err(|_| internal_datafusion_err!("the plan panicked"))?
}

/// Runs an optimised plan of the cost run to its end.
pub(super) fn run_to_end(used: Use, stores: Stores, plan: LogicalPlan) -> Result<Vec<RecordBatch>, DataFusionError> {
    let task = Arc::new(task(used, stores)?);
    wait(async move {
        let state = state(used);
        let physical = state.query_planner().create_physical_plan(&plan, state).await?;
        collect(physical, task).await
    })
}

/// Runs a computation of this thread; a panic inside is an error.
pub(super) fn guarded<T>(compute: impl FnOnce() -> Result<T, DataFusionError>) -> Result<T, DataFusionError> {
    catch_unwind(AssertUnwindSafe(compute)).unwrap_or_else(|_| Err(internal_datafusion_err!("the computation panicked")))
}

fn broken(what: &str) -> Diagnostic {
    Diagnostic::new(BROKEN, format!("truecost could not plan SQL: {what}"))
}

/// Parses and plans on a stack that is deep enough for the deepest SQL that is let in.
pub(super) fn deep<T: Send>(plan: impl FnOnce() -> Answer<T> + Send) -> Answer<T> {
    thread::scope(|scope| match thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, plan) {
        Ok(planning) => planning.join().unwrap_or_else(|_| Err(broken("the planner panicked").into())),
        Err(error) => Err(broken(&error.to_string()).into()),
    })
}

/// Starts work on a stack as deep, and does not wait for it.
pub(super) fn apart(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name("plan".into()).stack_size(STACK_BYTES).spawn(work).map(|_| ())
}

/// Planning of this thread; a panic inside is a report.
pub(super) fn caught<T>(what: &str, plan: impl FnOnce() -> Answer<T>) -> Answer<T> {
    catch_unwind(AssertUnwindSafe(plan)).unwrap_or_else(|_| Err(broken(what).into()))
}
