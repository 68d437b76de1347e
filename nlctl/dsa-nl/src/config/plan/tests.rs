// SPDX-License-Identifier: MIT OR Apache-2.0

//! Plans between any two configurations, held against the rules of the kernel.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Conflict, Limits, State, Step};
use crate::config::{Config, Entry, Object};
use crate::grammar::Kind;

/// A plan without force.
fn plan(have: &Config, want: &Config, prune: bool) -> Result<Vec<Step>, Conflict> {
    let limits = Limits {
        prune,
        ..Limits::default()
    };
    super::plan(have, want, &limits)
}

const PLACE: &str = "pci/0000:6a:01.0";
const QUEUES: u64 = 4;
const CAPACITY: u64 = 64;

fn entry(kind: Kind, value: Value) -> Entry {
    let Value::Object(object) = value else {
        panic!("{value} is no object");
    };
    Entry::new(kind, object)
}

fn uuid(n: usize) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

/// A subdev of a test: its number, name, queue, share of it, whether it is active, and
/// its weight.
type Tenant = (usize, usize, u64, u64, bool, u64);

fn subdev(&(n, name, wq, size, active, weight): &Tenant) -> Entry {
    let state = if active { "active" } else { "inactive" };
    entry(
        Kind::Subdev,
        json!({
            "parent": PLACE, "uuid": uuid(n), "name": format!("net{name}"),
            "wq": [{"id": wq, "size": size, "weight": weight, "max-rate": 0}],
            "pasid-mode": "shared", "state": state,
        }),
    )
}

/// Sizes and priorities of work queues, the group that each is in, and subdevs that
/// fit; a number and a name are there once.
fn config() -> impl Strategy<Value = Config> {
    let queues = proptest::collection::vec((2_u64..=CAPACITY / QUEUES, 1_u64..4, 0_u64..2), 4);
    let tenants = proptest::collection::btree_map(
        0_usize..6,
        (0..QUEUES, 1_u64..8, any::<bool>(), 1_u64..4),
        0..6,
    );
    let names = Just((0..6).collect::<Vec<usize>>()).prop_shuffle();
    // Where a group has none, it has no work queue.
    let engines = prop_oneof![
        Just((0x3, 0xc)),
        Just((0xf, 0)),
        Just((0, 0xf)),
        Just((0x7, 0x8)),
        Just((0, 0x2)),
        Just((0x1, 0)),
    ];
    (queues, tenants, names, engines).prop_map(|(queues, tenants, names, (zero, one))| {
        let mut entries = vec![entry(
            Kind::Parent,
            json!({"parent": PLACE, "dsa-parent": {"group": [
                {"id": 0, "engines": format!("{zero:#x}")},
                {"id": 1, "engines": format!("{one:#x}")},
            ]}}),
        )];
        let mut free = BTreeMap::new();
        for (id, (size, priority, group)) in (0_u64..).zip(queues) {
            let group = match (zero, one) {
                (_, 0) => 0,
                (0, _) => 1,
                _ => group,
            };
            free.insert(id, size);
            entries.push(entry(
                Kind::Wq,
                json!({"parent": PLACE, "id": id, "size": size,
                       "dsa-wq": {"priority": priority, "group": group}}),
            ));
        }
        for ((n, (wq, size, active, weight)), name) in tenants.into_iter().zip(names) {
            if let Some(free) = free.get_mut(&wq).filter(|free| **free >= size) {
                *free -= size;
                entries.push(subdev(&(n, name, wq, size, active, weight)));
            }
        }
        Config { entries }
    })
}

