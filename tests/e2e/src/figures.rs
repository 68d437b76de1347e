// SPDX-License-Identifier: MIT OR Apache-2.0
//! The statistics of an object as names and numbers.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{check, tool};

/// What may go down: it tells of now.
const GAUGES: [&str; 2] = ["in-flight", "pinned-pages"];

/// How descriptors end.
const ENDS: [&str; 4] = ["completed", "failed", "rejected", "aborted"];

/// The statistics of an object; the descriptors that ended with code 3 are `code 3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures(BTreeMap<String, u64>);

impl Figures {
    /// What `dsa-nl KIND stats ID` shows.
    pub fn of(kind: &str, id: &str) -> Result<Self> {
        Self::read(&tool::json(&format!("{kind} stats {id}"))?)
    }

    /// The statistics in an object, in which descriptors have to add up.
    pub fn read(object: &Value) -> Result<Self> {
        let unexpected = || format!("unexpected statistics: {object}");
        let mut figures = BTreeMap::new();
        for (name, value) in object["stats"].as_object().with_context(unexpected)? {
            if name == "code" {
                for code in value.as_array().with_context(unexpected)? {
                    let count = code["count"].as_u64().with_context(unexpected)?;
                    figures.insert(format!("code {}", code["code"]), count);
                }
            } else {
                let value = value.as_u64().with_context(unexpected)?;
                figures.insert(name.clone(), value);
            }
        }
        let figures = Self(figures);
        let ended: u64 = ENDS.iter().map(|name| figures.get(name)).sum();
        check::equal(
            &format!("submitted, of {figures:?}"),
            figures.get("submitted"),
            ended + figures.get("in-flight"),
        )?;
        Ok(figures)
    }

    /// One of them; zero if it is not there.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Demands that some are as they should be.
    pub fn expect(&self, want: &[(&str, u64)]) -> Result<()> {
        for (name, want) in want {
            check::equal(&format!("{name}, of {self:?}"), self.get(name), *want)?;
        }
        Ok(())
    }

    /// Demands that no counter is lower than `before`.
    pub fn follow(&self, before: &Self) -> Result<()> {
        let mut counters = before.0.iter().filter(|it| !GAUGES.contains(&&**it.0));
        let lower = counters.find(|(name, was)| self.get(name) < **was);
        ensure!(lower.is_none(), "{lower:?} has become {self:?}");
        Ok(())
    }

    /// Those of several objects together. The most at a time does not add up, and is left out.
    pub fn sum(all: &[Self]) -> Self {
        let mut sum = BTreeMap::new();
        for (name, value) in all.iter().flat_map(|it| &it.0) {
            *sum.entry(name.clone()).or_default() += value;
        }
        Self(sum).without_max()
    }

    /// How much more there is than `before`.
    pub fn since(&self, before: &Self) -> Self {
        let mut more = self.clone();
        for (name, value) in &mut more.0 {
            *value = value.saturating_sub(before.get(name));
        }
        more.0
            .retain(|name, value| *value > 0 || !name.starts_with("code"));
        more.without_max()
    }

    /// The same when nothing is pinned any more.
    pub fn unpinned(&self) -> Self {
        let mut figures = self.clone();
        figures.0.insert("pinned-pages".to_owned(), 0);
        figures
    }

    fn without_max(mut self) -> Self {
        self.0.remove("pinned-pages-max");
        self
    }
}
