//! A small partnership, worked by hand: ict and hr serve each other and legal.

use std::collections::BTreeMap;

use super::super::{Fraction, Pence};
use super::*;

fn service(service: &str) -> Recipient {
    Recipient::Service(service.into())
}

fn end(service: &str, ownership: Ownership, bearer: &str) -> Recipient {
    Recipient::Final(Final { service: service.into(), ownership, bearer: bearer.into() })
}

fn giver(name: &str, step: i64, share: [u128; 2], volumes: Vec<(Recipient, i128)>) -> Giver {
    Giver {
        service: name.into(),
        is_final: name == "legal",
        step: Some(step),
        has_cost: true,
        zero_volume: ZeroVolume::Refuse,
        members: vec!["northam".into(), "southam".into()],
        share: vec![("northam".into(), share[0]), ("southam".into(), share[1])],
        volumes,
    }
}

fn partnership() -> Vec<Giver> {
    let partners =
        |name: &str, north, south| [(end(name, Ownership::Shared, "northam"), north), (end(name, Ownership::Shared, "southam"), south)];
    let with = |name: &str, others: Vec<(Recipient, i128)>, north, south| [others, partners(name, north, south).to_vec()].concat();
    let devices = vec![(service("hr"), 3), (service("ict"), 5), (service("legal"), 4)];
    let heads = vec![(service("hr"), 1), (service("ict"), 3), (service("legal"), 2)];
    let minutes = vec![(end("legal", Ownership::External, "oak_academy"), 60)];
    vec![
        giver("ict", 1, [62, 38], with("ict", devices, 50, 30)),
        giver("hr", 2, [50, 50], with("hr", heads, 40, 25)),
        giver("legal", 3, [600, 330], with("legal", minutes, 600, 330)),
    ]
}

fn allocate(givers: Vec<Giver>, method: Method) -> Result<Allocation, Refusal> {
    Scheme::new(givers)?.allocate(method, 2)
}

fn shown(allocation: &Allocation, service: &str) -> Vec<String> {
    allocation.fractions(service).into_iter().map(|(to, part)| format!("{} {part}", to.key())).collect()
}

#[test]
fn the_matrix_of_the_golden_partnership() {
    let x = allocate(partnership(), Method::Reciprocal).unwrap();
    assert_eq!(
        shown(&x, "ict"),
        [
            "hr/shared/northam 65/4054",
            "hr/shared/southam 65/4054",
            "ict/shared/northam 3472/6081",
            "ict/shared/southam 2128/6081",
            "legal/external/oak_academy 52/18243",
            "legal/shared/northam 520/18243",
            "legal/shared/southam 286/18243",
        ]
    );
    assert_eq!(shown(&x, "legal"), ["legal/external/oak_academy 2/33", "legal/shared/northam 20/33", "legal/shared/southam 1/3"]);
    assert_eq!(shown(&x, "hr")[6], "legal/shared/southam 62/6081");
    let shares = x.shares("ict").unwrap();
    let parts = shares.weights.apportion(1_000_000).unwrap();
    assert_eq!(parts[5], 28_504, "520/18243 of 10,000.00");
    assert_eq!(shares.weights.prove(1_000_000, &parts), Ok(()));
    assert!(x.shares("nobody").is_none());
}

/// Shared cells of the golden partnership, in pence; those of the print contract are of a pool of their own.
const CELLS: [(&str, Pence); 12] = [
    ("hr", 250_000),
    ("hr", 72_312),
    ("hr", 60_000),
    ("ict", 120_000),
    ("ict", 66_667),
    ("ict", 17_304),
    ("ict", 240_000),
    ("ict", 1_000_000),
    ("legal", 433_470),
    ("legal", 117_320),
    ("legal", -12_345),
    ("legal", 70_000),
];
const PRINT: (&str, Pence) = ("ict", 9_001);

