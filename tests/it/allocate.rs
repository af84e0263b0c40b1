//! Shared cost of the golden partnership, one change at a time: volumes, shares, policies and what cannot be allocated.

use std::{fs, path::Path};

use crate::true_cost::{Partnership, golden};

/// The golden partnership with one file changed, run once.
fn changed(golden: &Path, file: &str, change: impl Fn(&str) -> String, code: i32) -> (Partnership, String) {
    let partnership = Partnership::new(golden);
    let said = partnership.change(file, change, code);
    (partnership, said)
}

/// One change at a time to what allocates cost: a period whose cost finds nobody is blocked by name, and nobody bears it for another.
#[test]
fn what_cannot_be_allocated_blocks_its_period_by_name() {
    let Some(golden) = golden() else { return };
    let refuse = |csv: &str| csv.replace("print_pages,1,spread_evenly", "print_pages,1,refuse");
    let (partnership, said) = changed(&golden, "pipelines/reference/pool.csv", refuse, 1);
    assert!(said.contains("TC1203: 2018/P01 is blocked: ict_print: no volume of print_pages"), "{said}");
    assert!(!partnership.path("published/latest").exists(), "{said}");

    let partnership = Partnership::new(&golden);
    partnership.write("drop/northam/device/devices_2018-04-30.csv", "Centre,Devices\nN100,0\n");
    partnership.write("drop/southam/device/devices_2018-04-30.csv", "Centre,Devices\nS100,3\n");
    partnership.write("drop/northam/headcount/heads_2018-04-30.csv", "Centre,Heads\nN200,2\n");
    partnership.write("drop/southam/headcount/heads_2018-04-30.csv", "Centre,Heads\nS100,0\n");
    let said = partnership.run(&["run"], 1);
    assert!(said.contains("2018/P01 is blocked: closed loop: hr → ict → hr"), "{said}");

    let negative = |csv: &str| csv.replace("N300,50", "N300,-1");
    let (partnership, said) = changed(&golden, "drop/northam/device/devices_2018-04-30.csv", negative, 1);
    assert!(said.contains("REFUSED northam/device 2018/P01") && said.contains("TC0418"), "{said}");
    assert!(said.contains("2018/P01 is blocked: ict_all: devices lacks northam/device"), "{said}");
    assert!(!partnership.path("published/latest").exists(), "southam does not bear all of it: {said}");
}

/// What readers have seen of a period stays as it was while its cost cannot be allocated, and is made again once it can.
#[test]
fn a_blocked_period_keeps_its_last_good_figures() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    partnership.run(&["run"], 0);
    let figures = "SELECT bearer, SUM(amount) AS amount FROM allocated_cost GROUP BY bearer ORDER BY bearer";
    let state = "SELECT state FROM period";
    let before = partnership.query(figures);
    assert_eq!(partnership.query(state), "state\npublished\n");
    let pool = "pipelines/reference/pool.csv";
    let said = partnership.change(pool, |csv| csv.replace("print_pages,1,spread_evenly", "print_pages,1,refuse"), 1);
    assert!(said.contains("2018/P01 is blocked, last good: ict_print: no volume of print_pages"), "{said}");
    assert!(said.contains("published release r0002"), "{said}");
    assert_eq!(partnership.query(figures), before);
    assert_eq!(partnership.query(state), "state\n\"blocked, last good\"\n");
    // Nothing new: it says so again.
    let said = partnership.run(&["run"], 1);
    assert!(said.contains("2018/P01 is blocked, last good: ict_print") && !said.contains("r0003"), "{said}");
    let said = partnership.change(pool, |csv| csv.replace("print_pages,1,refuse", "print_pages,1,leave_unallocated"), 0);
    assert!(said.contains("published release r0003"), "{said}");
    assert_eq!(partnership.query(state), "state\npublished\n");
    assert_ne!(partnership.query(figures), before);
    let left =
        "SELECT placement, SUM(amount) AS amount FROM allocated_cost WHERE account_group = 'third_party_payments' GROUP BY placement";
    assert_eq!(partnership.query(left), "placement,amount\nunallocated,90.01\n");
}

