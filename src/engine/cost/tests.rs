use std::{path::Path, sync::Arc};

use arrow::datatypes::{Field, Schema};
use datafusion::physical_plan::{ExecutionPlan, displayable};

use super::*;
use crate::engine::{Part, Table, runtime::wait};

fn builds_on_lines(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let builds =
        plan.name() == "HashJoinExec" && displayable(plan.children()[0].as_ref()).indent(true).to_string().contains("line.parquet");
    builds || plan.children().into_iter().any(builds_on_lines)
}

impl CostQuery {
    /// As [`Self::run`], also where it is plain that no row comes of it, and by a plan for these tables and parameters alone.
    pub(in crate::engine) fn run_anew(&self, tables: &Tables, parameters: &Parameters) -> Answer<RecordBatch> {
        let script = Script { file: &self.file, text: &self.sql, voice: &PARTNERSHIP };
        self.planned_anew(&script, tables, parameters, Use::Few)
    }

    /// How many plans are kept for a next run.
    pub(in crate::engine) fn plans(&self) -> usize {
        locked(&self.left.kept).len()
    }

    /// The rows that would be given again.
    pub(in crate::engine) fn last_rows(&self) -> Option<RecordBatch> {
        locked(&self.left.last).as_ref().and_then(|(_, rows)| locked(rows).clone())
    }
}

/// Lines are many, reference rows few: whichever stands left in the text, only the few are put into memory. It is the known
/// number of rows that decides (`Parts::estimate`); were it lost, this would fail.
#[test]
fn a_join_never_puts_the_lines_into_memory_whatever_side_they_are_written_on() {
    let schema = Arc::new(Schema::new(vec![Field::new("council", DataType::Utf8, false), Field::new("name", DataType::Utf8, true)]));
    let rows = RecordBatch::new_empty(Arc::clone(&schema));
    let mut tables = Tables::default();
    let part = Part::local(Path::new("/lake/line.parquet"), 1 << 30, 10_000_000).unwrap();
    tables.insert("line", Table::local(Arc::clone(&schema), vec![part]));
    tables.insert("reference", Table::rows(schema, vec![rows]));
    for sql in [
        "SELECT l.council, r.name FROM line AS l LEFT JOIN reference AS r ON r.council = l.council",
        "SELECT l.council, r.name FROM reference AS r RIGHT JOIN line AS l ON r.council = l.council",
        "SELECT l.council, r.name FROM line AS l FULL JOIN reference AS r ON r.council = l.council",
        "WITH few AS (SELECT * FROM line WHERE name = 'a') SELECT l.council, r.name FROM few AS l LEFT JOIN reference AS r ON r.council = l.council",
        "SELECT l.council, r.name FROM line AS l LEFT JOIN (SELECT council, min(name) AS name FROM reference GROUP BY council) AS r ON r.council = l.council",
        "SELECT l.council, r.name FROM line AS l LEFT JOIN reference AS r ON r.council = l.council LEFT JOIN reference AS s ON s.name = l.name",
        "SELECT l.council FROM line AS l LEFT JOIN (SELECT DISTINCT r.council FROM reference AS r JOIN reference AS s ON s.name = r.name) AS r ON r.council = l.council WHERE r.council IS NULL",
    ] {
        let script = Script { file: "a.sql", text: sql, voice: &PARTNERSHIP };
        let open = tables.open().unwrap();
        let plan = analysed(&script, script.query().unwrap(), &open).unwrap();
        let physical = wait(async move { state(Use::Cost).create_physical_plan(&plan).await }).unwrap();
        let shown = displayable(physical.as_ref()).indent(true).to_string();
        assert!(shown.contains("HashJoinExec") && shown.contains("line.parquet"), "{sql}\n{shown}");
        assert!(!builds_on_lines(&physical), "{sql}\n{shown}");
    }
}
