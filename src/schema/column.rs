//! One column of a contract, with what its `truecost` property declares.

use crate::{diagnostic::codes::contract, domain::fold_code};

use super::{
    Column, ColumnRules, DateFormat, Kind, MoneyStyle, Role, Round, Rounding, Side, SignFrom, Type, Vat, Window,
    fields::{Fields, Item},
    formats,
    layout::{STRETCH_KEYS, stretch},
    personal, words,
};

pub(super) const COLUMN_KEYS: &[&str] = &[
    "id",
    "name",
    "physicalName",
    "businessName",
    "logicalType",
    "physicalType",
    "description",
    "required",
    "primaryKey",
    "primaryKeyPosition",
    "classification",
    "examples",
    "tags",
    "customProperties",
];
pub(super) const PROPERTY_KEYS: &[&str] = &["id", "property", "vendor", "value", "description"];

/// Physical type, our type, the logical types that go with it.
const TYPES: [(&str, Type, &str); 10] = [
    ("DECIMAL(18,2)", Type::Money, "number"),
    ("DECIMAL(18,6)", Type::Quantity, "number"),
    ("TINYINT", Type::TinyInt, "integer"),
    ("SMALLINT", Type::SmallInt, "integer"),
    ("INTEGER", Type::Integer, "integer"),
    ("BIGINT", Type::BigInt, "integer"),
    ("VARCHAR", Type::Text, "string"),
    ("DATE", Type::Date, "date"),
    ("BOOLEAN", Type::Boolean, "boolean"),
    ("timestamp_tz", Type::Instant, "timestamp"),
];

const MONEY: &str = "a `DECIMAL(18,2)` column";
const QUANTITY: &str = "a `DECIMAL(18,6)` column";

pub fn read_column(item: &Item<'_>, kind: Kind) -> Option<Column> {
    let fields = item.fields(COLUMN_KEYS)?;
    let name = fields.need("name").and_then(|item| item.identifier());
    let column_type = read_type(&fields);
    for key in ["id", "businessName", "classification"] {
        let _ = fields.get(key).and_then(|item| item.text());
    }
    let required = fields.get("required").and_then(|item| item.flag()).unwrap_or(false);
    let value = value_of_ours(&fields);
    let rules = match &value {
        Some(value) => read_rules(value, column_type?, kind),
        None => ColumnRules::default(),
    };
    let (name, column_type) = (name?, column_type?);
    let mut column = Column {
        physical_name: fields.get("physicalName").and_then(|item| item.text()).unwrap_or(&name).to_owned(),
        name,
        kind: column_type,
        required,
        primary_key: primary_key(&fields),
        description: fields.get("description").and_then(|item| item.text()).unwrap_or_default().to_owned(),
        rules,
    };
    if kind == Kind::Source {
        complete_source(item, &mut column, value.is_some_and(|value| value.has_key("formats")));
    }
    if kind == Kind::Published {
        nothing_personal(item, &column);
    }
    Some(column)
}

fn read_type(fields: &Fields<'_>) -> Option<Type> {
    let physical = fields.need("physicalType")?;
    let words: Vec<(&str, (Type, &str))> = TYPES.iter().map(|(word, kind, logical)| (*word, (*kind, *logical))).collect();
    let text = physical.raw_text();
    let Some((_, (column_type, logical))) = words.iter().find(|(word, _)| Some(*word) == text) else {
        let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let near = text.and_then(|t| super::suggest::nearest(t, words.iter().map(|(word, _)| *word)));
        let why = format!("`{}` is no type of the profile", text.unwrap_or("").escape_debug());
        physical.refuse(contract::TYPE, &why, format!("one of {}", list.join(", ")), super::fields::did_you_mean(near));
        return None;
    };
    if let Some(item) = fields.get("logicalType")
        && item.raw_text() != Some(logical)
    {
        let why = format!("`{}` does not go with the physical type `{}`", item.raw_text().unwrap_or(""), column_type.as_str());
        item.refuse(contract::TYPE, &why, format!("`logicalType: {logical}`"), "");
    }
    Some(*column_type)
}