/// Shares: an approved exception, a tolerance of nought; and without a method, shared cost stays where it was incurred.
#[test]
fn shares_and_methods_are_what_the_rows_say() {
    let Some(golden) = golden() else { return };
    let used = "SELECT DISTINCT used FROM driver_register WHERE service = ";
    let share = "pipelines/reference/share.csv";
    let exception =
        |csv: &str| csv.lines().map(|l| if l.starts_with("legal,") { l.replace(",false,", ",true,") } else { l.into() } + "\n").collect();
    let (partnership, _) = changed(&golden, share, exception, 0);
    assert_eq!(partnership.query(&format!("{used}'legal'")), "used\nagreed_by_exception\n");
    let payment = "SELECT payer, payee, amount FROM payment_to_make";
    assert_eq!(partnership.query(payment), "payer,payee,amount\nnortham,southam,856.12\n");
    let none = |csv: &str| -> String {
        csv.lines().map(|l| if l.starts_with("ict,") { l.replace(",3.00,", ",0.00,") } else { l.into() } + "\n").collect()
    };
    let back = fs::read_to_string(golden.join("reference/share.csv")).unwrap();
    let said = partnership.change(share, |_| none(&back), 0);
    assert!(said.contains("published release r0002") && !said.contains("classified"), "a share re-makes no line: {said}");
    assert_eq!(partnership.query(&format!("{used}'ict'")), "used\ndriver\n");
    assert_eq!(partnership.query(payment), "payer,payee,amount\nnortham,southam,565.23\n");
    let without = |yaml: &str| yaml.lines().filter(|l| !l.starts_with("allocation:")).map(|l| format!("{l}\n")).collect();
    partnership.change("pipelines/cost/cost.yaml", without, 0);
    let placed = "SELECT placement, SUM(amount) AS amount FROM allocated_cost GROUP BY placement ORDER BY placement";
    assert_eq!(partnership.query(placed), "placement,amount\ndirect,-16.67\nunallocated,24437.29\n");
    assert_eq!(partnership.query("SELECT COUNT(*) AS n FROM allocation_share"), "n\n0\n");
}

/// Where a row of a volume feed goes, and why it goes nowhere.
#[test]
fn a_volume_is_placed_by_the_rules_that_place_cost() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let row = |entry: u8, client: &str, centre: &str, minutes: u16| format!("{entry},03/04/2018,{client},{centre},{minutes},Y\n");
    let rows = [
        row(1, "", "N300", 420),           // the council's own
        row(2, "southam", "N300", 7),      // another council, whatever cost centre stands beside it
        row(3, "oak_academy", "N100", 60), // a customer
        row(4, "acme", "", 5),             // a customer that is a company
        row(5, "", "N110", 11),            // bespoke for southam
        row(6, "", "N200", 13),            // ict: legal is final and gives to no service
        row(7, "", "N100", 17),            // legal itself, which is dropped afterwards
        row(8, "nobody", "N300", 19),      // an organisation that nobody knows
        row(9, "", "N999", 23),            // a cost centre that nobody knows
        row(10, "northam", "", 29),        // the council by its name
    ];
    partnership
        .write("drop/northam/legal_time/time_2018_04.csv", &format!("Entry,Date,Client,Centre,Minutes,Chargeable\n{}", rows.concat()));
    let customers = fs::read_to_string(partnership.path("pipelines/reference/customer.csv")).unwrap();
    let acme = customers.lines().nth(1).unwrap().replace("oak_academy,Oak Academy,academy", "acme,Acme Ltd,company");
    partnership.write("pipelines/reference/customer.csv", &customers.replacen('\n', &format!("\n{acme}\n"), 1));
    partnership.run(&["run"], 0);
    let placed = "SELECT to_service, to_ownership, to_bearer, volume FROM volume WHERE driver = 'legal_minutes' ORDER BY to_service, to_ownership, to_bearer";
    assert_eq!(
        partnership.query(placed),
        "to_service,to_ownership,to_bearer,volume\n,company,acme,5\n,external,oak_academy,60\n,shared,northam,449\n,shared,southam,337\n\
         legal,bespoke,southam,11\nlegal,shared,,17\n"
            .replace("\n,", "\n\"\",")
            .replace("shared,,17", "shared,\"\",17")
    );
    let unplaced = "SELECT service, cost_centre, reason, volume FROM unplaced_volume WHERE driver = 'legal_minutes' ORDER BY reason";
    assert_eq!(
        partnership.query(unplaced),
        "service,cost_centre,reason,volume\nlegal,N200,final_gives,13\n\"\",N999,suspense,23\n\"\",N300,unknown_organisation,19\n"
    );
    // A driver that driver.csv does not have: its rows are listed, and the pool has no volume.
    let renamed = |sql: &str| sql.replace("'legal_minutes'", "'lawyer_minutes'");
    let said = partnership.change("pipelines/northam/legal_time.sql", renamed, 1);
    assert!(said.contains("2018/P01 is blocked, last good: legal_all: legal_minutes lacks northam/legal_time"), "{said}");
}

