use proptest::prelude::*;

use super::*;
use MoneyStyle::{
    Accounting, Apart, Apostrophe, Brackets, Commas, CrDr, Gbp, Implied, MinusAfter, MinusInBrackets, Overpunch, Plain, Pound, Scientific,
    Spaces, UnicodeMinus,
};

fn read(styles: &[MoneyStyle], text: &str) -> Result<i64, AmountFault> {
    MoneyRules::new(styles).read(text.as_bytes())
}

#[test]
fn each_style_is_read_where_it_is_declared_and_only_there() {
    let cases: &[(MoneyStyle, &str, i64)] = &[
        (Plain, "-1234.5", -123_450),
        (Plain, "+3", 300),
        (Commas, "1,234,567.50", 123_456_750),
        (Spaces, "1 234.50", 123_450),
        (Spaces, "1\u{a0}234.50", 123_450),
        (Pound, "£5.00", 500),
        (MinusAfter, "5.00-", -500),
        (Brackets, "(5.00)", -500),
        (MinusInBrackets, "(-5.00)", -500),
        (Gbp, "GBP 5.00", 500),
        (Gbp, "GBP5", 500),
        (Gbp, "5.00 GBP", 500),
        (Apostrophe, "'5.00", 500),
        (CrDr, "5.00CR", -500),
        (CrDr, "5.00 dr", 500),
        (UnicodeMinus, "\u{2212}5.00", -500),
        (Scientific, "1.5E+06", 150_000_000),
        (Scientific, "15e-1", 150),
        (Overpunch, "12C", 12_300),
        (Overpunch, "12L", -12_300),
    ];
    for (style, text, pence) in cases {
        assert_eq!(read(&[*style], text), Ok(*pence), "{style:?} {text}");
        for other in [Plain, Commas, Spaces, Pound, MinusAfter, Brackets, MinusInBrackets, Gbp, Apostrophe, CrDr, UnicodeMinus, Scientific]
        {
            if other != *style {
                assert_eq!(read(&[other], text), Err(AmountFault::Style), "{other:?} {text}");
            }
        }
    }
    assert_eq!(read(&[Implied(2)], "123456"), Ok(123_456));
    assert_eq!(read(&[Implied(3)], "123450"), Ok(12_345));
    assert_eq!(read(&[Implied(3)], "123456"), Err(AmountFault::Precision));
    assert_eq!(read(&[Implied(2), Overpunch], "0012345}"), Ok(-123_450));
}

#[test]
fn styles_combine_but_a_sign_is_marked_once() {
    let all = [Plain, Commas, Pound, Brackets, MinusAfter, CrDr];
    assert_eq!(read(&all, "(£1,234.50)"), Ok(-123_450));
    assert_eq!(read(&all, "-£1,234.50"), Ok(-123_450));
    assert_eq!(read(&all, "£-1,234.50"), Ok(-123_450));
    for bad in
        ["-5.00-", "-(5.00)", "(-5.00)", "5.00-CR", "--5", "££5", "(5.00", "5.00)", "1,23.00", "1,2345.00", ",123", "12,34", "1,234,5"]
    {
        assert_eq!(read(&all, bad), Err(AmountFault::Style), "{bad}");
    }
}

#[test]
fn a_currency_in_words_stands_once_and_beside_a_sign() {
    let all = [Plain, Commas, Pound, Brackets, MinusInBrackets, Gbp, Apostrophe, CrDr];
    for (text, pence) in [
        ("-GBP 1,234.50", -123_450),
        ("GBP -1,234.50", -123_450),
        ("(GBP 5.00)", -500),
        ("(5.00) GBP", -500),
        ("'(-£5.00)", -500),
        ("(£-5.00)", -500),
        ("'-5", -500),
        ("5.00 CR GBP", -500),
    ] {
        assert_eq!(read(&all, text), Ok(pence), "{text}");
    }
    for bad in ["GBP £5", "£5 GBP", "GBP 5 GBP", "GBP", "''5", "(--5)", "-(-5)", "(-5", "5'", "gbp 5", "EUR 5", "5 GBPS"] {
        assert_eq!(read(&all, bad), Err(AmountFault::Style), "{bad}");
    }
    assert_eq!(read(&[Plain, MinusInBrackets], "(5.00)"), Err(AmountFault::Style), "a bracket alone is another word");
}

#[test]
fn blanks_stand_between_sign_currency_and_digits_where_that_is_declared() {
    let all = [Plain, Commas, Spaces, Pound, Apart, Brackets, MinusAfter, CrDr, UnicodeMinus];
    for (text, pence) in [
        ("- 1,250", -125_000),
        ("£ 3,750.00", 375_000),
        (" -£ 10.00 ", -1_000),
        ("£ - 10.00", -1_000),
        ("-\u{a0}£\u{202f}10.00", -1_000),
        ("( £ 12.00 )", -1_200),
        ("12.00 -", -1_200),
        ("12.00  CR", -1_200),
        ("£ 1 234.50 DR", 123_450),
        ("\u{2212} 5", -500),
        ("-14\u{a0}800.25", -1_480_025),
    ] {
        assert_eq!(read(&all, text), Ok(pence), "{text}");
    }
    for bad in ["- - 5", "-", "£", "£ -", "", " ", "1 2", "- 5 -", "(5", "5 )", "- (5)", "1. 50", "1 .50", "5 £"] {
        assert_eq!(read(&all, bad), Err(AmountFault::Style), "{bad}");
    }
    assert_eq!(read(&[Plain, Commas, Pound], "£ 3,750.00"), Err(AmountFault::Style));
}