fn primary_key(fields: &Fields<'_>) -> Option<u32> {
    let position = fields.get("primaryKeyPosition").and_then(|item| item.count(1, 64));
    let is_key = fields.get("primaryKey").and_then(|item| item.flag()).unwrap_or(false);
    is_key.then(|| position.and_then(|p| u32::try_from(p).ok()).unwrap_or(1))
}

/// The value of the one custom property that is ours; any other is reported.
pub fn value_of_ours<'r>(fields: &Fields<'r>) -> Option<Item<'r>> {
    let mut ours = None;
    for item in fields.get("customProperties")?.list()? {
        let Some(property) = item.fields(PROPERTY_KEYS) else { continue };
        let named = property.need("property").is_some_and(|p| p.choice(&[("truecost", ())]).is_some());
        let vendor = property.need("vendor").is_some_and(|v| v.choice(&[("truecost", ())]).is_some());
        if !(named && vendor) {
            continue;
        }
        if ours.is_some() {
            item.refuse(contract::RULE, "a second `truecost` property", "one for each level", "Put all keys into one `value`.");
        }
        // Messages call it by its own name: where it stands, the place says.
        ours = property.need("value").map(|item| Item { path: "truecost".to_owned(), ..item });
    }
    ours
}

fn read_rules(value: &Item<'_>, column_type: Type, kind: Kind) -> ColumnRules {
    let Some(fields) = value.fields(words::column_keys()) else { return ColumnRules::default() };
    let for_type = |key: &str, fits: bool, what: &str| {
        let item = fields.get(key)?;
        if !fits {
            item.refuse(contract::RULE, &format!("the column is `{}`", column_type.as_str()), format!("`{key}` on {what}"), "");
        }
        fits.then_some(item)
    };
    let whole = matches!(column_type, Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt);
    let flag = |key: &str| fields.get(key).and_then(|item| item.flag()).unwrap_or(false);
    let rounding = rounding(
        for_type("decimals", column_type == Type::Money, MONEY).as_ref(),
        for_type("round", column_type == Type::Money, MONEY).as_ref(),
    );
    let rules = ColumnRules {
        aliases: fields.get("aliases").and_then(|item| item.texts()).unwrap_or_default(),
        occurrence: place(&fields, "occurrence"),
        position: place(&fields, "position"),
        may_be_absent: for_type("absent", column_type == Type::Text, "a text column")
            .and_then(|item| item.choice(&[("refused", false), ("allowed", true)]))
            .unwrap_or(false),
        money: styles(
            for_type("money", column_type == Type::Money, MONEY).as_ref(),
            for_type("number", column_type == Type::Quantity, QUANTITY).as_ref(),
        ),
        side: for_type("side", column_type == Type::Money, MONEY)
            .and_then(|i| i.choice(&[("debit", Side::Debit), ("credit", Side::Credit)])),
        includes_vat: for_type("includes_vat", column_type == Type::Money, MONEY)
            .and_then(|i| i.choice(&[("no", Vat::No), ("yes", Vat::Yes), ("unknown", Vat::Unknown)])),
        sign_from: for_type("sign_from", column_type == Type::Money, MONEY).and_then(|i| sign_from(&i)),
        blank_is_nought: for_type("blank", column_type == Type::Money, MONEY).and_then(|i| i.choice(&[("nought", ())])).is_some(),
        dates: for_type("formats", column_type == Type::Date, "a `DATE` column").map(|i| dates(&i)).unwrap_or_default(),
        periods: for_type("period", whole || column_type == Type::Text, "a text or whole-number column")
            .map(|i| periods(&i))
            .unwrap_or_default(),
        window: for_type("window", column_type == Type::Date, "a `DATE` column").and_then(|i| window(&i)),
        at: stretch(&fields, value),
        only: for_type("only", column_type == Type::Text, "a text column").and_then(|item| only(&item)).unwrap_or_default(),
        kinds: for_type("kinds", column_type == Type::Text, "a text column").and_then(|item| kinds(&item)).unwrap_or_default(),
        trim: flag("trim"),
        null_words: fields.get("null_words").and_then(|item| item.texts()),
        personal: fields.get("personal").and_then(|item| personal::read(&item, column_type, kind)),
        public: flag("public"),
        reason: fields.get("reason").and_then(|item| item.text()).map(str::to_owned),
        role: fields.get("role").and_then(|item| role(&item)),
        not_summable: for_type("summable", column_type == Type::Money, MONEY).and_then(|item| item.flag()) == Some(false),
        noise: for_type("noise", column_type == Type::Money, MONEY).and_then(|item| noise(&item, rounding)),
        rounding,
    };
    agree(&fields, &rules);
    exclude(&fields, &rules);
    only_for_sources(&fields, kind);
    rules
}

