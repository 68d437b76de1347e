// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files of accel-config, and what is made of them.

use super::*;

const FILE: &str = r#"[
  {
    "dev":"dsa0",
    "read_buffer_limit":8,
    "groups":[
      {
        "dev":"group0.0",
        "read_buffers_reserved":0,
        "use_read_buffer_limit":1,
        "read_buffers_allowed":8,
        "grouped_workqueues":[
          {
            "dev":"wq0.0",
            "mode":"dedicated",
            "size":16,
            "group_id":0,
            "priority":10,
            "block_on_fault":1,
            "max_transfer_size":2097152,
            "op_config":"00000000,00000000,00000000,00000000,00000000,00000000,00000001,003f03ff",
            "type":"user",
            "name":"app1",
            "driver_name":"user",
            "threshold":15
          }
        ],
        "grouped_engines":[
          { "dev":"engine0.0", "group_id":0 },
          { "dev":"engine0.3", "group_id":0 }
        ]
      }
    ],
    "ungrouped_workqueues":[ { "dev":"wq0.1", "size":32 } ]
  }
]
"#;

#[test]
fn a_saved_configuration_is_parents_and_work_queues() {
    let (config, skipped) = config(FILE, true).expect("is read");
    let objects: Vec<_> = config.entries.iter().map(|it| it.object.clone()).collect();
    assert_eq!(
        Value::from_iter(objects),
        json!([
            {"parent": "dsa0", "dsa-parent": {"read-buffer-limit": 8, "group": [{
                "id": 0, "engines": "0x9", "read-buffers-reserved": 0,
                "use-read-buffer-limit": 1, "read-buffers-allowed": 8,
            }]}},
            {"parent": "dsa0", "id": 0, "size": 16, "dsa-wq": {
                "priority": 10, "block-on-fault": 1, "max-transfer-size": 2_097_152,
                "op-config": format!("ff033f0001{}", "0".repeat(54)),
                "threshold": 15, "group": 0,
            }},
            {"parent": "dsa0", "id": 1, "size": 0},
        ])
    );
    let lines: Vec<_> = skipped.iter().map(|it| it.line).collect();
    assert_eq!(lines, [21, 22, 23], "{skipped:?}");
}

/// In the shapes of those that come with accel-config, with other numbers.
const PROFILES: [(&str, &str); 7] = [
    (
        "system",
        include_str!("../../../tests/accel-config/system.conf"),
    ),
    (
        "two-sizes",
        include_str!("../../../tests/accel-config/two-sizes.conf"),
    ),
    // With commas at the ends of lists.
    (
        "four-groups",
        include_str!("../../../tests/accel-config/four-groups.conf"),
    ),
    (
        "disks",
        include_str!("../../../tests/accel-config/disks.conf"),
    ),
    (
        "defaults",
        include_str!("../../../tests/accel-config/defaults.conf"),
    ),
    // With groups that have nothing.
    (
        "both-modes",
        include_str!("../../../tests/accel-config/both-modes.conf"),
    ),
    // With commas at the ends of objects, and of a device that is no DSA.
    (
        "analytics",
        include_str!("../../../tests/accel-config/analytics.conf"),
    ),
];

#[test]
fn the_shapes_of_profiles_are_read() {
    let read = PROFILES.map(|(name, text)| {
        let (config, skipped) = config(text, true).expect("is read");
        let objects = config.entries.into_iter().map(|it| it.object);
        let mut skipped: Vec<_> = skipped.into_iter().map(|it| it.text).collect();
        skipped.retain(|it| !it.contains("type user") && !it.contains("name "));
        (name, Value::from_iter(objects), skipped)
    });
    let [system, two, four, disks, defaults, both, analytics] = read;
    let one = json!({"parent": "dsa0", "dsa-parent": {"read-buffer-limit": 0, "group": [{
        "id": 0, "engines": "0x1", "read-buffers-reserved": 0, "use-read-buffer-limit": 0,
    }]}});
    assert_eq!(system.1[0], one);
    assert_eq!(system.1[1]["size"], 24);
    assert_eq!(system.1[1]["dsa-wq"]["threshold"], 20);
    assert_eq!(system.2.len(), 2, "{:?}", system.2);
    assert!(system.2[0].starts_with("mode shared"), "{:?}", system.2);
    let allowed = |profile: &Value, at: usize| {
        profile[0]["dsa-parent"]["group"][at]["read-buffers-allowed"].clone()
    };
    assert_eq!(
        (allowed(&two.1, 1), allowed(&four.1, 1)),
        (json!(12), Value::Null)
    );
    let engines = |profile: &Value| -> Vec<Value> {
        let groups = profile[0]["dsa-parent"]["group"].as_array();
        groups
            .into_iter()
            .flatten()
            .map(|it| it["engines"].clone())
            .collect()
    };
    assert_eq!(engines(&four.1), ["0x1", "0x2", "0x4", "0x8"]);
    assert_eq!(four.1[4]["dsa-wq"]["group"], 3);
    assert!(four.2.is_empty(), "{:?}", four.2);
    assert_eq!(disks.1[2]["dsa-wq"]["max-transfer-size"], 2 << 20);
    // What it leaves to accel-config stays as it is, and only the DSA is meant.
    assert_eq!(
        defaults.1,
        json!([
            {"parent": "dsa0", "dsa-parent": {"group": [{"id": 0}]}},
            {"parent": "dsa0", "id": 0, "dsa-wq": {
                "priority": 7, "block-on-fault": 1, "group": 0,
            }},
        ])
    );
    assert!(defaults.2.iter().any(|it| it.contains("iax1 is no DSA")));
    assert!(defaults.2.iter().any(|it| it.contains("prs_disable 1")));
    assert_eq!(
        engines(&both.1),
        [json!("0x3"), json!("0xc"), Value::Null, Value::Null]
    );
    assert_eq!(both.1[1]["dsa-wq"]["block-on-fault"], 1);
    assert_eq!(
        both.1[2]
            .get("dsa-wq")
            .and_then(|it| it.get("max-batch-size")),
        None
    );
    assert!(both.2.iter().any(|it| it.contains("mode shared")));
    assert_eq!(analytics.1, json!([]));
    assert_eq!(analytics.2.len(), 1, "{:?}", analytics.2);
}

