//! What the benchmarks share: a clock that others on the machine do not disturb, numbers that repeat, saved figures to compare with.

#![allow(dead_code)] // every benchmark uses some of it

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Instant};

use arrow::{
    array::{ArrayRef, AsArray, Date32Array, Decimal128Array, Int8Array, Int16Array, Int32Array, Int64Array, StringArray},
    datatypes::{DataType, Field, Schema},
    record_batch::RecordBatch,
};
use serde_json::{Value, json};
use truecost::{
    domain::Day,
    pipeline::{self, Feed, Partnership},
};

pub const ROUNDS: usize = 7;

/// Rows per second of `pass` over `rows` rows: the middle of several rounds, each long enough for a clock that ticks in milliseconds.
pub fn rows_per_second(rows: usize, mut pass: impl FnMut()) -> f64 {
    const SECONDS: f64 = 0.3;
    let mut round = |_| {
        let clock = Clock::start();
        let mut passes = 0;
        while passes == 0 || clock.seconds() < SECONDS {
            pass();
            passes += 1;
        }
        (rows * passes) as f64 / clock.seconds()
    };
    median((0..ROUNDS).map(&mut round).collect())
}

/// Time of this thread on a processor where the system tells (others may be at work on a shared machine), else time that passed.
pub struct Clock {
    on_cpu: Option<u64>,
    wall: Instant,
}

impl Clock {
    pub fn start() -> Self {
        Self { on_cpu: on_cpu_ns(), wall: Instant::now() }
    }

    pub fn seconds(&self) -> f64 {
        match (self.on_cpu, on_cpu_ns()) {
            (Some(before), Some(now)) => (now - before) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

fn on_cpu_ns() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

/// Numbers that repeat from run to run.
pub struct Sequence(pub u64);

impl Sequence {
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    /// Amounts that are mostly a few hundred pounds and at times millions.
    pub fn pence(&mut self) -> u64 {
        let size = self.below(22) + 8;
        self.below(1 << size) + 1
    }
}

/// The middle one of several rounds.
fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// Rows per second of each case, against those that `--save` wrote to `benches/baseline.json`.
pub struct Report {
    bench: &'static str,
    before: Value,
    measured: BTreeMap<String, f64>,
}

impl Report {
    pub fn new(bench: &'static str) -> Self {
        let before = fs::read_to_string(file()).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| json!({}));
        Self { bench, before, measured: BTreeMap::new() }
    }

    /// How often as fast as when it was saved; `-` where it was not.
    pub fn against(&mut self, case: &str, measured: f64) -> String {
        self.measured.insert(case.to_owned(), measured.round());
        let was = self.before[self.bench][case].as_f64();
        was.map_or_else(|| "-".into(), |was| format!("{:.2} x", measured / was))
    }

    /// With `-- --save`, today's figures are those that later ones are compared with.
    pub fn finish(mut self) {
        if std::env::args().any(|arg| arg == "--save") {
            self.before[self.bench] = json!(self.measured);
            let text = serde_json::to_string_pretty(&self.before).expect("figures are JSON");
            fs::write(file(), text + "\n").expect("the baseline can be written");
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn file() -> PathBuf {
    root().join("benches/baseline.json")
}

/// The reference partnership in this repository.
pub fn partnership() -> Partnership {
    pipeline::read(&root()).expect("the reference partnership is sound").0
}

/// Codes of a council in a reference table, in its order.
pub fn codes(partnership: &Partnership, council: &str, table: &str) -> Vec<String> {
    let rows = &partnership.references[table].rows;
    let text = |name: &str| rows.column_by_name(name).expect("a column").as_string::<i32>().clone();
    let (councils, codes) = (text("council"), text(table));
    (0..rows.num_rows()).filter(|row| councils.value(*row) == council).map(|row| codes.value(row).to_owned()).collect()
}

/// Rows of a feed's extract as the decoder types them, over the year 2018/19, with codes that the reference tables know.
pub fn extract(partnership: &Partnership, feed: &Feed, rows: usize, seed: u64) -> RecordBatch {
    let mut numbers = Sequence(seed);
    let cost_centres = codes(partnership, &feed.council, "cost_centre");
    let accounts = codes(partnership, &feed.council, "account");
    let first = Day::from_ymd(2018, 4, 1).expect("a day").0;
    let days: Vec<i32> = (0..rows).map(|row| first + i32::try_from(row * 365 / rows).expect("a year")).collect();
    let periods: Vec<i32> = days.iter().map(|day| partnership.calendar.period_of(Day(*day)).period.into()).collect();
    let mut pick = |from: &[String]| from[usize::try_from(numbers.below(from.len() as u64)).expect("small")].clone();
    let centres: Vec<String> = (0..rows).map(|_| pick(&cost_centres)).collect();
    let natures: Vec<String> = (0..rows).map(|_| pick(&accounts)).collect();
    let joined =
        |sign: &str, before: &str| -> Vec<String> { centres.iter().zip(&natures).map(|(c, a)| format!("{before}{c}{sign}{a}")).collect() };
    let contract = &feed.contracts.first().expect("a contract").1;
    let mut fields: Vec<Field> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for field in contract.arrow_schema().fields() {
        let number = |row: usize| i32::try_from(row % 4 + 1).expect("small");
        let texts = |texts: Vec<String>| Arc::new(StringArray::from(texts)) as ArrayRef;
        let column: ArrayRef = match (field.name().as_str(), field.data_type()) {
            ("cost_centre", _) => texts(centres.clone()),
            ("account", _) => texts(natures.clone()),
            ("account_code", _) => texts(joined("/", "")),
            ("code_combination", _) => texts(joined(".", "01.")),
            ("year_period", DataType::Int32) => Arc::new(periods.iter().map(|p| Some(201_800 + p)).collect::<Int32Array>()),
            ("credit", _) => Arc::new(Decimal128Array::from(vec![None; rows]).with_precision_and_scale(18, 2).expect("money")),
            (_, DataType::Date32) => Arc::new(Date32Array::from(days.clone())),
            (_, DataType::Int8) => Arc::new(periods.iter().map(|p| i8::try_from(*p).ok()).collect::<Int8Array>()),
            (_, DataType::Int16) => Arc::new(Int16Array::from(vec![2018; rows])),
            (_, DataType::Int32) => Arc::new((0..rows).map(|row| Some(number(row))).collect::<Int32Array>()),
            (_, DataType::Int64) => Arc::new((0..rows).map(|row| Some(i64::from(number(row)))).collect::<Int64Array>()),
            (_, DataType::Decimal128(..)) => {
                let pence = (0..rows).map(|_| i128::from(numbers.pence())).collect::<Vec<_>>();
                Arc::new(Decimal128Array::from(pence).with_precision_and_scale(18, 2).expect("money"))
            }
            (name, _) => texts((0..rows).map(|_| format!("{name} {}", numbers.below(5_000))).collect()),
        };
        fields.push(field.as_ref().clone().with_nullable(true));
        columns.push(column);
    }
    fields.push(Field::new("source_row", DataType::Int64, false));
    columns.push(Arc::new((0..rows).map(|row| i64::try_from(row + 2).ok()).collect::<Int64Array>()));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("rows of the extract")
}