#[test]
fn the_accounting_style_is_that_of_a_spreadsheet() {
    for (text, pence) in [
        (" £ 3,750.00 ", 375_000),
        ("-£ 12.00 ", -1_200),
        (" £ -   ", 0),
        ("£-", 0),
        (" -   ", 0),
        ("-", 0),
        ("12", 1_200),
        ("-1,163.38", -116_338),
    ] {
        assert_eq!(read(&[Accounting], text), Ok(pence), "{text}");
    }
    assert_eq!(read(&[Accounting, Brackets], " £ (1,200.00)"), Ok(-120_000));
    assert_eq!(read(&[Accounting, Brackets], " £ -   "), Ok(0));
    for bad in ["--", "-£", "-£ -", "£ - -", "(12.00)", "- -", "£", "n/a", "12.00-"] {
        assert_eq!(read(&[Accounting], bad), Err(AmountFault::Style), "{bad}");
    }
    assert_eq!(read(&[Plain], "-"), Err(AmountFault::Style));
}

#[test]
fn pence_are_never_cut_or_rounded() {
    assert_eq!(read(&[Plain], "1.999"), Err(AmountFault::Precision));
    assert_eq!(read(&[Plain], "1.990"), Ok(199));
    assert_eq!(read(&[Plain], "-0.00"), Ok(0));
    assert_eq!(read(&[Plain], ".5"), Ok(50));
    assert_eq!(read(&[Plain], "9999999999999999.99"), Ok(Money::MAX_PENCE));
    assert_eq!(read(&[Plain], "10000000000000000.00"), Err(AmountFault::TooLarge));
    assert_eq!(read(&[Plain], &"9".repeat(39)), Err(AmountFault::TooLarge));
    assert_eq!(read(&[Scientific], "1E9999"), Err(AmountFault::TooLarge));
    assert_eq!(read(&[Scientific], "1E-9999"), Err(AmountFault::Precision));
    for bad in ["", "-", ".", "5.", "N/A", "#N/A", "#REF!", "NULL", "1e5", "1.2.3", "0x10", "١", "5 ", " 5", "1_000"] {
        assert_eq!(read(&[Plain], bad), Err(AmountFault::Style), "{bad}");
    }
    for bad in ["1E", "1E+", "E5", "1E5E5", "1E99999", "1E1.5", "1E 5"] {
        assert_eq!(read(&[Scientific], bad), Err(AmountFault::Style), "{bad}");
    }
}
#[test]
fn a_quantity_has_six_decimals_and_is_never_cut() {
    let read = |styles: &[MoneyStyle], text: &str| MoneyRules::new(styles).read_quantity(text.as_bytes());
    for (text, millionths) in [("0.6", 600_000), ("-37", -37_000_000), ("0.000001", 1), ("12.3456780000", 12_345_678), (".5", 500_000)] {
        assert_eq!(read(&[Plain], text), Ok(millionths), "{text}");
    }
    assert_eq!(read(&[Commas, Brackets], "(1,234.5)"), Ok(-1_234_500_000));
    assert_eq!(read(&[Scientific], "1.5E-6"), Err(AmountFault::Precision));
    assert_eq!(read(&[Scientific], "15E-7"), Err(AmountFault::Precision));
    assert_eq!(read(&[Scientific], "15E-6"), Ok(15));
    assert_eq!(read(&[Implied(4)], "6000"), Ok(600_000));
    assert_eq!(read(&[Plain], "0.0000001"), Err(AmountFault::Precision));
    assert_eq!(read(&[Plain], "999999999999.999999"), Ok(Money::MAX_PENCE));
    assert_eq!(read(&[Plain], "1000000000000"), Err(AmountFault::TooLarge));
    assert_eq!(read(&[Plain], "60%"), Err(AmountFault::Style));
    assert_eq!(read(&[Plain], "0,6"), Err(AmountFault::Style));
}

proptest! {
    /// What is printed of a number of millionths, with fewer or more noughts after it, is read back as the same.
    #[test]
    fn a_printed_quantity_is_read_back(millionths in -Money::MAX_PENCE..=Money::MAX_PENCE, noughts in 0..9_usize, short: bool) {
        let sign = if millionths < 0 { "-" } else { "" };
        let size = millionths.unsigned_abs();
        let mut text = format!("{sign}{}.{:06}{}", size / 1_000_000, size % 1_000_000, "0".repeat(noughts));
        if short {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        prop_assert_eq!(MoneyRules::new(&[Plain]).read_quantity(text.as_bytes()), Ok(millionths));
    }

    /// A digit more than six that is not nought is never cut off.
    #[test]
    fn a_finer_quantity_is_refused(millionths in 0..=Money::MAX_PENCE, rest in "[0-9]{0,5}[1-9]") {
        let text = format!("{}.{:06}{rest}", millionths / 1_000_000, millionths % 1_000_000);
        prop_assert_eq!(MoneyRules::new(&[Plain]).read_quantity(text.as_bytes()), Err(AmountFault::Precision));
    }
}