#[test]
fn work_queues_without_entries_are_where_an_engine_is() {
    let object = |value: Value| value.as_object().cloned().expect("is an object");
    let mut have = Config::default();
    let groups = (0..4).map(|id| json!({"id": id, "engines": format!("{:#x}", 1 << id)}));
    let groups: Vec<_> = groups.collect();
    let parent = object(json!({"parent": "dsa0", "dsa-parent": {"group": groups}}));
    have.entries.push(Entry::new(Kind::Parent, parent));
    for id in 0..4 {
        let wq = json!({"parent": "dsa0", "id": id, "size": 30, "dsa-wq": {"group": id}});
        have.entries.push(Entry::new(Kind::Wq, object(wq)));
    }
    let (want, _) = config(PROFILES[1].1, true).expect("is read");
    let want = complete(&have, want);
    let wqs: Vec<_> = want
        .of(Kind::Wq)
        .map(|it| &it.object["dsa-wq"]["group"])
        .collect();
    assert_eq!(wqs, [0, 1, 0, 0]);
    let groups = &want.entries[0].object["dsa-parent"]["group"];
    assert_eq!(groups[3], json!({"id": 3, "engines": "0x0"}));
    // The groups that nothing is said of lose their engines to the others.
    let (want, _) = config(PROFILES[5].1, true).expect("is read");
    let want = complete(&have, want);
    let groups = &want.entries[0].object["dsa-parent"]["group"];
    let engines: Vec<_> = (0..4).map(|at| &groups[at]["engines"]).collect();
    assert_eq!(engines, ["0x3", "0xc", "0x0", "0x0"]);
    let of = |wq: &Entry| wq.object["dsa-wq"]["group"].clone();
    assert_eq!(want.of(Kind::Wq).map(of).collect::<Vec<_>>(), [0, 1, 0, 0]);
}

#[test]
fn what_has_no_place_is_refused_with_its_line() {
    let refused = |text: &str| config(text, false).expect_err("is refused");
    let wrong = refused(FILE);
    assert_eq!(wrong.line, 21);
    assert!(
        wrong.text.contains("type user of a wq has no place"),
        "{}",
        wrong.text
    );
    let wrong = refused("[{\"dev\": \"iax1\"}]");
    assert!(wrong.text.contains("iax1 is no DSA"));
    let wrong = refused("[{\"dev\": \"dsa0\",\n \"colour\": 1}]");
    assert_eq!(wrong.line, 2);
}

/// `UPDATE_KEYS=1 cargo test -p dsa-nl keys` writes it anew.
#[test]
fn the_published_table_has_all_keys() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/accel-config.md");
    let mut text = String::from(
        "<!-- SPDX-License-Identifier: MIT OR Apache-2.0 -->\n\
         # Keys of accel-config\n\n\
         What becomes of each key of a file that accel-config saved, in\n\
         `dsa-nl diff` and `apply` with `--format accel-config`. A key without a place is\n\
         refused, or left out with `--skip-unknown`, unless it says what would be anyhow.\n\
         Work queues that a file does not have get no entries, and groups no engines. One\n\
         that has no `size`, or no `grouped_engines`, keeps what it has, and so does a group\n\
         whose `read_buffers_allowed` are 0, by which idxd means all.\n\n\
         | of | key | what becomes of it |\n|---|---|---|\n",
    );
    for (of, key, fate) in KEYS {
        let fate = match fate {
            Is(name) => format!("`{name}`"),
            Holds => "names or holds an object".into(),
            Told => "not read: it says what the device has, or does".into(),
            NoPlace(why) => format!("no place: {why}"),
        };
        text += &format!("| {of} | `{key}` | {fate} |\n");
    }
    if std::env::var_os("UPDATE_KEYS").is_some() {
        std::fs::write(path, &text).expect("can be written");
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(published == text, "accel-config.md is stale: UPDATE_KEYS=1");
}

#[test]
fn each_key_that_has_a_place_is_in_the_spec() {
    use nlctl::{Attribute, DsaGroupAttr, DsaParentAttr, DsaWqAttr, WqAttr};
    for (of, _, fate) in KEYS {
        let Is(name) = fate else { continue };
        let known = match *of {
            "device" => DsaParentAttr::SET.find(name).is_some(),
            "group" => DsaGroupAttr::SET.find(name).is_some(),
            _ => DsaWqAttr::SET.find(name).is_some() || WqAttr::SET.find(name).is_some(),
        };
        assert!(known, "{of} {name}");
    }
}
