//! How values are printed: amounts, dates and periods, each in words of a contract.

/// How far the text of an amount may lie from the amount that it means, in millionths of a millionth of a pound: what binary arithmetic
/// leaves behind the last decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise(pub u64);

impl Noise {
    /// Decimals of a pound in which it is counted.
    pub const DECIMALS: u8 = 12;
}

/// Amounts of more decimals than pence, each of which is rounded to pence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding {
    /// Decimals that an amount may have: 3 to 6.
    pub decimals: u8,
    pub round: Round,
}

/// What becomes of a half-penny. Anything else goes to the nearest penny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// To the even penny: 0.125 is 0.12, 0.135 is 0.14.
    HalfEven,
    /// Away from nought: 0.125 is 0.13, -0.125 is -0.13.
    HalfUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyStyle {
    /// `1234.5`, `-1234.50`, `+3`.
    Plain,
    /// `1,234.50`.
    Commas,
    /// `1 234.50`, also with a no-break space.
    Spaces,
    /// `£5.00`.
    Pound,
    /// `5.00-`.
    MinusAfter,
    /// `(5.00)`.
    Brackets,
    /// `(-5.00)`: one sign, marked twice.
    MinusInBrackets,
    /// `GBP 5.00`, `5.00 GBP`.
    Gbp,
    /// `'5.00`, as a spreadsheet marks a number that is text.
    Apostrophe,
    /// `<5.00>`, as Oracle prints what is negative (format element `PR`).
    AngleBrackets,
    /// `5.00CR` is negative, `5.00DR` positive.
    CrDr,
    /// `−5.00` with U+2212.
    UnicodeMinus,
    /// `1.5E+06`.
    Scientific,
    /// Digits only, the last n of them decimals.
    Implied(u8),
    /// COBOL overpunch: the last character carries digit and sign, `{ A-I` +0 to +9, `} J-R` -0 to -9.
    Overpunch,
    /// The other one: digits as they are, and `p` to `y` for -0 to -9.
    OverpunchDigits,
    /// Blanks between sign, currency and digits: `£ 5.00`, `- 1250`, `5.00 -`; blanks around it are taken off.
    Apart,
    /// As spreadsheets print money in columns: ` £ 3,750.00 `, `-£ 12.00 `, and ` £ -   ` or `-` for nought.
    Accounting,
}

/// Words of a date format: `dd mm mmm mmmm yyyy yy(pivot=NN) hh mi ss 000 ampm`, a zone after them (`Z`, `UTC`, `GMT`, `BST`, `+hh:mm`,
/// `+hhmm`, `zzz`), and literal separators; or `excel`, `excel_1904` alone. A time of day with a zone is an instant: its date is the civil
/// day in London.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    /// As written in the contract.
    pub text: String,
    pub parts: Vec<DatePart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatePart {
    Day,
    Month,
    /// `JAN`, `Jan`, `jan`; of September also `Sept`.
    MonthName,
    /// `January`, `JANUARY`, `january`.
    MonthFull,
    Year,
    /// Two digits: below `pivot` is 20xx, else 19xx.
    ShortYear {
        pivot: u8,
    },
    /// 0 to 23; 1 to 12 where `ampm` stands in the format. One digit where no other digits touch it.
    Hour,
    Minute,
    Second,
    /// A fraction of a second: one digit or more.
    Fraction,
    /// `AM`, `pm`, `a.m.`.
    Noon,
    /// The number by which a spreadsheet stores a day, with or without a time of day behind the point.
    DayNumber(DayNumbers),
    /// The zone in which the time of day is printed: with it the date is the civil day in London of that instant.
    Zone(Zone),
    Literal(u8),
}

/// From where a spreadsheet counts days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayNumbers {
    /// 1 is 1 January 1900, and 60 is 29 February 1900, a day that no calendar has.
    From1900,
    /// 0 is 1 January 1904.
    From1904,
}

/// How a zone is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// This word: `Z`, `UTC`, `GMT` are 0 minutes before UTC, `BST` 60.
    Word { text: &'static str, minutes: i16 },
    /// `+01:00`, also `Z`; without a colon where that is not printed.
    Offset { colon: bool },
    /// Any of these, also an offset of hours alone: `+01`.
    Any,
}

/// `yyyy-pp`, `mmm-yy`, `yyyy/yy`, `pp`, `mmm yyyy`, `q yyyy/yy`, `yyyy/yy q`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodFormat {
    YearPeriod,
    MonthYear,
    YearYear,
    PeriodOnly,
    /// `Sept 2025`.
    MonthLongYear,
    /// `Q2 2025/26`.
    QuarterYear,
    /// `2025/26 Q2`.
    YearQuarter,
}

impl PeriodFormat {
    /// Every one with its word.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("yyyy-pp", Self::YearPeriod),
        ("mmm-yy", Self::MonthYear),
        ("yyyy/yy", Self::YearYear),
        ("pp", Self::PeriodOnly),
        ("mmm yyyy", Self::MonthLongYear),
        ("q yyyy/yy", Self::QuarterYear),
        ("yyyy/yy q", Self::YearQuarter),
    ];

    /// The word that a contract says.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, format)| *format == self).map_or("", |(word, _)| word)
    }
}

/// `{from: -1y, to: +1m}`: months before the first and after the last covered day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub months_before: u32,
    pub months_after: u32,
}
