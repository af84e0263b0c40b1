//! Replacing partitions: files into place, then one entry of the log.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use deltalake_core::{
    DeltaTableError,
    kernel::{
        Action, Add, CommitInfo, Metadata, Protocol, Remove, Transaction,
        transaction::{CommitBuilder, CommitProperties, TransactionError},
    },
    logstore::get_actions,
    protocol::{DeltaOperation, SaveMode},
};
use serde_json::{Value, json};

use super::{Checkpoints, Commit, Committed, CommonTables, LakeFile, Outcome, PARTITION_COLUMNS, Snapshot};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::Period,
    lake::{
        Seen,
        durable::{self, sha256},
        fault,
    },
    schema::{Contract, Type},
};

/// Entries of the log between two checkpoints: a reader opens one checkpoint and at most so many entries.
const CHECKPOINT_EVERY: &str = "20";

impl CommonTables {
    /// Makes the staged parts the content of every period in which the delivery stands, in one commit. Makes the table where it is missing.
    ///
    /// # Errors
    /// TC1005 where the table has other columns than the contract, TC1006 where somebody else wrote to it, TC1002, TC1007.
    pub fn replace(&self, contract: &Contract, commit: &Commit) -> Answer<Outcome> {
        let grown = self.make_sure(contract, commit.at_ms)?;
        crash::point("commit.table")?;
        let table = contract.name.as_str();
        let before = self.snapshot(table, None)?.ok_or_else(|| fault::table(&self.folder_of(table), "it is gone"))?;
        let (add, remove) = difference(&before, commit);
        self.put_back(&before.files, commit)?;
        let last = self.last_commit(table, &commit.app_id())?;
        if let Some(last) = last.filter(|last| add.is_empty() && remove.is_empty() && last.delivery == commit.delivery.as_str()) {
            return Ok(Outcome::AlreadyIn(last.version));
        }
        self.put_in_place(table, commit, &add)?;
        crash::point("commit.in_place")?;
        let added = add.iter().map(|(relative, staged)| added(relative, staged, commit));
        let removed = remove.iter().map(|file| removed(file, commit.at_ms));
        self.write(table, &before, commit, grown.map(Action::Metadata).into_iter().chain(added).chain(removed).collect())
    }

    /// The last commit of these deliveries (`council/feed/coverage`), where there is one.
    ///
    /// # Errors
    /// TC1007.
    pub fn last_commit(&self, table: &str, app_id: &str) -> Answer<Option<Committed>> {
        let mut known = self.known();
        let Some(delta) = self.newest(&mut known, table)? else { return Ok(None) };
        let read = || -> Result<Option<Committed>, DeltaTableError> {
            let log = delta.log_store();
            let version = self.runtime.block_on(delta.snapshot()?.transaction_version(log.as_ref(), app_id))?;
            let Some(version) = version.and_then(|version| u64::try_from(version).ok()) else { return Ok(None) };
            let Some(bytes) = self.runtime.block_on(log.read_commit_entry(version))? else { return Ok(None) };
            Ok(committed(version, &get_actions(version, &bytes)?))
        };
        read().map_err(|error| fault::table(&self.folder_of(table), error))
    }

    /// Takes files out of the newest version of a table, in one commit that tells of no delivery: retention lets them go, by their paths
    /// below the table's folder. What is not in it, is not.
    ///
    /// # Errors
    /// TC1007, TC1002.
    pub fn let_go(&self, table: &str, paths: &BTreeSet<&str>, at_ms: i64) -> Answer<()> {
        let leaving = || -> Answer<Vec<LakeFile>> {
            let mut files = self.snapshot(table, None)?.map(|snapshot| snapshot.files).unwrap_or_default();
            files.retain(|file| paths.contains(file.relative.as_str()));
            Ok(files)
        };
        let files = leaving()?;
        if files.is_empty() {
            return Ok(());
        }
        let actions = std::iter::once(info(at_ms)).chain(files.iter().map(|file| removed(file, at_ms))).collect();
        crash::point("commit.checked")?;
        let done = self.commit(table, CommitProperties::default().with_max_retries(0), actions);
        crash::point("commit.replied")?;
        match done {
            // An error may come from what follows the commit.
            Err(error) if !leaving()?.is_empty() => Err(fault::table(&self.folder_of(table), error)),
            _ => Ok(()),
        }
    }

