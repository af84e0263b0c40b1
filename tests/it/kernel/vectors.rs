//! Cases with known answers, from textbooks, examination papers and bug reports of other systems, in the project's shared folder.

use std::{collections::BTreeMap, fs};

use num_bigint::BigInt;
use serde_json::Value;
use truecost::domain::{Allocation, Final, Fraction, Giver, Method, Ownership, Pence, Recipient, Scheme, Weights, ZeroVolume};

use crate::places::shared;

/// The cases of a file; `None` with a word where it is not on this machine.
fn cases(file: &str) -> Option<Vec<Value>> {
    let Some(text) = shared().and_then(|shared| fs::read_to_string(shared.join("vectors").join(file)).ok()) else {
        println!("skipped: {file} is not on this machine");
        return None;
    };
    Some(serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone())
}

fn object(case: &Value, name: &str) -> Vec<(String, Value)> {
    case[name].as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// `725000/3`, `250000`.
fn exact(text: &Value) -> Fraction {
    let (numerator, denominator) = text.as_str().unwrap().split_once('/').unwrap_or((text.as_str().unwrap(), "1"));
    Fraction::new(numerator.parse::<BigInt>().unwrap(), denominator.parse::<BigInt>().unwrap()).unwrap()
}

fn end(name: &str) -> Final {
    Final { service: "end".into(), ownership: Ownership::Shared, bearer: name.into() }
}

fn allocation(case: &Value) -> Allocation {
    let services = object(case, "service_direct");
    let order: Vec<String> = case["order"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect();
    let givers = services.iter().map(|(service, _)| {
        let is_service = |name: &String| services.iter().any(|(key, _)| key == name);
        let to = |name: String| if is_service(&name) { Recipient::Service(name) } else { Recipient::Final(end(&name)) };
        let volumes = object(&case["driver"], service).into_iter().map(|(name, volume)| (to(name), volume.as_i64().unwrap().into()));
        let step = order.iter().position(|name| name == service).map(|place| place as i64);
        let (is_final, has_cost, zero_volume, members, share) = (false, true, ZeroVolume::Refuse, Vec::new(), Vec::new());
        Giver { service: service.clone(), is_final, step, has_cost, zero_volume, members, share, volumes: volumes.collect() }
    });
    let method = Method::ALL.into_iter().find(|method| Some(method.as_str()) == case["method"].as_str()).unwrap();
    Scheme::new(givers).unwrap().allocate(method, 2).unwrap()
}

#[test]
fn allocation_cases_as_exact_rationals() {
    let Some(cases) = cases("allocation.json") else { return };
    assert!(cases.len() >= 19);
    for case in cases {
        let (id, x) = (case["id"].as_str().unwrap(), allocation(&case));
        let direct: BTreeMap<String, Pence> =
            object(&case, "service_direct").into_iter().map(|(key, value)| (key, value.as_i64().unwrap().into())).collect();
        let of_finals = object(&case, "final_direct").into_iter().map(|(key, value)| (key, Fraction::whole(value.as_i64().unwrap())));
        let mut all: BTreeMap<String, Fraction> = of_finals.collect();
        let mut pence: BTreeMap<String, Pence> = BTreeMap::new();
        for (service, amount) in &direct {
            for (to, part) in x.fractions(service) {
                let sum = all.get_mut(&to.bearer).unwrap();
                *sum = &*sum + &(&part * &Fraction::whole(*amount));
            }
            let shares = x.shares(service).unwrap();
            let parts = shares.weights.apportion(*amount).unwrap();
            assert_eq!(shares.weights.prove(*amount, &parts), Ok(()), "{id}");
            shares.finals.iter().zip(parts).for_each(|(to, part)| *pence.entry(to.bearer.clone()).or_default() += part);
        }
        for (name, answer) in object(&case, "exact_final") {
            assert_eq!(all[&name], exact(&answer), "{id}: {name}");
            let own = case["final_direct"][&name].as_i64().unwrap();
            let rounded = Fraction::whole(pence.get(&name).copied().unwrap_or(0) + Pence::from(own));
            assert!((&rounded - &all[&name]).size() < Fraction::whole(direct.len()), "{id}: {name} rounded");
        }
        assert_eq!(pence.values().sum::<Pence>(), direct.values().sum::<Pence>(), "{id}: every penny");
        let gross = x.gross(&direct, 1).unwrap();
        assert_eq!(x.prove_flows(&direct, &gross), Ok(()), "{id}");
        for (name, answer) in object(&case, "exact_gross") {
            assert_eq!(gross.iter().find(|gross| gross.service == name).unwrap().gross, exact(&answer), "{id}: gross of {name}");
        }
    }
}

#[test]
fn rounding_cases_in_any_order() {
    let Some(cases) = cases("rounding.json") else { return };
    assert!(cases.len() >= 11);
    for case in cases {
        let list = |name: &str| case[name].as_array().unwrap().clone();
        let amount = case["total_pence"].as_i64().unwrap_or_else(|| case["lines"].as_i64().unwrap() * case["line_pence"].as_i64().unwrap());
        let weights: Vec<(String, i64)> = list("keys")
            .iter()
            .zip(list("weights"))
            .map(|(key, weight)| (key.as_str().unwrap().into(), weight.as_i64().unwrap()))
            .collect();
        let answers: Vec<Pence> = list("parts_pence").iter().map(|part| part.as_i64().unwrap().into()).collect();
        for turn in 0..weights.len() {
            for backwards in [false, true] {
                let mut places: Vec<usize> = (0..weights.len()).collect();
                places.rotate_left(turn);
                if backwards {
                    places.reverse();
                }
                let parts = Weights::new(places.iter().map(|at| weights[*at].clone())).unwrap().apportion(amount.into()).unwrap();
                let expected: Vec<Pence> = places.iter().map(|at| answers[*at]).collect();
                assert_eq!(parts, expected, "{} in the order {places:?}", case["id"]);
            }
        }
    }
}