/// Refuses keys that mean nothing, or not what they seem to, beside each other.
fn exclude(fields: &Fields<'_>, rules: &ColumnRules) {
    if let (Some(_), Some(item)) = (rules.side, fields.get("sign_from")) {
        let hint = "A column of debits, or of credits, needs no other to say so.";
        item.refuse(contract::RULE, "`side` stands beside it", "one of `side: debit | credit` and `sign_from`", hint);
    }
    if let (Some(_), Some(item)) = (rules.occurrence, fields.get("position")) {
        item.refuse(contract::RULE, "`occurrence` stands beside it", "one of `occurrence` and `position`", "");
    }
    if let (true, Some(item)) = (rules.may_be_absent && rules.personal.is_some(), fields.get("absent")) {
        let hint = "Under another heading it would rest where nobody looks for it.";
        item.refuse(contract::RULE, "`personal` stands beside it", "one of `personal` and `absent: allowed`", hint);
    }
    if let (true, Some(item)) = (rules.may_be_absent && !rules.only.is_empty(), fields.get("absent")) {
        let hint = "What its words decide could not be told without it.";
        item.refuse(contract::RULE, "`only` stands beside it", "one of `only` and `absent: allowed`", hint);
    }
    for key in ["only", "kinds"] {
        if let (Some(_), Some(item)) = (rules.personal.as_ref(), fields.get(key)) {
            item.refuse(
                contract::RULE,
                "`personal` stands beside it",
                format!("one of `{key}` and `personal`"),
                "A report would name the words.",
            );
        }
    }
}

/// `[GBP, "£"]`: the words that a text may be.
fn only(item: &Item<'_>) -> Option<Vec<String>> {
    let words: Vec<String> = item.texts()?.iter().map(|word| word.trim().to_owned()).collect();
    if words.is_empty() || words.iter().any(|word| fold_code(word).is_empty()) {
        item.wrong("at least one word, as in `[GBP]`");
    }
    Some(words)
}

/// `[INV, PAY]`: the words for kinds of rows; `""` is an empty field.
fn kinds(item: &Item<'_>) -> Option<Vec<String>> {
    let words: Vec<String> = item.texts()?.iter().map(|word| word.trim().to_owned()).collect();
    if words.is_empty() {
        item.wrong("at least one word, as in `[INV]`");
    }
    Some(words)
}

/// Which of several, or which field, from 1.
fn place(fields: &Fields<'_>, key: &str) -> Option<u32> {
    fields.get(key).and_then(|item| item.count(1, 4_096)).and_then(|n| u32::try_from(n).ok())
}

/// How a text is read means nothing where no text is read.
fn only_for_sources(fields: &Fields<'_>, kind: Kind) {
    if kind == Kind::Source {
        return;
    }
    let of_sources = [
        "absent",
        "aliases",
        "occurrence",
        "position",
        "blank",
        "includes_vat",
        "money",
        "number",
        "noise",
        "decimals",
        "round",
        "side",
        "sign_from",
        "formats",
        "period",
        "window",
        "only",
        "kinds",
        "trim",
        "null_words",
    ];
    for key in of_sources.iter().chain(STRETCH_KEYS) {
        if let Some(item) = fields.get(key) {
            item.refuse(contract::RULE, "it says how an extract's text is read", "it only in the contract of a source", "");
        }
    }
}