    /// Makes the table where there is none. What it returns goes into the next commit: what the contract says since it has more columns
    /// than the table.
    fn make_sure(&self, contract: &Contract, at_ms: i64) -> Answer<Option<Metadata>> {
        let mut known = self.known();
        let folder = self.folder_of(&contract.name);
        let metadata = metadata(contract, at_ms).map_err(|error| fault::table(&folder, error))?;
        if let Some(delta) = self.newest(&mut known, &contract.name)? {
            let has = delta.snapshot().map_err(|error| fault::table(&folder, error))?.metadata().clone();
            let grown = same_columns(&folder, contract, &has, &metadata)?;
            return Ok((grown == Grown::Yes).then_some(metadata));
        }
        durable::folder(&folder, Seen::ByUs)?;
        let create = || -> Result<(), DeltaTableError> {
            let log = self.log_store(&contract.name, Checkpoints::Read).map_err(|refusal| DeltaTableError::generic(refusal.to_string()))?;
            let protocol: Protocol = serde_json::from_value(json!({ "minReaderVersion": 1, "minWriterVersion": 2 }))?;
            let actions = vec![info(at_ms), Action::Protocol(protocol.clone()), Action::Metadata(metadata.clone())];
            let location = url::Url::from_directory_path(&folder).map_err(|()| DeltaTableError::generic("its path is not absolute"))?;
            let operation = DeltaOperation::Create { mode: SaveMode::ErrorIfExists, location, protocol, metadata };
            self.runtime.block_on(async { CommitBuilder::default().with_actions(actions).build(None, log, operation).await }).map(|_| ())
        };
        create().map_err(|error| fault::table(&folder, error))?;
        durable::sync_folder(&self.folder)?;
        Ok(None)
    }

    /// Flushes the parts, renames them into the table's folders, flushes the folders.
    fn put_in_place(&self, table: &str, commit: &Commit, add: &BTreeMap<String, &super::StagedRows>) -> Answer<()> {
        durable::sync_files(&add.values().map(|staged| staged.part.path.clone()).collect::<Vec<_>>())?;
        crash::point("commit.parts_flushed")?;
        let root = self.folder_of(table);
        let mut folders = BTreeSet::new();
        for (relative, staged) in add {
            let path = root.join(relative);
            durable::rename(&staged.part.path, &path, Seen::ByUs)?;
            crash::point("commit.part_renamed")?;
            folders.extend(path.ancestors().skip(1).take_while(|folder| folder.starts_with(&root)).map(Path::to_path_buf));
        }
        for staged in &commit.parts {
            // Parts that the table has already.
            durable::remove(&staged.part.path)?;
        }
        durable::sync_files(&folders.into_iter().collect::<Vec<PathBuf>>())
    }

    pub(super) fn write(&self, table: &str, before: &Snapshot, commit: &Commit, mut actions: Vec<Action>) -> Answer<Outcome> {
        let target = before.version + 1;
        actions.insert(0, info(commit.at_ms));
        // The transaction's version is the table's: so the entry that holds its `commitInfo` is found without a search.
        let transaction = Transaction { app_id: commit.app_id(), version: target as i64, last_updated: Some(commit.at_ms) };
        let told = json!({
            "council": &**commit.council, "feed": &**commit.feed, "coverage": commit.coverage.to_string(),
            "delivery_id": commit.delivery.as_str(), "token": commit.token, "facts": commit.facts,
        });
        // No retries: they would commit over what somebody else wrote meanwhile without asking us.
        let properties = CommitProperties::default()
            .with_metadata([("truecost".to_owned(), told)])
            .with_application_transaction(transaction)
            .with_max_retries(0);
        crash::point("commit.checked")?;
        let done = self.commit(table, properties, actions);
        crash::point("commit.replied")?;
        if done.as_ref().is_ok_and(|version| *version == target) {
            return Ok(Outcome::Committed(target));
        }
        self.after_unknown_outcome(table, commit, done.err())
    }