/// In a feed of the partnership a cost centre is that of the organisation beside it, be it another council or `shared` itself.
#[test]
fn a_volume_that_the_shared_service_records_is_placed_by_the_rules_of_whoever_used_it() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let feed = |file: &str, place: &str, change: &[(&str, &str)]| {
        let text = fs::read_to_string(partnership.path(file)).unwrap();
        partnership.write(place, &change.iter().fold(text, |text, (from, to)| text.replace(from, to)));
    };
    let ours = [("northam/legal_time", "shared/ticket"), ("northam.legal_time", "shared.ticket")];
    feed("schemas/sources/northam/legal_time.odcs.yaml", "schemas/sources/shared/ticket.odcs.yaml", &ours);
    feed("pipelines/northam/legal_time.yaml", "pipelines/shared/ticket.yaml", &ours);
    feed(
        "pipelines/northam/legal_time.sql",
        "pipelines/shared/ticket.sql",
        &[("'legal_minutes'", "'print_pages'"), ("cost_centre,", "cost_centre, CASE WHEN entry = '9' THEN 'hr' END AS service,")],
    );
    let declared = "  shared: {name: Shared service, cost_basis: [{from: 2014-04-01, basis: ledger}]}\nservices:\n  law";
    feed("pipelines/partnership.yaml", "pipelines/partnership.yaml", &[("services:\n  law", declared)]);
    let span = "2014-04-01,,golden,clerk,chief";
    let (mut centres, mut rules) =
        (String::new(), String::from("shared_default,shared,,,,,,2014-04-01,,retained,none,,golden,clerk,chief\n"));
    for (centre, class) in [("Z100", "shared,hr,"), ("Z120", "managed,hr,southam"), ("Z900", "")] {
        centres += &format!("shared,{centre},Desk,Support,GF,false,{span}\n");
        if !class.is_empty() {
            rules += &format!("shared_desk_{centre},shared,,,{centre},,,2014-04-01,,{class},golden,clerk,chief\n");
        }
    }
    for (file, before, rows) in [("cost_centre", "southam,S100,", centres), ("ownership_rule", "southam_default,", rules)] {
        let file = format!("pipelines/reference/{file}.csv");
        feed(&file, &file, &[(before, &format!("{rows}{before}"))]);
    }
    let row = |entry: u8, who: &str, centre: &str, minutes: u16| format!("{entry},03/04/2018,{who},{centre},{minutes},Y\n");
    let rows = [
        row(1, "shared", "Z100", 5),   // its own cost centre, which is human resources
        row(2, "shared", "Z120", 7),   // and one that is managed for southam
        row(3, "shared", "Z900", 11),  // its own use: it bears nothing
        row(4, "shared", "Z999", 13),  // a cost centre that nobody knows
        row(5, "shared", "", 17),      // it by its name
        row(6, "northam", "N100", 19), // a council's cost centre, which is legal
        row(7, "northam", "N300", 23), // and one of the council's own
        row(8, "", "N100", 29),        // whose is it?
        row(9, "", "N100", 31),        // nobody's cost centre, of a service that the row names
    ];
    partnership.write("drop/shared/ticket/time_2018_04.csv", &format!("Entry,Date,Client,Centre,Minutes,Chargeable\n{}", rows.concat()));
    partnership.run(&["run"], 0);
    let placed =
        "SELECT to_service, to_ownership, to_bearer, volume FROM volume WHERE driver = 'print_pages' AND volume > 0 ORDER BY to_service";
    assert_eq!(
        partnership.query(placed),
        "to_service,to_ownership,to_bearer,volume\n\"\",shared,northam,23\nhr,managed,southam,7\nhr,shared,\"\",36\nlegal,shared,\"\",19\n"
    );
    let unplaced = "SELECT cost_centre, reason, volume FROM unplaced_volume WHERE driver = 'print_pages' ORDER BY cost_centre";
    assert_eq!(
        partnership.query(unplaced),
        "cost_centre,reason,volume\n\"\",not_a_member,17\nN100,no_place,29\nZ900,not_a_member,11\nZ999,suspense,13\n"
    );
    // In a council's feed `shared` is no other council to which a volume goes whatever stands beside it: it uses at its own cost centres.
    let rows = [row(5, "shared", "Z100", 10), row(6, "shared", "N300", 20)];
    partnership.change("drop/northam/legal_time/time_2018_04.csv", |text| text.to_owned() + &rows.concat(), 0);
    let placed = "SELECT to_service, volume FROM volume WHERE driver = 'legal_minutes' AND to_service > ''";
    assert_eq!(partnership.query(placed), "to_service,volume\n");
    let unplaced = "SELECT cost_centre, reason, volume FROM unplaced_volume WHERE driver = 'legal_minutes' ORDER BY 1";
    assert_eq!(partnership.query(unplaced), "cost_centre,reason,volume\nN300,suspense,20\nZ100,final_gives,10\n");
    // So it is with what is derived: its cost centres are its own.
    let counted = |rows: &str| rows.replace("page,flow,measured,southam/print,0,", "page,stock,measured,derived:cost_centres,0,");
    partnership.change("pipelines/reference/driver.csv", counted, 0);
    let placed = "SELECT to_ownership, to_bearer, volume FROM volume WHERE driver = 'print_pages' AND to_service = 'hr' ORDER BY 1";
    assert_eq!(partnership.query(placed), "to_ownership,to_bearer,volume\nmanaged,southam,1\nshared,\"\",3\n");
    let unplaced = "SELECT cost_centre, reason, volume FROM unplaced_volume WHERE driver = 'print_pages' AND council = 'shared'";
    assert_eq!(partnership.query(unplaced), "cost_centre,reason,volume\nZ900,not_a_member,1\n");
}

