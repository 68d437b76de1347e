// SPDX-License-Identifier: MIT OR Apache-2.0
//! The published schema of what `dsa-nl -j` prints.

use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use jsonschema::Validator;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../nlctl/dsa-nl/schema.json");

static VALIDATOR: LazyLock<Result<Validator>> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).context("the schema is no JSON")?;
    jsonschema::validator_for(&schema).context("the schema is none")
});

/// Demands that a document is what the schema says.
pub fn check(document: &Value) -> Result<()> {
    let validator = match &*VALIDATOR {
        Ok(validator) => validator,
        Err(error) => bail!("{error:#}"),
    };
    if let Some(error) = validator.iter_errors(document).next() {
        bail!("{document} is not what the schema says: {error}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_objects_under_their_kind() {
        assert!(check(&json!({"subdev": []})).is_ok());
        assert!(check(&json!({"subdev": {}})).is_err());
        assert!(check(&json!({"index": 0})).is_err());
    }
}
