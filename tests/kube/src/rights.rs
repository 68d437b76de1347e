// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a client may do, by the ClusterRole of a manifest, and what of that it ever did.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result};
use axum::http::Method;
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use serde::Deserialize;
use serde_json::Value;

/// A verb and what it is for; a resource may have a subresource: "resourceclaims/status".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    verb: String,
    group: String,
    resource: String,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verb,
            group,
            resource,
        } = self;
        write!(f, "{verb} {resource} in the API group \"{group}\"")
    }
}

/// What is granted, and what was used.
#[derive(Debug)]
pub struct Rights {
    granted: BTreeSet<Right>,
    used: BTreeSet<Right>,
}

impl Rights {
    /// Those of the ClusterRoles in a manifest.
    ///
    /// # Errors
    ///
    /// When it is no manifest.
    pub fn of_manifest(text: &str) -> Result<Self> {
        let mut granted = BTreeSet::new();
        for document in serde_yaml_ng::Deserializer::from_str(text) {
            let object = Value::deserialize(document)?;
            if object["kind"] == "ClusterRole" {
                let role: ClusterRole = serde_json::from_value(object)?;
                granted.extend(role.rules.iter().flatten().flat_map(rights));
            }
        }
        Ok(Self {
            granted,
            used: BTreeSet::new(),
        })
    }

    /// Notes what a request needs.
    ///
    /// # Errors
    ///
    /// The right that is not granted.
    pub fn use_for(&mut self, method: &Method, path: &str, watch: bool) -> Result<(), Right> {
        for right in needed(method, path, watch).into_iter().flatten() {
            if !self.granted.contains(&right) {
                return Err(right);
            }
            self.used.insert(right);
        }
        Ok(())
    }

    /// What is granted and was not used.
    pub fn unused(&self) -> Vec<Right> {
        self.granted.difference(&self.used).cloned().collect()
    }
}

fn rights(rule: &PolicyRule) -> Vec<Right> {
    let mut rights = Vec::new();
    for group in rule.api_groups.iter().flatten() {
        for resource in rule.resources.iter().flatten() {
            for verb in &rule.verbs {
                rights.push(Right {
                    verb: verb.clone(),
                    group: group.clone(),
                    resource: resource.clone(),
                });
            }
        }
    }
    rights
}

/// What a request needs; nothing if it is for no resource.
fn needed(method: &Method, path: &str, watch: bool) -> Result<Vec<Right>> {
    let mut parts = path.trim_matches('/').split('/');
    let group = match parts.next() {
        Some("apis") => parts.next().context("no group")?,
        _ => "",
    };
    // The version.
    let mut parts = parts.skip(1).peekable();
    if parts.next_if_eq(&"namespaces").is_some() {
        parts.next();
    }
    let resource = parts.next().context("no resource")?;
    let named = parts.next().is_some();
    let subresource = parts.next();
    let verb = match *method {
        Method::GET if watch => "watch",
        Method::GET if named => "get",
        Method::GET => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => "unknown",
    };
    let right = |verb: &str, resource: &str| Right {
        verb: verb.to_string(),
        group: group.to_string(),
        resource: resource.to_string(),
    };
    let Some(subresource) = subresource else {
        return Ok(vec![right(verb, resource)]);
    };
    let mut rights = vec![right(verb, &format!("{resource}/{subresource}"))];
    // Who writes the status of devices has to be allowed to do it for their driver, on its node
    // (KEP-4817).
    if (resource, subresource) == ("resourceclaims", "status") {
        let verb = format!("associated-node:{verb}");
        rights.push(right(&verb, "resourceclaims/driver"));
    }
    Ok(rights)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "
kind: Namespace
---
kind: ClusterRole
rules:
- apiGroups: [resource.k8s.io]
  resources: [resourceclaims]
  verbs: [get, list]
- apiGroups: ['']
  resources: [nodes]
  verbs: [get]
";

    const CLAIMS: &str = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims";

    #[test]
    fn what_is_not_granted_is_refused() {
        let mut rights = Rights::of_manifest(MANIFEST).expect("is a manifest");
        let one = format!("{CLAIMS}/c1");
        let status = format!("{one}/status");
        for (method, path, watch, refused) in [
            (Method::GET, one.as_str(), false, None),
            (Method::GET, "/api/v1/nodes/n1", false, None),
            (Method::GET, CLAIMS, true, Some("watch resourceclaims")),
            (Method::DELETE, &one, false, Some("delete resourceclaims")),
            (
                Method::PATCH,
                &status,
                false,
                Some("patch resourceclaims/status"),
            ),
            (Method::GET, "/api/v1/nodes", false, Some("list nodes")),
        ] {
            let right = rights.use_for(&method, path, watch).err();
            let right = right.map(|it| it.to_string());
            let right = right.as_deref().and_then(|it| it.split_once(" in "));
            assert_eq!(right.map(|it| it.0), refused, "{method} {path}");
        }
        let unused: Vec<_> = rights.unused().iter().map(ToString::to_string).collect();
        let list = r#"list resourceclaims in the API group "resource.k8s.io""#;
        assert_eq!(unused, [list]);
    }
}
