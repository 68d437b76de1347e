// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which of the objects that the kernel tells of are shown.
//!
//! The kernel chooses from all by what it knows to choose by. The rest is left to
//! the tool, and so is all of it when one object is asked for by its name.

use nlctl::{Handle, ParentRef};
use serde_json::{Map, Value};

use crate::ask::Told;
use crate::failure::Failure;
use crate::grammar::Call;

/// Drops what the keys of `call` do not choose.
pub async fn keep(handle: &Handle, call: &Call, told: &mut Told) -> Result<(), Failure> {
    if !matches!(call.verb, "show" | "stats") {
        return Ok(());
    }
    let mut choice = call.choice.clone();
    if told.one {
        choice.extend(call.request.clone());
        if let Some(parent) = &call.parent {
            let parent = index(handle, parent).await?;
            choice.insert("parent-index".into(), parent.into());
        }
    }
    if !choice.is_empty() {
        told.objects.keep(&|object| has(object, &choice))?;
    }
    // Of one that is not as the keys say nothing is shown.
    told.one &= told.objects.len() > 0;
    Ok(())
}

async fn index(handle: &Handle, parent: &ParentRef) -> Result<u32, Failure> {
    match parent {
        ParentRef::Index(index) => Ok(*index),
        parent => Ok(handle
            .parent()
            .get(parent.clone())
            .execute()
            .await?
            .object
            .index),
    }
}

/// Whether `object` has all that `choice` has; of several nests one is enough.
fn has(object: &Value, choice: &Map<String, Value>) -> bool {
    choice.iter().all(|(name, wanted)| {
        let value = object.get(name);
        match (value, wanted) {
            (Some(Value::Array(values)), Value::Array(wanted)) => wanted.iter().all(|wanted| {
                values.iter().any(|value| match wanted {
                    Value::Object(wanted) => has(value, wanted),
                    wanted => value == wanted,
                })
            }),
            (Some(value), Value::Object(wanted)) => has(value, wanted),
            (Some(value), wanted) => value == wanted,
            (None, _) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_is_shown_that_has_all_that_is_wanted() {
        let object = json!({
            "state": "active",
            "wq": [{"id": 3, "size": 2}, {"id": 4, "size": 2}],
            "dsa-subdev": {"portal": "polled"},
        });
        let has = |choice: Value| has(&object, choice.as_object().expect("is an object"));
        assert!(has(json!({})));
        assert!(has(
            json!({"state": "active", "wq": [{"id": 4}, {"id": 3}]})
        ));
        assert!(has(json!({"dsa-subdev": {"portal": "polled"}})));
        assert!(!has(json!({"state": "inactive"})));
        assert!(!has(json!({"wq": [{"id": 5}]})));
        assert!(!has(json!({"opstate": "open"})));
    }
}
