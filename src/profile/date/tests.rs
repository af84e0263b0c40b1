use super::*;

fn kinds(texts: &[&str]) -> Vec<(String, u64)> {
    let mut all: Vec<Gathered> = Vec::new();
    for text in texts {
        let seen = read(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
        if !all.iter().any(|g| g.shape == seen.shape) {
            all.push(Gathered::new(&seen));
        }
        all.iter_mut().find(|g| g.shape == seen.shape).unwrap().add(&seen);
    }
    all.iter_mut().map(|g| (g.kind().printed, g.rows)).collect()
}

#[test]
fn each_way_of_writing_has_a_name() {
    let one = |text: &str| kinds(&[text]).remove(0).0;
    for (text, printed) in [
        ("01/04/2025", "dd/mm/yyyy"),
        ("31.12.2025", "dd.mm.yyyy"),
        ("01-APR-2025", "dd-MMM-yyyy"),
        ("3-Sept-25", "d-Sept-yy"),
        ("2025-04-01 00:00:00", "yyyy-mm-dd hh:mi:ss"),
        ("3/9/2025 9:05:00", "d/m/yyyy h:mi:ss"),
        ("20250401", "yyyymmdd"),
        ("31032025", "ddmmyyyy"),
        ("04/30/2025", "mm/dd/yyyy"),
        ("2018-04-30T23:00:00Z", "yyyy-mm-ddThh:mi:sszzz"),
        ("1 April 2025", "d mmmm yyyy"),
        ("01/04/2025 2:30 PM", "dd/mm/yyyy h:mi am/pm"),
    ] {
        assert_eq!(one(text), printed, "{text}");
    }
    assert_eq!(kinds(&["1-Jul-25", "28-Aug-25", "3-Sept-25"]), [("d-mmm-yy".to_owned(), 2), ("d-Sept-yy".to_owned(), 1)]);
    for text in ["", "1/2", "45840", "99/99/2025", "1,234.00", "2025", "01/04/25x", "1-2-3-4", "123456789"] {
        assert!(read(text.as_bytes()).is_none(), "{text}");
    }
}

#[test]
fn rows_tell_which_order_they_allow() {
    let mut gathered = Gathered::new(&read(b"01/02/2025").unwrap());
    for text in ["01/02/2025", "13/02/2025", "05/05/2025"] {
        gathered.add(&read(text.as_bytes()).unwrap());
    }
    let kind = gathered.kind();
    assert_eq!((kind.day_first_only, kind.month_first_only, kind.either), (1, 0, 2));
    assert_eq!(kind.word.as_deref(), Some("dd/mm/yyyy"));
}

#[test]
fn months_and_day_numbers() {
    assert_eq!(serial(b"45840").map(|(day, time)| (day.to_string(), time)), Some(("2025-07-02".to_owned(), false)));
    assert_eq!(serial(b"45840.5").map(|(_, time)| time), Some(true));
    assert_eq!(serial(b"12345"), None);
    assert_eq!(
        [&b"SEP-25"[..], b"APRIL", b"2025/26", b"May 2025", b"2018-01"].map(period),
        [Some("mmm-yy"), Some("mmm"), Some("yyyy/yy"), Some("mmm yyyy"), Some("yyyy-pp")]
    );
}