    fn commit(&self, table: &str, properties: CommitProperties, actions: Vec<Action>) -> Result<u64, DeltaTableError> {
        let known = self.known();
        let delta = known.get(table).ok_or(DeltaTableError::NotInitialized)?;
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            partition_by: Some(PARTITION_COLUMNS.map(str::to_owned).to_vec()),
            predicate: None,
        };
        let commit = CommitBuilder::from(properties).with_actions(actions);
        let finished = self.runtime.block_on(async { commit.build(Some(delta.snapshot()?), delta.log_store(), operation).await })?;
        Ok(finished.version())
    }

    /// Whether the commit is in, whatever was said: an error may come from what follows the commit (a checkpoint).
    fn after_unknown_outcome(&self, table: &str, commit: &Commit, error: Option<DeltaTableError>) -> Answer<Outcome> {
        let last = self.last_commit(table, &commit.app_id())?;
        if let Some(last) = last.filter(|last| last.delivery == commit.delivery.as_str() && last.token == commit.token) {
            return Ok(Outcome::Committed(last.version));
        }
        let folder = self.folder_of(table);
        match error {
            Some(DeltaTableError::Transaction { source: TransactionError::MaxCommitAttempts(_) | TransactionError::CommitConflict(_) })
            | None => Err(moved(&folder)),
            Some(error) => Err(fault::table(&folder, error)),
        }
    }
}

/// What has to come in, by its path, and what has to go out, so that the covered periods hold the parts and nothing else.
fn difference<'a>(before: &Snapshot, commit: &'a Commit) -> (BTreeMap<String, &'a super::StagedRows>, Vec<LakeFile>) {
    let wanted: BTreeMap<_, _> = commit.parts.iter().map(|staged| (relative(commit, staged), staged)).collect();
    let of_feed = |file: &&LakeFile| file.council == commit.council.as_str() && file.feed == commit.feed.as_str();
    let covered = |file: &&LakeFile| of_feed(file) && (commit.replace.contains(&file.period) || commit.emptied.contains(&file.period));
    let present: BTreeMap<_, _> = before.files.iter().filter(covered).map(|file| (file.relative.clone(), file)).collect();
    let remove = present.iter().filter(|(path, _)| !wanted.contains_key(*path)).map(|(_, file)| (*file).clone()).collect();
    let add = wanted.into_iter().filter(|(path, _)| !present.contains_key(path)).collect();
    (add, remove)
}

fn relative(commit: &Commit, staged: &super::StagedRows) -> String {
    let Period { year, period } = staged.period;
    let (council, feed, name) = (commit.council, commit.feed, staged.part.name());
    format!("council={council}/feed={feed}/delivery_year={year}/delivery_period={period}/{name}.parquet")
}

fn partition(council: &str, feed: &str, period: Period) -> impl Iterator<Item = (String, Option<String>)> {
    let values = [council.to_owned(), feed.to_owned(), period.year.to_string(), period.period.to_string()];
    PARTITION_COLUMNS.into_iter().map(str::to_owned).zip(values.map(Some))
}

fn added(relative: &str, staged: &super::StagedRows, commit: &Commit) -> Action {
    Action::Add(Add {
        path: relative.into(),
        partition_values: partition(commit.council, commit.feed, staged.period).collect(),
        size: staged.part.bytes as i64,
        modification_time: commit.at_ms,
        data_change: true,
        stats: Some(json!({ "numRecords": staged.part.rows }).to_string()),
        ..Add::default()
    })
}

fn removed(file: &LakeFile, at_ms: i64) -> Action {
    Action::Remove(Remove {
        path: file.relative.clone(),
        data_change: true,
        deletion_timestamp: Some(at_ms),
        extended_file_metadata: Some(true),
        partition_values: Some(partition(&file.council, &file.feed, file.period).collect()),
        size: Some(file.bytes as i64),
        ..Remove::default()
    })
}

/// Given, because the one that would be made by default reads the clock.
fn info(at_ms: i64) -> Action {
    Action::CommitInfo(CommitInfo {
        timestamp: Some(at_ms),
        operation: Some("WRITE".into()),
        engine_info: Some(concat!("truecost/", env!("CARGO_PKG_VERSION")).into()),
        ..CommitInfo::default()
    })
}

fn committed(version: u64, actions: &[Action]) -> Option<Committed> {
    actions.iter().find_map(|action| {
        let Action::CommitInfo(info) = action else { return None };
        let told = info.info.get("truecost")?;
        let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Committed { version, delivery: text("delivery_id")?, token: text("token")? })
    })
}