/// `{column: dc, debit: [D], credit: [C]}`; that the column is there is looked at once all of them are read.
fn sign_from(item: &Item<'_>) -> Option<SignFrom> {
    let fields = item.fields(&["column", "debit", "credit"])?;
    let column = fields.need("column").and_then(|item| item.identifier());
    let words = |key: &str| {
        let item = fields.need(key)?;
        let words: Vec<String> = item.texts()?.iter().map(|word| word.trim().to_owned()).collect();
        // `""` is an empty field; a word of which nothing can be seen is none.
        if words.is_empty() || words.iter().any(|word| !word.is_empty() && fold_code(word).is_empty()) {
            item.wrong("at least one word, as in `[D]`; an empty field is `\"\"`");
        }
        Some(words)
    };
    let (debit, credit) = (words("debit"), words("credit"));
    let (column, debit, credit) = (column?, debit?, credit?);
    if let Some(both) = debit.iter().find(|word| credit.iter().any(|other| fold_code(other) == fold_code(word))) {
        item.refuse(
            contract::RULE,
            &format!("`{}` stands for both sides", both.escape_debug()),
            "words of their own for debit and credit",
            "",
        );
    }
    Some(SignFrom { column, debit, credit })
}

/// How amounts, or quantities, are printed. A column is one of the two.
fn styles(money: Option<&Item<'_>>, number: Option<&Item<'_>>) -> Vec<MoneyStyle> {
    let (item, of): (_, fn(&str) -> Option<MoneyStyle>) = match (money, number) {
        (Some(item), _) => (item, formats::money_style),
        (None, Some(item)) => (item, formats::number_style),
        (None, None) => return Vec::new(),
    };
    let expected = words::money_styles(|word| of(word).is_some());
    item.list().unwrap_or_default().iter().filter_map(|style| style.read(&expected, of)).collect()
}

/// `noise: 0.000001`.
fn noise(item: &Item<'_>, rounding: Option<Rounding>) -> Option<super::Noise> {
    let decimals = formats::decimals(rounding);
    let half = format!("0.{}5", "0".repeat(usize::from(decimals)));
    let expected =
        format!("pounds above nought and below {half}, as in `0.000001`: half-way between two amounts nobody knows which one is meant");
    item.read(&expected, |text| formats::noise(text, decimals))
}

/// `decimals: 3` and `round: half_even`, which stand together.
fn rounding(decimals: Option<&Item<'_>>, round: Option<&Item<'_>>) -> Option<Rounding> {
    let read = |item: &Item<'_>| item.count(3, 6).and_then(|n| u8::try_from(n).ok());
    let words = [("half_even", Round::HalfEven), ("half_up", Round::HalfUp)];
    match (decimals, round) {
        (Some(decimals), Some(round)) => {
            let (decimals, round) = (read(decimals), round.choice(&words));
            Some(Rounding { decimals: decimals?, round: round? })
        }
        (Some(item), None) => {
            let expected = "`round: half_even` or `round: half_up` beside it";
            let hint = "Half to even takes as much as it gives over many rows; half up is away from nought, as people round by hand.";
            item.refuse(contract::RULE, "nothing says what becomes of half a penny", expected, hint);
            None
        }
        (None, Some(item)) => {
            let expected = "`decimals: 3` (to 6) beside it";
            item.refuse(contract::RULE, "nothing says how many decimals the amounts have", expected, "Amounts of pence are not rounded.");
            None
        }
        (None, None) => None,
    }
}