#[test]
fn the_four_methods_beside_each_other() {
    let mut print = partnership();
    print[0].volumes.clear();
    print[0].zero_volume = ZeroVolume::SpreadEvenly;
    let mut borne: BTreeMap<String, [Pence; 4]> = BTreeMap::new();
    for (column, method) in Method::ALL.into_iter().enumerate() {
        let (all, print) = (allocate(partnership(), method).unwrap(), allocate(print.clone(), method).unwrap());
        for (x, (service, amount)) in CELLS.into_iter().map(|cell| (&all, cell)).chain([(&print, PRINT)]) {
            let shares = x.shares(service).unwrap();
            let parts = shares.weights.apportion(amount).unwrap();
            assert_eq!(shares.weights.prove(amount, &parts), Ok(()));
            shares.finals.iter().zip(parts).for_each(|(to, part)| borne.entry(to.key()).or_default()[column] += part);
        }
    }
    let expected = [
        ("hr/shared/northam", [185_450, 209_603, 177_501, 200_918]),
        ("hr/shared/southam", [185_450, 209_602, 177_501, 200_917]),
        ("ict/shared/northam", [857_131, 827_731, 866_807, 838_304]),
        ("ict/shared/southam", [527_080, 509_060, 533_011, 515_540]),
        // Its direct 50.00 and its income of 400.00 are no shared cells.
        ("legal/external/oak_academy", [41_736, 41_682, 41_753, 41_700]),
        ("legal/shared/northam", [417_343, 416_807, 417_519, 417_000]),
        ("legal/shared/southam", [229_539, 229_244, 229_637, 229_350]),
    ];
    assert_eq!(borne, expected.map(|(to, each)| (to.to_owned(), each)).into());
}

#[test]
fn gross_cost_is_exact_and_proved_flow_by_flow() {
    let x = allocate(partnership(), Method::Reciprocal).unwrap();
    let direct = BTreeMap::from([("hr".into(), 382_312), ("ict".into(), 1_443_971), ("legal".into(), 608_445)]);
    let gross = x.gross(&direct, 1).unwrap();
    let pounds = |exact: &Fraction| (exact * &Fraction::new(1, 100).unwrap()).to_string();
    let shown: Vec<String> = gross.iter().map(|gross| pounds(&gross.gross)).collect();
    assert_eq!(shown, ["87717133/20270", "1482261137/101350", "4184039783/608100"]);
    assert_eq!(x.prove_flows(&direct, &gross), Ok(()));
    let mut wrong = gross.clone();
    wrong[1].gross = &wrong[1].gross + &Fraction::new(1, 1_000_000).unwrap();
    assert!(x.prove_flows(&direct, &wrong).is_err());
    let other = allocate(partnership(), Method::Step).unwrap();
    assert!(other.prove_flows(&direct, &gross).is_err(), "what another method passes on");
}

#[test]
fn volumes_that_are_not_there() {
    let mut print = partnership();
    print[0].volumes.iter_mut().for_each(|(_, volume)| *volume = 0);
    let refused = allocate(print.clone(), Method::Reciprocal).unwrap_err();
    assert_eq!(refused.to_string(), "ict: no volume");
    print[0].zero_volume = ZeroVolume::SpreadEvenly;
    let evenly = allocate(print.clone(), Method::Reciprocal).unwrap();
    assert_eq!(shown(&evenly, "ict"), ["ict/shared/northam 1/2", "ict/shared/southam 1/2"]);
    assert_eq!(evenly.by_policy(), ["ict"]);
    print[0].zero_volume = ZeroVolume::LeaveUnallocated;
    assert_eq!(shown(&allocate(print.clone(), Method::Direct).unwrap(), "ict"), ["ict/shared/unallocated 1/1"]);
    // Nobody asks for the volume of a service that has no cost and receives none.
    print[0].zero_volume = ZeroVolume::Refuse;
    print[0].has_cost = false;
    assert!(allocate(print.clone(), Method::Reciprocal).is_err(), "hr gives to ict");
    assert!(allocate(print.clone(), Method::Direct).is_ok());
    print[0].has_cost = true;
    print[0].zero_volume = ZeroVolume::SpreadEvenly;
    print[0].members.clear();
    assert_eq!(allocate(print, Method::Step).unwrap_err().to_string(), "ict: no partner");
}

#[test]
fn a_partners_part_without_a_share() {
    let mut unshared = partnership();
    unshared[1].share.clear();
    assert_eq!(allocate(unshared.clone(), Method::Direct).unwrap_err().to_string(), "hr: no share of its partners");
    unshared[1].zero_volume = ZeroVolume::LeaveUnallocated;
    let left = allocate(unshared, Method::Direct).unwrap();
    assert_eq!(shown(&left, "hr")[0], "hr/shared/unallocated 65/67");
}

#[test]
fn closed_loops_are_named_from_the_lowest_key() {
    let mut closed = partnership();
    closed[0].volumes.retain(|(to, _)| *to == service("hr") || *to == service("ict"));
    closed[1].volumes.retain(|(to, _)| *to == service("ict"));
    assert_eq!(allocate(closed.clone(), Method::Reciprocal).unwrap_err().to_string(), "closed loop: hr → ict → hr");
    // A service that only leads into a loop is not part of it.
    closed[2].volumes = vec![(service("ict"), 9)];
    assert_eq!(allocate(closed, Method::Reciprocal).unwrap_err().to_string(), "closed loop: hr → ict → hr");
    let three = |name: &str, to: &str| giver(name, 1, [1, 1], vec![(service(to), 2)]);
    let loops = vec![three("b", "c"), three("c", "d"), three("d", "b"), three("a", "d")];
    assert_eq!(allocate(loops, Method::Reciprocal).unwrap_err().to_string(), "closed loop: b → c → d → b");
}

