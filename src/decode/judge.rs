//! What a file is judged against: its contract, made ready for reading.

use std::{borrow::Cow, sync::Arc};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::{
    adds_up::Sum,
    amounts::{Amounts, SignOf},
    facts::{EncodingFacts, FileFacts},
    faults,
    overlay::Overlay,
    packed,
    reading::{Plan, Reading},
    records::Dialect,
    subject::Subject,
    text::{encoding::choose_encoding, transcode},
    treat::{Treated, Treating},
    workbook::{self, SEEN_BETWEEN},
};
use crate::{
    diagnostic::Answer,
    domain::{Day, Identifier},
    schema::{
        Column, Contract, Delimited, Encoding, Escape, Form, Format, Layout, MoneyStyle, STAND_IN, Side, Term, TrailingDelimiter, Type,
    },
};

/// Name of the column that holds the physical line on which a row's record starts.
pub const SOURCE_ROW: &str = "source_row";

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
    /// Whose reports these are.
    pub(super) subject: Subject,
    pub(super) encoding: Encoding,
    /// Bytes of the byte order mark.
    pub(super) bom: usize,
    /// How the text of a field stands in a record, as the format hands it over.
    pub(super) dialect: Dialect,
    /// Every record ends with one delimiter more.
    pub(super) trailing_delimiter: TrailingDelimiter,
    /// One for each column of the contract, in its order.
    pub(super) plans: Vec<Plan>,
    /// Columns of the contract, then `source_row`.
    pub(super) schema: SchemaRef,
    pub(super) balances: Vec<Balance>,
    /// What the sender's amounts add up.
    pub(super) amounts: Amounts,
    /// Unsigned amounts whose side stands in another column.
    pub(super) signs: Vec<SignOf>,
    /// Corrections of the file at hand.
    pub(super) overlay: Overlay,
    /// The form of a row's pounds: money columns by their position in the contract, and whether they are taken off.
    pub(super) pounds: Vec<(usize, bool)>,
    /// Amounts that the contract promises to add up on each row.
    pub(super) adds_up: Vec<Sum>,
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
    pub fn new(contract: Arc<Contract>, file: String, facts: &FileFacts, covered: (Day, Day), balances: Vec<BalanceBy>) -> Answer<Self> {
        let Some(layout) = contract.layout.clone() else { return Err(faults::no_layout(&contract).into()) };
        let (encoding, bom) = encoding(&layout, facts, &file)?;
        let place = |name: &Identifier| contract.columns.iter().position(|c| c.name == *name);
        let balances = balances.into_iter().filter_map(|balance| {
            let signed = |names: &[Identifier], minus| names.iter().filter_map(place).map(|at| (at, minus)).collect::<Vec<_>>();
            Some(Balance { by: place(&balance.by)?, terms: [signed(&balance.plus, false), signed(&balance.minus, true)].concat() })
        });
        let mut plans: Vec<Plan> =
            contract.columns.iter().map(|column| Plan::new(&as_read(column, &layout), &layout.rows.null_words, covered)).collect();
        if matches!(&layout.format, Format::Fixed(_)) || layout.has_borders() {
            plans.iter_mut().for_each(|plan| plan.trim = true);
        }
        let field = |(column, plan): (&Column, &Plan)| column.field().with_nullable(!plan.required);
        let mut fields: Vec<Field> = contract.columns.iter().zip(&plans).map(field).collect();
        fields.push(Field::new(SOURCE_ROW, DataType::Int64, false));
        Ok(Self {
            subject: Subject { file, personal: contract.columns.iter().any(|c| c.rules.personal.is_some()), secret: false },
            encoding,
            bom,
            dialect: dialect(&layout.format),
            trailing_delimiter: match &layout.format {
                Format::Delimited(delimited) => delimited.trailing_delimiter,
                Format::Fixed(_) | Format::Workbook(_) => TrailingDelimiter::Refused,
            },
            plans,
            schema: Arc::new(Schema::new(fields)),
            balances: balances.collect(),
            amounts: Amounts::default(),
            signs: SignOf::of(&contract),
            overlay: Overlay::default(),
            pounds: pounds(&contract),
            adds_up: Sum::of(&contract, &layout),
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
        (self.subject.secret, self.subject.personal) = (true, true);
        for (plan, column) in self.plans.iter_mut().zip(&self.contract.columns) {
            if let Some(treated) = with.and_then(|with| Treated::of(column, with)) {
                plan.reading = Reading::Treated(Arc::new(treated));
                (plan.dropped, plan.required, plan.trim) = (false, column.required, true);
            }
        }
        self
    }

    /// The delimiter as the file has it, where another byte stands for it in the text as it is split.
    pub(super) const fn other_delimiter(&self) -> Option<char> {
        match &self.layout.format {
            Format::Delimited(delimited) => delimited.other_delimiter,
            Format::Fixed(_) | Format::Workbook(_) => None,
        }
    }

    /// Whether records may lack fields at their end; not where records of other types have fewer of their own.
    pub(super) const fn may_lack_fields(&self) -> bool {
        matches!(&self.layout.format, Format::Delimited(delimited) if delimited.short_lines) && self.layout.rows.records.is_empty()
    }

    /// A record as it came.
    pub(super) fn as_it_came(&self, record: &[u8]) -> String {
        let text = String::from_utf8_lossy(record);
        match self.other_delimiter() {
            Some(delimiter) => text.replace(char::from(STAND_IN), &delimiter.to_string()),
            None => text.into_owned(),
        }
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
        if self.dialect.quote.is_some() && self.dialect.escape == Escape::Backslash {
            notes.push("quotes inside a text are escaped with a backslash, as declared".to_owned());
        }
        if self.dialect.strays {
            notes.push("a quote inside a text that does not begin with one is text, as declared".to_owned());
        }
        notes
    }

    /// Values are filled up to the width of their field: blanks around them are the layout's.
    pub(super) const fn fills_up(&self) -> bool {
        matches!(self.layout.format, Format::Fixed(_))
    }

    /// Whether the contract says which records are rows, so that any other type is refused.
    pub(super) fn has_data_types(&self) -> bool {
        self.layout.rows.records.iter().any(|kind| kind.data)
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

/// The column as its format gives it: a number of a workbook is plain, whatever styles its texts are declared to have.
pub(super) fn as_read<'c>(column: &'c Column, layout: &Layout) -> Cow<'c, Column> {
    let money = &column.rules.money;
    if !matches!(layout.format, Format::Workbook(_)) || money.is_empty() || money.contains(&MoneyStyle::Plain) {
        return Cow::Borrowed(column);
    }
    let mut column = column.clone();
    column.rules.money.push(MoneyStyle::Plain);
    Cow::Owned(column)
}

/// In which encoding the file is read, and the bytes of its byte order mark.
fn encoding(layout: &Layout, facts: &FileFacts, file: &str) -> Answer<(Encoding, usize)> {
    let as_it_came;
    let facts = match (&layout.container, facts) {
        (None, FileFacts::Text(facts)) => facts,
        (None, FileFacts::Packed(facts)) => {
            as_it_came = EncodingFacts { len: facts.inside.bytes, other: Some(facts.packed), ..EncodingFacts::default() };
            &as_it_came
        }
        (Some(container), FileFacts::Packed(facts)) if facts.packed == packed::packed_as(container) => {
            packed::faults::not_nested(file, &facts.inside, matches!(layout.format, Format::Workbook(_)))?;
            &facts.inside.text
        }
        // It could not be unpacked while it was landed: why is told where it is read.
        (Some(container), FileFacts::Text(facts)) if facts.other == Some(packed::packed_as(container)) => {
            return Ok((layout.text().and_then(|text| text.encodings.first().copied()).unwrap_or(Encoding::Utf8), 0));
        }
        (Some(container), facts) => return Err(packed::faults::otherwise(file, container, facts).into()),
    };
    match &layout.format {
        Format::Delimited(delimited) => choose_encoding(facts, &delimited.text, file),
        Format::Fixed(fixed) => choose_encoding(facts, &fixed.text, file),
        // What is in a workbook is found out where its parts are looked through.
        Format::Workbook(_) => workbook::faults::is_workbook(facts, file).map(|()| (Encoding::Utf8, 0)),
    }
}

const fn dialect(format: &Format) -> Dialect {
    match format {
        Format::Delimited(delimited) => {
            let Delimited { delimiter, quote, escape, stray_quotes: strays, formula_texts: formulas, .. } = *delimited;
            Dialect { delimiter, quote, escape, strays, formulas }
        }
        // Fields touch; what fills them up is blanks.
        Format::Fixed(_) => Dialect { delimiter: b' ', quote: None, escape: Escape::Doubled, strays: false, formulas: false },
        // Cells have no delimiter; one stands between them where a person looks at a row.
        Format::Workbook(_) => Dialect { delimiter: SEEN_BETWEEN, quote: None, escape: Escape::Doubled, strays: false, formulas: false },
    }
}

/// What a record is priced by where no form is given: the money columns of the contract, as it signs them.
fn pounds(contract: &Contract) -> Vec<(usize, bool)> {
    let money = contract.columns.iter().enumerate().filter(|(_, column)| column.kind == Type::Money);
    money.map(|(at, column)| (at, column.rules.side == Some(Side::Credit))).collect()
}
