//! What a file is judged against: its contract, made ready for reading.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::{
    amounts::{Amounts, SignOf},
    date::DateRules,
    encoding::{EncodingFacts, choose_encoding},
    faults,
    money::MoneyRules,
    pass::SOURCE_ROW,
    record::Dialect,
    transcode,
    treat::{Treated, Treating},
};
use crate::{
    diagnostic::Answer,
    domain::{Day, Identifier},
    schema::{Column, Contract, Encoding, Escape, Form, Layout, PeriodFormat, Side, Term, Type},
};

/// A sum that must be nought for every value of a column: every journal balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceBy {
    /// Column whose values group the rows.
    pub by: Identifier,
    /// Money columns that are added.
    pub plus: Vec<Identifier>,
    /// Money columns that are taken off.
    pub minus: Vec<Identifier>,
}

/// A contract made ready to judge one file.
#[derive(Clone, Debug)]
pub struct Judge {
    pub(super) contract: Arc<Contract>,
    pub(super) layout: Layout,
    /// Name of the file, for messages.
    pub(super) file: String,
    pub(super) encoding: Encoding,
    /// Bytes of the byte order mark.
    pub(super) bom: usize,
    pub(super) dialect: Dialect,
    /// One for each column of the contract, in its order.
    pub(super) plans: Vec<Plan>,
    /// Columns of the contract, then `source_row`.
    pub(super) schema: SchemaRef,
    pub(super) balances: Vec<Balance>,
    /// What the sender's amounts add up.
    pub(super) amounts: Amounts,
    /// Unsigned amounts whose side stands in another column.
    pub(super) signs: Vec<SignOf>,
    /// The form of a row's pounds: money columns by their position in the contract, and whether they are taken off.
    pub(super) pounds: Vec<(usize, bool)>,
    /// Some column holds personal data: excerpts of records stay out of messages.
    pub(super) personal: bool,
    /// The feed is one of personal data: no value of it stands in a message, and no row in the quarantine.
    pub(super) secret: bool,
}

/// How one column is read.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: Identifier,
    pub(super) reading: Reading,
    pub(super) required: bool,
    /// Null in every row, whatever the file holds: the contract drops the column.
    pub(super) dropped: bool,
    pub(super) trim: bool,
    /// Words that stand for null besides the empty field.
    pub(super) null_words: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub(super) enum Reading {
    Text {
        periods: Vec<PeriodFormat>,
    },
    /// Text in whose place something else stands.
    Treated(Arc<Treated>),
    Money(MoneyRules),
    Quantity(MoneyRules),
    Date(DateRules),
    Whole {
        kind: Type,
        periods: Vec<PeriodFormat>,
    },
    Boolean,
    Instant,
}

impl Reading {
    /// Whether no text is a fault.
    pub(super) fn takes_any_text(&self) -> bool {
        match self {
            Self::Text { periods } => periods.is_empty(),
            Self::Treated(_) => true,
            _ => false,
        }
    }
}

/// A [`BalanceBy`] by positions of columns.
#[derive(Clone, Debug)]
pub(super) struct Balance {
    pub(super) by: usize,
    /// Money columns, and whether they are taken off.
    pub(super) terms: Vec<(usize, bool)>,
}

impl Judge {
    /// `covered` are the first and last day that the delivery covers; `file` is the name under which messages speak of it.
    ///
    /// # Errors
    /// TC0201 to TC0205 where the file is empty, or valid in no encoding that the contract lists.
    pub fn new(
        contract: Arc<Contract>,
        file: String,
        facts: &EncodingFacts,
        covered: (Day, Day),
        balances: Vec<BalanceBy>,
    ) -> Answer<Self> {
        let Some(layout) = contract.layout.clone() else { return Err(faults::no_layout(&contract).into()) };
        let (encoding, bom) = choose_encoding(facts, &layout, &file)?;
        let place = |name: &Identifier| contract.columns.iter().position(|c| c.name == *name);
        let balances = balances.into_iter().filter_map(|balance| {
            let signed = |names: &[Identifier], minus| names.iter().filter_map(place).map(|at| (at, minus)).collect::<Vec<_>>();
            Some(Balance { by: place(&balance.by)?, terms: [signed(&balance.plus, false), signed(&balance.minus, true)].concat() })
        });
        let plans: Vec<Plan> = contract.columns.iter().map(|column| Plan::new(column, &layout, covered)).collect();
        let field = |(column, plan): (&Column, &Plan)| column.field().with_nullable(!plan.required);
        let mut fields: Vec<Field> = contract.columns.iter().zip(&plans).map(field).collect();
        fields.push(Field::new(SOURCE_ROW, DataType::Int64, false));
        Ok(Self {
            file,
            encoding,
            bom,
            dialect: Dialect { delimiter: layout.delimiter, quote: layout.quote, escape: layout.escape },
            plans,
            schema: Arc::new(Schema::new(fields)),
            balances: balances.collect(),
            amounts: Amounts::default(),
            signs: SignOf::of(&contract),
            pounds: pounds(&contract),
            personal: contract.columns.iter().any(|c| c.rules.personal.is_some()),
            secret: false,
            layout,
            contract,
        })
    }