#[test]
fn what_is_refused() {
    let mut negative = partnership();
    negative[0].volumes[0].1 = -1;
    assert_eq!(Scheme::new(negative).unwrap_err(), Refusal::NegativeVolume { service: "ict".into(), volume: -1 });
    let mut unknown = partnership();
    unknown[0].volumes.push((service("catering"), 1));
    assert_eq!(Scheme::new(unknown).unwrap_err(), Refusal::UnknownService { service: "ict".into(), to: "catering".into() });
    let twice = [partnership(), partnership()].concat();
    assert_eq!(Scheme::new(twice).unwrap_err(), Refusal::Twice { service: "ict".into() });
}

#[test]
fn two_services_on_one_step_are_ordered_by_key() {
    let mut same = partnership();
    same[1].step = Some(1);
    let x = allocate(same, Method::Step).unwrap();
    let hr = x.services().iter().position(|service| service == "hr").unwrap();
    assert!(x.system().gives(hr).unwrap().0[1] != BigUint::ZERO, "hr comes before ict, and gives to it");
    let ict = x.services().iter().position(|service| service == "ict").unwrap();
    assert!(x.system().gives(ict).unwrap().0[0] == BigUint::ZERO);
}

/// As golden.py has it: a final service needs no step; where it has one it is closed to those above it, in the order but not in the reverse.
#[test]
fn a_final_service_with_a_step_is_closed_to_those_on_higher_ones() {
    let with =
        |step| partnership().into_iter().map(|giver| if giver.is_final { Giver { step, ..giver } } else { giver }).collect::<Vec<_>>();
    let reaches =
        |step, method, service: &str| shown(&allocate(with(step), method).unwrap(), service).iter().any(|to| to.starts_with("legal/"));
    let step = |of| [reaches(of, Method::Step, "ict"), reaches(of, Method::Step, "hr")];
    assert_eq!(step(None), [true, true]);
    assert_eq!(step(Some(3)), [true, true]);
    assert_eq!(step(Some(2)), [true, true], "one step is not a lower one");
    assert_eq!(step(Some(0)), [false, false]);
    // hr gives nothing to it, and so ict's cost reaches it by its own devices alone.
    assert_eq!(step(Some(1)), [true, false]);
    for method in [Method::StepReversed, Method::Reciprocal, Method::Direct] {
        assert!([Some(0), Some(3), None].into_iter().all(|step| reaches(step, method, "hr")), "{method:?}");
    }
}

#[test]
fn a_service_that_gives_to_none_needs_no_place_in_the_order() {
    let partners = |name: &str| vec![(end(name, Ownership::Shared, "northam"), 1), (end(name, Ownership::Shared, "southam"), 1)];
    let property = |step| Giver { step, ..giver("property", 9, [1, 1], partners("property")) };
    let ict = giver("ict", 5, [1, 1], [partners("ict"), vec![(service("property"), 2)]].concat());
    let row = |step, method| shown(&allocate(vec![ict.clone(), property(step)], method).unwrap(), "ict");
    let whole = ["ict/shared/northam 1/4", "ict/shared/southam 1/4", "property/shared/northam 1/4", "property/shared/southam 1/4"];
    let alone = ["ict/shared/northam 1/2", "ict/shared/southam 1/2"];
    assert_eq!(row(None, Method::Step), whole);
    assert_eq!(row(None, Method::StepReversed), whole, "nothing can come back from it");
    // One that has a step is where its step says, whatever it gives.
    assert_eq!(
        (row(Some(9), Method::Step), row(Some(9), Method::StepReversed)),
        (whole.map(Into::into).to_vec(), alone.map(Into::into).to_vec())
    );
    assert_eq!(row(None, Method::Direct), alone, "directly nothing goes to a service that is not final");
    // One that gives on has a place behind all that have a step.
    let heads = [partners("property"), vec![(service("ict"), 1)]].concat();
    let gives = Giver { volumes: heads, ..property(None) };
    let x = allocate(vec![ict.clone(), gives], Method::StepReversed).unwrap();
    assert_eq!(shown(&x, "ict"), alone);
}
