// SPDX-License-Identifier: MIT OR Apache-2.0

//! What Prometheus asks for: the kernel's statistics, and what became of kubelet's calls.
//!
//! Statistics are asked of the kernel when somebody looks, and are kept nowhere.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::TryStreamExt;
use nlctl::{Error, Handle, Stats, SubdevStats, WqStats};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::net::TcpListener;
use tracing::warn;

use crate::identity::Owner;

/// What begins the names.
const PREFIX: &str = "dsa_dra";

/// What a text of metrics is, for who reads it.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Ends of the buckets of durations, in seconds.
const BUCKETS: [f64; 9] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// What kubelet calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Call {
    /// A claim is prepared.
    Prepare,
    /// A claim is unprepared.
    Unprepare,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    call: Call,
    failed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Which {
    call: Call,
}

/// What became of calls.
#[derive(Debug, Clone)]
pub struct Calls {
    ended: Family<Ended, Counter>,
    seconds: Family<Which, Histogram>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            ended: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        }
    }
}

impl Calls {
    /// Notes that a claim was dealt with.
    pub fn ended(&self, call: Call, failed: bool, took: Duration) {
        self.ended.get_or_create(&Ended { call, failed }).inc();
        let seconds = self.seconds.get_or_create(&Which { call });
        seconds.observe(took.as_secs_f64());
    }

    fn register(&self, registry: &mut Registry) {
        registry.register(
            "claims",
            "Claims that kubelet had prepared or unprepared",
            self.ended.clone(),
        );
        registry.register_with_unit(
            "claim_duration",
            "Time that a claim took",
            Unit::Seconds,
            self.seconds.clone(),
        );
    }
}

/// Whose statistics they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Whose {
    parent: String,
    /// Of a work queue.
    wq: Option<u32>,
    /// Of a subdev.
    subdev: Option<String>,
    /// The claim that it was made for.
    claim_uid: Option<String>,
}

/// What is told of the statistics, as name, help and value.
type Told = (&'static str, &'static str, fn(&Stats) -> u64);

const COUNTERS: [Told; 8] = [
    ("submitted", "Descriptors submitted", |it| it.submitted),
    ("completed", "Descriptors carried out", |it| it.completed),
    ("failed", "Descriptors that ended with an error", |it| {
        it.failed
    }),
    (
        "rejected",
        "Descriptors refused before anything was done",
        |it| it.rejected,
    ),
    ("aborted", "Descriptors dropped", |it| it.aborted),
    (
        "wq_full",
        "Descriptors not taken as all entries were in use",
        |it| it.wq_full,
    ),
    ("processed_bytes", "Bytes processed", |it| it.bytes),
    (
        "page_faults",
        "Memory that was not there when it was needed",
        |it| it.faults,
    ),
];

const GAUGES: [Told; 2] = [
    ("in_flight", "Descriptors in flight", |it| it.in_flight),
    ("pinned_pages", "Pages that are pinned", |it| {
        it.pinned_pages
    }),
];

/// Adds statistics of all of a kind.
fn register(registry: &mut Registry, kind: &str, all: &[(Whose, &Stats)]) {
    let mut name = String::new();
    for (field, help, value) in COUNTERS {
        let family: Family<Whose, Counter> = Family::default();
        for (whose, stats) in all {
            family.get_or_create(whose).inc_by(value(stats));
        }
        name.clear();
        // To a string it cannot fail.
        write!(name, "{kind}_{field}").ok();
        registry.register(name.clone(), help, family);
    }
    for (field, help, value) in GAUGES {
        let family: Family<Whose, Gauge> = Family::default();
        for (whose, stats) in all {
            let value = i64::try_from(value(stats)).unwrap_or(i64::MAX);
            family.get_or_create(whose).set(value);
        }
        registry.register(format!("{kind}_{field}"), help, family);
    }
}

fn text(calls: &Calls, wqs: &[WqStats], subdevs: &[(SubdevStats, Option<Owner>)]) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    calls.register(&mut registry);
    let wqs: Vec<_> = wqs
        .iter()
        .map(|it| {
            let whose = Whose {
                parent: it.parent.clone(),
                wq: Some(it.id),
                subdev: None,
                claim_uid: None,
            };
            (whose, &it.stats)
        })
        .collect();
    register(&mut registry, "wq", &wqs);
    let subdevs: Vec<_> = subdevs
        .iter()
        .map(|(it, owner)| {
            let whose = Whose {
                parent: it.parent.clone(),
                wq: None,
                subdev: Some(it.name.clone()),
                claim_uid: owner.map(|it| it.to_string()),
            };
            (whose, &it.stats)
        })
        .collect();
    register(&mut registry, "subdev", &subdevs);
    let mut text = String::new();
    // To a string it cannot fail.
    encode(&mut text, &registry).ok();
    text
}