fn metadata(contract: &Contract, at_ms: i64) -> Result<Metadata, serde_json::Error> {
    let fields = contract
        .columns
        .iter()
        .map(|column| json!({ "name": &*column.name, "type": delta_type(column.kind), "nullable": !column.required, "metadata": {} }));
    let schema = json!({ "type": "struct", "fields": fields.collect::<Vec<_>>() });
    serde_json::from_value(json!({
        "id": table_id(&contract.name),
        "name": contract.name,
        "description": null,
        "format": { "provider": "parquet", "options": {} },
        "schemaString": schema.to_string(),
        "partitionColumns": PARTITION_COLUMNS,
        // Versions are never forgotten by the table itself: clean-up follows the manifests of releases.
        "configuration": { "delta.enableExpiredLogCleanup": "false", "delta.checkpointInterval": CHECKPOINT_EVERY },
        "createdTime": at_ms,
    }))
}

/// A UUID made from the name: the same table has the same id on every machine.
fn table_id(name: &str) -> String {
    let hex = sha256(format!("truecost common table {name}").as_bytes());
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    format!("{}-{}-8{}-8{}-{}", part(0..8), part(8..12), part(12..15), part(15..18), part(18..30))
}

const fn delta_type(kind: Type) -> &'static str {
    match kind {
        Type::Money => "decimal(18,2)",
        Type::Quantity => "decimal(18,6)",
        Type::TinyInt => "byte",
        Type::SmallInt => "short",
        Type::Integer => "integer",
        Type::BigInt => "long",
        Type::Text => "string",
        Type::Date => "date",
        Type::Boolean => "boolean",
        Type::Instant => "timestamp",
    }
}

const REQUIRED: &str = ", required";

/// The name in a text of [`columns`].
fn name_of(column: &str) -> &str {
    column.split_once(' ').map_or(column, |(name, _)| name)
}

/// The columns that a table's metadata tells, one text each.
fn columns(metadata: &Metadata) -> Vec<String> {
    let value = serde_json::to_value(metadata).unwrap_or_default();
    let schema = value.get("schemaString").and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let fields = schema.as_ref().and_then(|schema| schema.get("fields")?.as_array()).cloned().unwrap_or_default();
    let told = |field: &Value| {
        let required = if field.get("nullable").and_then(Value::as_bool) == Some(false) { REQUIRED } else { "" };
        format!("{} {}{required}", text_of(field.get("name")), text_of(field.get("type")))
    };
    fields.iter().map(told).collect()
}

fn text_of(value: Option<&Value>) -> String {
    value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
}

/// Whether a contract has columns that its table has not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grown {
    No,
    /// All of them may be empty: in the rows that are there they are.
    Yes,
}

fn same_columns(folder: &Path, contract: &Contract, has: &Metadata, wants: &Metadata) -> Answer<Grown> {
    let (has, wants) = (columns(has), columns(wants));
    if has == wants {
        return Ok(Grown::No);
    }
    let (known, new): (Vec<&String>, Vec<&String>) = wants.iter().partition(|column| has.contains(column));
    if known.into_iter().eq(&has)
        && new.iter().all(|column| !column.ends_with(REQUIRED) && !has.iter().any(|h| name_of(h) == name_of(column)))
    {
        return Ok(Grown::Yes);
    }
    let at = has.iter().zip(&wants).take_while(|(a, b)| a == b).count();
    let or_nothing = |columns: &[String]| columns.get(at).map_or_else(|| "no column".into(), |column| format!("`{column}`"));
    let seen = format!(
        "column {} of table `{}` is {} in the lake and {} in its contract",
        at + 1,
        contract.name,
        or_nothing(&has),
        or_nothing(&wants)
    );
    Err(Diagnostic::new(codes::lake::TABLE_DIFFERS, seen)
        .place(Place::file(contract.file.clone()))
        .expected("the columns with which the table was made, in their order")
        .outcome("nothing was written to the table")
        .hint(format!(
            "bring the contract back, or move {} aside and run again: deliveries are brought in from their landed bytes",
            folder.display()
        ))
        .into())
}

fn moved(folder: &Path) -> Refusal {
    Diagnostic::new(codes::lake::TABLE_MOVED, format!("another program committed to {} while this run did", folder.display()))
        .place(Place::file(folder.display().to_string()))
        .expected("only truecost to write to its lake")
        .outcome("this delivery was not committed; the table holds what the other program left")
        .hint("find the other writer and stop it, then type the same command again")
        .into()
}