/// Words that cannot both be true of one column.
fn agree(fields: &Fields<'_>, rules: &ColumnRules) {
    let is = |style: &MoneyStyle| rules.money.contains(style);
    let pointless =
        rules.money.iter().find(|style| matches!(style, MoneyStyle::Implied(_) | MoneyStyle::Overpunch | MoneyStyle::OverpunchDigits));
    let refuse = |key: &str, why: &str, expected: &str, hint: &str| {
        if let Some(item) = fields.get(key) {
            item.refuse(contract::RULE, why, expected, hint);
        }
    };
    if let Some(style) = pointless {
        let word = formats::style_word(*style);
        if rules.noise.is_some() {
            refuse(
                "noise",
                &format!("`{word}` stands beside it"),
                &format!("one of `noise` and `{word}`"),
                "What is printed without a point comes from no spreadsheet and carries no noise.",
            );
        }
        if is(&MoneyStyle::Accounting) {
            refuse("money", &format!("`accounting` and `{word}` stand side by side"), "one of them", "A spreadsheet prints the point.");
        }
    }
    if let (Some(rounding), Some(MoneyStyle::Implied(digits))) = (rules.rounding, pointless)
        && *digits > rounding.decimals
    {
        let why = format!("the amounts have {digits} decimals (`implied({digits})`), and it says {}", rounding.decimals);
        refuse("decimals", &why, &format!("`decimals: {digits}`"), "");
    }
    if rules.sign_from.is_some() && is(&MoneyStyle::CrDr) {
        let hint = "If the text says CR or DR, no other column need say it; a credit would be turned twice.";
        refuse("sign_from", "`crdr` stands beside it: two words for one sign", "one of `sign_from` and `crdr`", hint);
    }
}

fn dates(item: &Item<'_>) -> Vec<DateFormat> {
    let formats = item.list().unwrap_or_default();
    let read = |format: &Item<'_>| match formats::date_format(format.text()?) {
        Ok(format) => Some(format),
        Err(why) => {
            format.refuse(contract::RULE, &why, formats::DATE_WORDS, "");
            None
        }
    };
    formats.iter().filter_map(read).collect()
}

fn periods(item: &Item<'_>) -> Vec<super::PeriodFormat> {
    let formats = item.fields(&["formats"]).and_then(|fields| fields.need("formats")).and_then(|item| item.list());
    formats.unwrap_or_default().iter().filter_map(|format| format.read(formats::PERIOD_WORDS, formats::period_format)).collect()
}

fn window(item: &Item<'_>) -> Option<Window> {
    let fields = item.fields(&["from", "to"])?;
    let side = |key: &str| fields.need(key)?.read("months or years with a sign: `-1y`, `+3m`", formats::window_side);
    let (from, to) = (side("from"), side("to"));
    let window = formats::window(from?, to?);
    if window.is_none() {
        item.wrong("a window around what the delivery covers: `from` not after its start, `to` not before its end");
    }
    window
}

fn role(item: &Item<'_>) -> Option<Role> {
    item.choice(&[
        ("code", Role::Code),
        ("key", Role::Key),
        ("free_text", Role::FreeText),
        ("sequence", Role::Sequence),
        ("amount", Role::Amount),
    ])
}

/// What a source must declare, because nothing is inferred.
fn complete_source(item: &Item<'_>, column: &mut Column, has_formats: bool) {
    match column.kind {
        Type::Money | Type::Quantity if column.rules.money.is_empty() => column.rules.money.push(MoneyStyle::Plain),
        Type::Date if !has_formats => {
            let hint = "Look at the extract: `formats: [dd/mm/yyyy]`.";
            item.refuse(
                contract::RULE,
                &format!("the date column `{}` declares no format", column.name),
                "`formats` with at least one",
                hint,
            );
        }
        Type::Instant => {
            item.refuse(contract::TYPE, "an extract has no instants", "`VARCHAR` or `DATE`", "");
        }
        _ => {}
    }
}

/// Free text and names are published only where the contract says so.
fn nothing_personal(item: &Item<'_>, column: &Column) {
    let rules = &column.rules;
    if (rules.personal.is_some() || rules.role == Some(Role::FreeText)) && !rules.public {
        let why = format!("the published column `{}` holds free text or personal data", column.name);
        item.refuse(
            contract::RULE,
            &why,
            "`public: true`, once someone has decided that everybody may read it",
            "Or leave the column out.",
        );
    }
}