    /// Adds up the sender's amounts by this form; without one, none.
    #[must_use]
    pub fn adding_up(self, form: Option<&Form>) -> Self {
        let Some(form) = form else { return Self { amounts: Amounts::default(), ..self } };
        let place = |term: &Term| Some((self.contract.columns.iter().position(|c| c.name == term.column)?, term.minus));
        Self { amounts: Amounts::new(form, &self.contract), pounds: form.terms().filter_map(place).collect(), ..self }
    }

    /// Judges a file of personal data: columns with a treatment are treated by `with`, and left out where it is not there.
    #[must_use]
    pub fn secret(mut self, with: Option<&Treating>) -> Self {
        (self.secret, self.personal) = (true, true);
        for (plan, column) in self.plans.iter_mut().zip(&self.contract.columns) {
            if let Some(treated) = with.and_then(|with| Treated::of(column, with)) {
                plan.reading = Reading::Treated(Arc::new(treated));
                (plan.dropped, plan.required, plan.trim) = (false, column.required, true);
            }
        }
        self
    }

    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The money columns of which a row's pounds are made.
    pub fn pound_columns(&self) -> impl Iterator<Item = &Identifier> {
        self.pounds.iter().filter_map(|(column, _)| Some(&self.plans.get(*column)?.name))
    }

    /// Schema of the accepted rows: the columns of the contract, then `source_row`.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Sentences about how the file is encoded and laid out, where that is worth noting.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.bom > 0 {
            notes.push(format!("the file begins with the byte order mark of {}", self.encoding.as_str()));
        }
        if self.encoding != Encoding::Utf8 {
            notes.push(format!("text was read as {}", self.encoding.as_str()));
        }
        if self.layout.trailing_delimiter {
            notes.push("every record ends with one delimiter more, as declared".to_owned());
        }
        if self.dialect.quote.is_some() && self.dialect.escape == Escape::Backslash {
            notes.push("quotes inside a text are escaped with a backslash, as declared".to_owned());
        }
        notes
    }

    /// Bytes of the file as text.
    pub(super) fn text_of(&self, bytes: &[u8]) -> String {
        transcode::to_text(self.encoding, bytes)
    }

    /// Columns that hold amounts, in the contract's order.
    pub(super) fn money_columns(&self) -> impl Iterator<Item = usize> {
        self.plans.iter().enumerate().filter(|(_, plan)| matches!(plan.reading, Reading::Money(_))).map(|(at, _)| at)
    }
}

/// What a record is priced by where no form is given: the money columns of the contract, as it signs them.
fn pounds(contract: &Contract) -> Vec<(usize, bool)> {
    let money = contract.columns.iter().enumerate().filter(|(_, column)| column.kind == Type::Money);
    money.map(|(at, column)| (at, column.rules.side == Some(Side::Credit))).collect()
}

impl Plan {
    fn new(column: &Column, layout: &Layout, covered: (Day, Day)) -> Self {
        let rules = &column.rules;
        let reading = match column.kind {
            Type::Text => Reading::Text { periods: rules.periods.clone() },
            Type::Money => Reading::Money(MoneyRules::new(&rules.money)),
            Type::Quantity => Reading::Quantity(MoneyRules::new(&rules.money)),
            Type::Date => Reading::Date(DateRules::new(&rules.dates, rules.window, covered)),
            Type::Boolean => Reading::Boolean,
            Type::Instant => Reading::Instant,
            kind @ (Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt) => {
                Reading::Whole { kind, periods: rules.periods.clone() }
            }
        };
        // Who reads a personal value without what it is treated with leaves it out.
        let dropped = column.is_treated() || column.is_dropped();
        let words = rules.null_words.as_ref().unwrap_or(&layout.null_words);
        Self {
            name: column.name.clone(),
            reading,
            required: column.required && !dropped,
            dropped,
            trim: rules.trim,
            null_words: words.iter().filter(|word| !word.is_empty()).map(|word| word.clone().into_bytes()).collect(),
        }
    }
}
