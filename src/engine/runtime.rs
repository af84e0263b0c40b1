//! Where plans are made and run, for callers that neither wait for futures nor have deep stacks.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, OnceLock, mpsc},
    thread,
};

use arrow::array::RecordBatch;
use datafusion::{
    common::{DataFusionError, internal_datafusion_err},
    logical_expr::LogicalPlan,
    physical_plan::collect,
};
use futures::FutureExt as _;
use tokio::runtime::{Builder, Runtime};

use super::{
    session::{Use, state, task},
    table::Stores,
};
use crate::diagnostic::{Answer, Diagnostic, codes::sql::BROKEN};

/// Queries may be as deep as the limits of `script` allow; each level takes stack.
const STACK_BYTES: usize = 16 << 20;

/// What may lie on a deep stack below the planner.
const BELOW_BYTES: usize = 4 << 20;

thread_local! {
    /// Whether this thread's stack is as deep as any SQL needs: then it plans and runs by itself, and starts no thread for it.
    static DEEP: Cell<bool> = const { Cell::new(false) };
}

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

/// Waits for a future, on this thread where its stack is deep, else on the shared runtime. A panic inside is an error, not the end of
/// the program.
pub(super) fn wait<T: Send + 'static>(
    future: impl Future<Output = Result<T, DataFusionError>> + Send + 'static,
) -> Result<T, DataFusionError> {
    let panicked = || internal_datafusion_err!("the plan panicked");
    if DEEP.get() {
        return shared()?.block_on(AssertUnwindSafe(future).catch_unwind()).unwrap_or_else(|_| Err(panicked()));
    }
    let (send, receive) = mpsc::sync_channel(1);
    shared()?.spawn(async move {
        // The receiver waits; it is gone only with the whole program.
        let _ = send.send(future.await);
    });
    receive.recv().map_err(|_| panicked())?
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
    if DEEP.get() {
        return caught("the planner panicked", plan);
    }
    thread::scope(|scope| match start_deep(scope, plan) {
        Ok(planning) => planning.join().unwrap_or_else(|_| Err(broken("the planner panicked").into())),
        Err(error) => Err(broken(&error.to_string()).into()),
    })
}

/// Starts a thread that plans and runs SQL by itself: its stack is deep enough for the deepest that is let in.
///
/// # Errors
/// Where the system gives no thread; `work` is not done then.
pub fn start_deep<'scope, T: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> std::io::Result<thread::ScopedJoinHandle<'scope, T>> {
    thread::Builder::new().stack_size(STACK_BYTES + BELOW_BYTES).spawn_scoped(scope, || {
        DEEP.set(true);
        work()
    })
}

/// Does work that plans and runs much SQL on one such thread, instead of one for each query; here, where the system gives none.
pub fn deeply<T: Send>(work: impl Fn() -> T + Sync) -> T {
    thread::scope(|scope| match start_deep(scope, &work) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        Err(_) => work(),
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