fn number(object: &Object, name: &str) -> u64 {
    object.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn shares(config: &Config, wq: u64) -> u64 {
    let nests = config
        .of(Kind::Subdev)
        .filter_map(|it| it.object["wq"].as_array());
    let nests = nests.flatten().filter_map(Value::as_object);
    nests
        .filter(|it| number(it, "id") == wq)
        .map(|it| number(it, "size"))
        .sum()
}

/// Whether the kernel would carry out `step`.
fn check(state: &State, step: &Step) -> Result<(), String> {
    let before = state.config();
    let mut after = state.clone();
    after.apply(step);
    let after = after.config();
    let active = |wq: Option<u64>| {
        before
            .of(Kind::Subdev)
            .filter(|it| it.is_active())
            .any(|it| {
                wq.is_none_or(|wq| {
                    number(it.object["wq"][0].as_object().expect("is one"), "id") == wq
                })
            })
    };
    let group = step
        .request
        .get("dsa-wq")
        .is_some_and(|it| it.get("group").is_some());
    match step.kind {
        Kind::Wq | Kind::Parent => {
            let device = step.request.contains_key("size") || group || step.kind == Kind::Parent;
            let id = step
                .target
                .rsplit_once("/wq")
                .and_then(|(_, id)| id.parse().ok());
            if active(if device { None } else { id }) {
                return Err(format!("{step:?}: a work queue is enabled"));
            }
        }
        _ if step.verb == "set" => {
            let subdev = state.subdev(&step.target).ok_or("no such subdev")?;
            let sizes = step.request.get("wq").and_then(Value::as_array);
            let mut sizes = sizes.into_iter().flatten();
            if sizes.any(|it| it.get("size").is_some()) && subdev.is_active() {
                return Err(format!("{step:?}: is active"));
            }
        }
        _ => {}
    }
    check_groups(after, step)?;
    let sizes: u64 = after
        .of(Kind::Wq)
        .map(|it| number(&it.object, "size"))
        .sum();
    if sizes > CAPACITY {
        return Err(format!("{step:?}: {sizes} entries"));
    }
    for wq in after.of(Kind::Wq) {
        let shares = shares(after, wq.id());
        if shares > number(&wq.object, "size") {
            return Err(format!("{step:?}: wq {} has no room for {shares}", wq.id()));
        }
    }
    let mut names: Vec<_> = after.of(Kind::Subdev).map(|it| it.text("name")).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    match names.len() == count {
        true => Ok(()),
        false => Err(format!("{step:?}: a name is there twice")),
    }
}

/// Whether each engine is in one group, and each group that has a work queue has one.
fn check_groups(after: &Config, step: &Step) -> Result<(), String> {
    let parent = after.of(Kind::Parent).next();
    let groups = parent.and_then(|it| it.object["dsa-parent"]["group"].as_array().cloned());
    let mut taken = 0;
    for group in groups.into_iter().flatten() {
        let mask = group["engines"]
            .as_str()
            .and_then(|it| it.strip_prefix("0x"));
        let mask = u64::from_str_radix(mask.expect("is a mask"), 16).expect("is a mask");
        if taken & mask != 0 {
            return Err(format!("{step:?}: an engine is in two groups"));
        }
        taken |= mask;
        let mut members = after.of(Kind::Wq).map(|it| &it.object["dsa-wq"]["group"]);
        if mask == 0 && members.any(|it| *it == group["id"]) {
            return Err(format!("{step:?}: group {} has no engine", group["id"]));
        }
    }
    Ok(())
}

/// The objects in an order of their own.
fn sorted(config: &Config) -> Vec<String> {
    let objects = config.entries.iter().map(|it| {
        let mut object: Vec<_> = it.object.iter().map(|(k, v)| format!("{k}={v}")).collect();
        object.sort_unstable();
        format!("{:?} {}", it.kind, object.join(" "))
    });
    let mut objects: Vec<_> = objects.collect();
    objects.sort_unstable();
    objects
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn each_step_can_succeed_and_the_end_is_what_is_wanted(have in config(), want in config()) {
        let steps = plan(&have, &want, true).expect("has a plan");
        let mut state = State::new(&have);
        let mut back = Vec::new();
        for step in &steps {
            if let Err(error) = check(&state, step) {
                prop_assert!(false, "{error}\n{steps:#?}");
            }
            back.extend(state.back(step));
            state.apply(step);
        }
        prop_assert_eq!(sorted(state.config()), sorted(&want));
        prop_assert_eq!(plan(state.config(), &want, true), Ok(vec![]));
        prop_assert_eq!(back.len(), steps.len());
        for step in back.iter().rev() {
            if let Err(error) = check(&state, step) {
                prop_assert!(false, "back: {error}\n{steps:#?}");
            }
            state.apply(step);
        }
        prop_assert_eq!(sorted(state.config()), sorted(&have));
    }

    /// By force, whoever is open, nothing is in the way.
    #[test]
    fn by_force_each_step_can_succeed(have in config(), want in config(), open in 0_usize..64) {
        let open = (0..6).filter(|n| open & 1 << n != 0).map(uuid).collect();
        let limits = Limits { prune: false, force: true, open };
        let names: Vec<_> = want.of(Kind::Subdev).filter_map(|it| it.text("name")).collect();
        // That a name is another's is in the way of any plan, and so are entries that are.
        let all: Vec<_> = want.of(Kind::Subdev).filter_map(|it| it.text("uuid")).collect();
        let mut kept = have.of(Kind::Subdev).filter(|it| {
            !all.iter().any(|uuid| it.text("uuid") == Some(uuid))
        });
        prop_assume!(kept.all(|it| !names.contains(&it.text("name").unwrap_or_default())));
        let fits = |wq: &Entry| {
            let of = |config: &Config, kept: bool| -> u64 {
                let all = config.of(Kind::Subdev).filter(|it| {
                    !kept || !all.iter().any(|uuid| it.text("uuid") == Some(uuid))
                });
                let nests = all.filter_map(|it| it.object["wq"][0].as_object());
                nests.filter(|it| number(it, "id") == wq.id()).map(|it| number(it, "size")).sum()
            };
            of(&want, false) + of(&have, true) <= number(&wq.object, "size")
        };
        prop_assume!(want.of(Kind::Wq).all(fits));
        let steps = super::plan(&have, &want, &limits).expect("has a plan");
        let mut state = State::new(&have);
        let mut left = BTreeSet::new();
        for step in &steps {
            // Whose user is still there cannot be activated again.
            let set = step.request.get("state").and_then(Value::as_str);
            if step.kind == Kind::Subdev && step.verb == "set" {
                match set {
                    Some("inactive") => drop(left.insert(step.target.clone())),
                    Some("active") => {
                        let again = limits.open.contains(&step.target) && left.contains(&step.target);
                        prop_assert!(!again, "{}", step.about);
                    }
                    _ => {}
                }
            }
            if let Err(error) = check(&state, step) {
                prop_assert!(false, "{error}\n{steps:#?}");
            }
            state.apply(step);
        }
        prop_assert_eq!(plan(state.config(), &want, false), Ok(vec![]));
    }

    #[test]
    fn what_there_is_takes_no_step(have in config()) {
        prop_assert_eq!(plan(&have, &have, true), Ok(vec![]));
    }

    /// Killed after any number of steps, the next plan ends in what is wanted.
    #[test]
    fn a_plan_that_was_cut_short_is_mended(have in config(), want in config(), cut in 0_usize..20) {
        let steps = plan(&have, &want, true).expect("has a plan");
        let mut state = State::new(&have);
        for step in steps.iter().take(cut) {
            state.apply(step);
        }
        let rest = plan(state.config(), &want, true).expect("has a plan");
        for step in &rest {
            if let Err(error) = check(&state, step) {
                prop_assert!(false, "{error}\n{rest:#?}");
            }
            state.apply(step);
        }
        prop_assert_eq!(sorted(state.config()), sorted(&want));
    }
}

fn of(entries: Vec<Entry>) -> Config {
    let mut all = vec![
        entry(Kind::Wq, json!({"parent": PLACE, "id": 0, "size": 16})),
        entry(Kind::Wq, json!({"parent": PLACE, "id": 1, "size": 16})),
    ];
    all.extend(entries);
    Config { entries: all }
}

fn words(steps: &[Step]) -> Vec<String> {
    let lines = steps.iter().map(|step| {
        let request = Value::Object(step.request.clone());
        format!("{} {} {request}", step.verb, step.about)
    });
    lines.collect()
}

#[test]
fn a_file_may_say_little() {
    let have = of(vec![subdev(&(1, 1, 0, 4, true, 2))]);
    let want = |value| of(vec![entry(Kind::Subdev, value)]);
    let same = want(json!({"parent": PLACE, "name": "net1"}));
    assert_eq!(plan(&have, &same, false), Ok(vec![]));
    let weight = want(json!({"parent": PLACE, "name": "net1", "wq": [{"id": 0, "weight": 9}]}));
    let steps = plan(&have, &weight, false).expect("has a plan");
    let expected = ["set subdev net1 {\"wq\":[{\"id\":0,\"weight\":9}]}"];
    assert_eq!(words(&steps), expected);
    let size = want(json!({"parent": PLACE, "name": "net1", "wq": [{"id": 0, "size": 2}]}));
    let steps = plan(&have, &size, false).expect("has a plan");
    let expected = [
        "set subdev net1 {\"state\":\"inactive\"}",
        "set subdev net1 {\"wq\":[{\"id\":0,\"size\":2}]}",
        "set subdev net1 {\"state\":\"active\"}",
    ];
    assert_eq!(words(&steps), expected);
}

#[test]
fn what_cannot_be_is_said_with_its_line() {
    let have = of(vec![
        subdev(&(1, 1, 0, 4, true, 2)),
        subdev(&(2, 2, 0, 4, true, 2)),
    ]);
    let refused = |mut entries: Vec<Entry>| {
        for (line, entry) in (1..).zip(&mut entries) {
            entry.line = Some(line);
        }
        let conflict = plan(&have, &Config { entries }, false).expect_err("is refused");
        (conflict.line.expect("has a line"), conflict.text)
    };
    for (entries, line, words) in [
        (
            vec![entry(Kind::Subdev, json!({"parent": PLACE}))],
            1,
            "a name or a UUID",
        ),
        (
            vec![
                subdev(&(1, 1, 0, 4, true, 2)),
                subdev(&(3, 1, 0, 4, true, 2)),
            ],
            2,
            "net1 is there twice",
        ),
        (
            vec![subdev(&(3, 1, 0, 4, true, 2))],
            1,
            "another subdev has the name net1",
        ),
        (
            vec![entry(
                Kind::Wq,
                json!({"parent": PLACE, "id": 9, "size": 3}),
            )],
            1,
            "there is no wq pci/0000:6a:01.0/wq9",
        ),
        (
            vec![
                subdev(&(1, 1, 0, 4, true, 2)),
                entry(Kind::Wq, json!({"parent": PLACE, "id": 1, "size": 3})),
            ],
            2,
            "while subdev net2 is active",
        ),
    ] {
        let (at, text) = refused(entries);
        assert_eq!(at, line, "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn names_are_given_in_a_circle() {
    let have = of(vec![
        subdev(&(1, 1, 0, 4, true, 2)),
        subdev(&(2, 2, 0, 4, true, 2)),
    ]);
    let want = of(vec![
        subdev(&(1, 2, 0, 4, true, 2)),
        subdev(&(2, 1, 0, 4, true, 2)),
    ]);
    let steps = plan(&have, &want, false).expect("has a plan");
    assert_eq!(steps.len(), 3, "{steps:#?}");
}

#[test]
fn by_force_what_is_open_is_made_anew_and_all_else_restarted() {
    let have = of(vec![
        subdev(&(1, 1, 0, 4, true, 2)),
        subdev(&(2, 2, 0, 4, true, 2)),
        subdev(&(3, 3, 1, 4, true, 2)),
        subdev(&(4, 4, 1, 4, false, 2)),
    ]);
    let limits = Limits {
        prune: false,
        force: true,
        open: [uuid(1), uuid(3)].into(),
    };
    let steps = |want: Value| {
        let want = of(vec![entry(Kind::Wq, want)]);
        words(&super::plan(&have, &want, &limits).expect("has a plan"))
    };
    // The device has to be disabled.
    let all = steps(json!({"parent": PLACE, "id": 0, "size": 20}));
    let anew = |n: usize, wq: u64| {
        format!(
            "add subdev net{n} {{\"uuid\":\"{}\",\"name\":\"net{n}\",\"wq\":[{{\"id\":{wq},\
             \"size\":4,\"weight\":2,\"max-rate\":0}}],\"pasid-mode\":\"shared\",\
             \"state\":\"active\"}}",
            uuid(n)
        )
    };
    assert_eq!(
        all,
        [
            "del subdev net1 {\"force\":true}".to_string(),
            "del subdev net3 {\"force\":true}".to_string(),
            "set subdev net2 {\"state\":\"inactive\",\"force\":true}".to_string(),
            format!("set wq {PLACE}/wq0 {{\"size\":20}}"),
            anew(1, 0),
            anew(3, 1),
            "set subdev net2 {\"state\":\"active\"}".to_string(),
        ]
    );
    // Only this work queue has to be.
    let some = steps(json!({"parent": PLACE, "id": 1, "dsa-wq": {"priority": 3}}));
    assert_eq!(some.len(), 3, "{some:#?}");
    assert_eq!(some[2], anew(3, 1));
}

#[test]
fn by_force_what_is_open_can_become_inactive_and_smaller() {
    let have = of(vec![subdev(&(1, 1, 0, 4, true, 2))]);
    let limits = Limits {
        force: true,
        open: [uuid(1)].into(),
        ..Limits::default()
    };
    let steps = |want: Value| {
        let mut want = want;
        want["parent"] = PLACE.into();
        want["name"] = "net1".into();
        let want = of(vec![entry(Kind::Subdev, want)]);
        super::plan(&have, &want, &limits).expect("has a plan")
    };
    let inactive = words(&steps(json!({"state": "inactive"})));
    let expected = ["set subdev net1 {\"state\":\"inactive\",\"force\":true}"];
    assert_eq!(inactive, expected);
    let smaller = steps(json!({"wq": [{"id": 0, "size": 2}]}));
    assert_eq!(smaller.len(), 2, "{smaller:#?}");
    let request = Value::Object(smaller[1].request.clone());
    assert_eq!(request["uuid"], uuid(1));
    let share = json!([{"id": 0, "size": 2, "weight": 2, "max-rate": 0}]);
    assert_eq!(request["wq"], share);
    // Its user sees nothing of that.
    let heavier = words(&steps(json!({"wq": [{"id": 0, "weight": 9}]})));
    let expected = ["set subdev net1 {\"wq\":[{\"id\":0,\"weight\":9}]}"];
    assert_eq!(heavier, expected);
}

/// Two groups with engines, and a work queue in each of the groups of `wqs`.
fn grouped(engines: [u64; 2], wqs: &[u64]) -> Config {
    let groups = (0..).zip(engines);
    let groups = groups.map(|(id, mask)| json!({"id": id, "engines": format!("{mask:#x}")}));
    let groups: Vec<_> = groups.collect();
    let mut entries = vec![entry(
        Kind::Parent,
        json!({"parent": PLACE, "dsa-parent": {"group": groups}}),
    )];
    entries.extend((0..).zip(wqs).map(|(id, group): (u64, _)| {
        let dsa = json!({"group": group});
        entry(
            Kind::Wq,
            json!({"parent": PLACE, "id": id, "size": 4, "dsa-wq": dsa}),
        )
    }));
    Config { entries }
}

#[test]
fn a_group_that_gives_all_its_engines_away_is_lent_one() {
    let have = grouped([0xf, 0], &[0, 0]);
    let want = grouped([0, 0xf], &[1, 1]);
    let steps = plan(&have, &want, false).expect("has a plan");
    let set = |object: &str, request: Value| format!("set {object} {request}");
    let parent = format!("parent {PLACE}");
    let groups = |groups: Value| set(&parent, json!({"dsa-parent": {"group": groups}}));
    let moved = |id: u64| {
        set(
            &format!("wq {PLACE}/wq{id}"),
            json!({"dsa-wq": {"group": 1}}),
        )
    };
    let expected = [
        groups(json!([{"id": 0, "engines": "0x1"}, {"id": 1, "engines": "0xe"}])),
        moved(0),
        moved(1),
        groups(json!([{"id": 0, "engines": "0x0"}, {"id": 1, "engines": "0xf"}])),
    ];
    assert_eq!(words(&steps), expected);
    // Those that swap theirs need no other.
    let have = grouped([0x3, 0xc], &[0, 1]);
    let want = grouped([0xc, 0x3], &[0, 1]);
    assert_eq!(plan(&have, &want, false).map(|it| it.len()), Ok(1));
}

#[test]
fn without_an_engine_to_lend_the_way_is_said() {
    let (have, mut want) = (grouped([0x1, 0], &[0]), grouped([0, 0x1], &[1]));
    want.entries[0].line = Some(7);
    let conflict = plan(&have, &want, false).expect_err("is refused");
    assert_eq!(conflict.line, Some(7));
    let words = "group 0 cannot give all its engines away while wq pci/0000:6a:01.0/wq0 is in it";
    assert!(conflict.text.starts_with(words), "{}", conflict.text);
    assert!(conflict.text.contains("leave it one"), "{}", conflict.text);
}

#[test]
fn a_threshold_is_never_above_the_size() {
    let wq = |size: u64, threshold: u64| {
        let dsa = json!({"threshold": threshold});
        let wq = json!({"parent": PLACE, "id": 0, "size": size, "dsa-wq": dsa});
        of(vec![])
            .entries
            .drain(1..)
            .chain([entry(Kind::Wq, wq)])
            .collect::<Vec<_>>()
    };
    let config = |entries| Config { entries };
    let steps = |have, want: Vec<Entry>| {
        words(&plan(&config(have), &config(want), false).expect("has a plan"))
    };
    let both = format!("set wq {PLACE}/wq0 {{\"size\":4,\"dsa-wq\":{{\"threshold\":2}}}}");
    assert_eq!(steps(wq(16, 12), wq(4, 2)), [both]);
    let mut less = wq(4, 2);
    less[1].object.remove("dsa-wq");
    let lowered = format!("set wq {PLACE}/wq0 {{\"size\":4,\"dsa-wq\":{{\"threshold\":4}}}}");
    assert_eq!(steps(wq(16, 12), less.clone()), [lowered]);
    let alone = format!("set wq {PLACE}/wq0 {{\"size\":4}}");
    assert_eq!(steps(wq(16, 3), less), [alone]);
}