/// Who answers.
#[derive(Clone)]
struct Exporter {
    handle: Handle,
    calls: Calls,
}

impl Exporter {
    async fn text(&self) -> Result<String, Error> {
        let wqs: Vec<_> = self
            .handle
            .wq()
            .dump_stats()
            .execute()
            .try_collect()
            .await?;
        let stats: Vec<_> = self
            .handle
            .subdev()
            .dump_stats()
            .execute()
            .try_collect()
            .await?;
        let subdevs: Vec<_> = self.handle.subdev().dump().execute().try_collect().await?;
        let owned = |stats: SubdevStats| {
            let subdev = subdevs.iter().find(|it| it.index == stats.index);
            (stats, subdev.and_then(Owner::of_subdev))
        };
        let subdevs: Vec<_> = stats.into_iter().map(owned).collect();
        Ok(text(&self.calls, &wqs, &subdevs))
    }
}

async fn metrics(State(exporter): State<Arc<Exporter>>) -> Response {
    let text = match exporter.text().await {
        Ok(text) => text,
        // What is known without it.
        Err(Error::FamilyAbsent) => text(&exporter.calls, &[], &[]),
        Err(error) => {
            warn!(%error, "cannot get statistics");
            return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
        }
    };
    ([(header::CONTENT_TYPE, TYPE)], text).into_response()
}

/// Serves them for ever; without an address it does nothing, for as long.
///
/// # Errors
///
/// When it cannot listen there.
pub async fn serve(address: Option<SocketAddr>, handle: Handle, calls: Calls) -> Result<()> {
    let Some(address) = address else {
        return std::future::pending().await;
    };
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot serve metrics at {address}"))?;
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(Arc::new(Exporter { handle, calls }));
    axum::serve(listener, router).await.context("metrics")
}

#[cfg(test)]
mod tests {
    use nlctl::{StatsAttr, SubdevStatsAttr};

    use super::*;
    use crate::fixtures::object;

    #[test]
    fn a_text_has_calls_and_statistics() {
        let calls = Calls::default();
        calls.ended(Call::Prepare, false, Duration::from_millis(4));
        calls.ended(Call::Unprepare, true, Duration::from_millis(4));
        let stats = vec![
            StatsAttr::Submitted(7),
            StatsAttr::Completed(6),
            StatsAttr::Failed(1),
            StatsAttr::Rejected(0),
            StatsAttr::Aborted(0),
            StatsAttr::InFlight(2),
            StatsAttr::WqFull(0),
            StatsAttr::Bytes(4096),
            StatsAttr::HwSubmitted(7),
            StatsAttr::Interrupts(0),
            StatsAttr::LostInterrupts(0),
            StatsAttr::Faults(0),
            StatsAttr::PinLimited(0),
            StatsAttr::PinnedPages(0),
            StatsAttr::PinnedPagesMax(0),
        ];
        let stats: SubdevStats = object(vec![
            SubdevStatsAttr::Generation(1),
            SubdevStatsAttr::Index(3),
            SubdevStatsAttr::Name("dra-x.0".into()),
            SubdevStatsAttr::ParentIndex(0),
            SubdevStatsAttr::Parent("dsa0".into()),
            SubdevStatsAttr::Stats(stats),
        ]);
        let owner = Owner::of("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
        let text = text(&calls, &[], &[(stats, Some(owner))]);
        for line in [
            "dsa_dra_claims_total{call=\"Prepare\",failed=\"false\"} 1",
            "dsa_dra_claims_total{call=\"Unprepare\",failed=\"true\"} 1",
            "dsa_dra_claim_duration_seconds_count{call=\"Prepare\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        let bytes = text
            .lines()
            .find(|it| it.starts_with("dsa_dra_subdev_processed_bytes_total{"));
        let bytes = bytes.expect("is there");
        assert!(
            bytes.contains("subdev=\"dra-x.0\"") && bytes.ends_with(" 4096"),
            "{bytes}"
        );
        assert!(
            bytes.contains("claim_uid=\"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\""),
            "{bytes}"
        );
        assert!(text.contains("dsa_dra_subdev_in_flight{"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