/// The second month has ledgers and no volumes of its own: a register is in force until another comes, a flow only as long as its driver says.
#[test]
fn a_driver_is_whole_or_not_there() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    for council in ["northam", "southam"] {
        let april = fs::read_to_string(partnership.path(&format!("drop/{council}/general_ledger/GL_2018_04.csv"))).unwrap();
        partnership.write(
            &format!("drop/{council}/general_ledger/GL_2018_05.csv"),
            &april.replace("/04/2018", "/05/2018").replace("2018-04", "2018-05"),
        );
    }
    let said = partnership.run(&["run"], 1);
    assert!(said.contains("2018/P02 is blocked: legal_all: legal_minutes lacks northam/legal_time southam/legal_time"), "{said}");
    assert_eq!(partnership.query("SELECT period, state FROM period"), "period,state\n1,published\n");
    // One of two reports: the other's use is not borne by who did.
    let may = fs::read_to_string(partnership.path("drop/northam/legal_time/time_2018_04.csv")).unwrap().replace("/04/2018", "/05/2018");
    partnership.write("drop/northam/legal_time/time_2018_05.csv", &may);
    let said = partnership.run(&["run"], 1);
    assert!(said.contains("2018/P02 is blocked: legal_all: legal_minutes lacks southam/legal_time"), "{said}");
    // A month may be carried on.
    let older = |csv: &str| csv.replace("*/legal_time,0,", "*/legal_time,1,");
    partnership.change("pipelines/reference/driver.csv", older, 0);
    let carried =
        "SELECT driver, to_bearer, volume, carried FROM volume WHERE delivery_period = 2 AND to_bearer = 'southam' ORDER BY driver";
    assert_eq!(
        partnership.query(carried),
        "driver,to_bearer,volume,carried\ndevices,southam,30,true\nheadcount,southam,25,true\nlegal_minutes,southam,330,true\n"
    );
    let spread =
        "SELECT bearer, amount FROM allocated_cost WHERE delivery_period = 2 AND account_group = 'third_party_payments' ORDER BY bearer";
    assert_eq!(partnership.query(spread), "bearer,amount\nnortham,45.01\nsoutham,45.00\n", "print has no volume, and is not carried");
}

/// A closing period counts the volumes of its year, with the shares of its last day.
#[test]
fn a_closing_period_goes_by_the_volumes_of_its_year() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let by_period =
        |yaml: &str| yaml.replace("GL_{year}_{month}.csv", "GL_{year}-P{period}.csv").replace("calendar: month", "calendar: fiscal");
    let feed = "pipelines/northam/general_ledger.yaml";
    let text = by_period(&fs::read_to_string(partnership.path(feed)).unwrap());
    partnership.write(feed, &text);
    let ledger = partnership.path("drop/northam/general_ledger");
    let april = fs::read_to_string(ledger.join("GL_2018_04.csv")).unwrap();
    fs::remove_file(ledger.join("GL_2018_04.csv")).unwrap();
    partnership.write("drop/northam/general_ledger/GL_2018-P01.csv", &april);
    let closing = april.lines().filter(|line| !line.starts_with("PAY-")).map(|line| format!("{line}\n")).collect::<String>();
    let closing =
        ["03", "27", "30", "05", "12", "18"].iter().fold(closing, |text, day| text.replace(&format!("{day}/04/2018"), "31/03/2019"));
    partnership.write("drop/northam/general_ledger/GL_2018-P13.csv", &closing.replace("/04/2018", "/03/2019"));
    partnership.run(&["run"], 0);
    let fractions = |period: u8| {
        partnership.query(&format!(
            "SELECT pool_set, service, final_service, bearer, numerator, denominator FROM allocation_share WHERE delivery_period = {period} \
             AND pool_set = 'all' ORDER BY service, final_service, bearer"
        ))
    };
    assert!(fractions(1).lines().count() > 10);
    assert_eq!(fractions(1), fractions(13));
    let totals =
        "SELECT delivery_period, COUNT(*) AS n, SUM(volume) AS volume FROM volume GROUP BY delivery_period ORDER BY delivery_period";
    let said = partnership.query(totals);
    let (one, closing) = (said.lines().nth(1).unwrap(), said.lines().nth(2).unwrap());
    assert_eq!(one.strip_prefix("1,"), closing.strip_prefix("13,"), "{said}");
}
