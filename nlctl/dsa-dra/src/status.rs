// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tells users of a claim what became of it: the condition `Ready` of its devices.
//!
//! Nobody waits for that: kubelet has the answer to its call, and API servers may not offer it. So it is
//! tried a few times, and then left. When many pods start together, there are many conditions to write:
//! all at once they would have a slow API server answer none of them in time, so that few are under way.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::resource::v1::ResourceClaim;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::claim::{Place, uid};
use crate::prepare::Prepared;

/// How often it is tried, how long a try may take, and the pause after one.
const TRIES: u32 = 4;
const LIMIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(1);

/// How many are under way at once.
const AT_ONCE: usize = 4;

/// Longest message of a condition.
const LONGEST: usize = 32768;

/// Writes conditions.
#[derive(Clone)]
pub struct Reporter {
    /// Where claims are.
    client: Client,
    /// Name of the driver.
    driver: String,
    /// Name of the node.
    node: String,
    turns: Arc<Semaphore>,
}

impl Reporter {
    /// Writes to claims that `client` reaches, as the driver of that name on that node.
    pub fn new(client: Client, driver: String, node: String) -> Self {
        Self {
            client,
            driver,
            node,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Says of a claim, some time later, that it is prepared, or why not.
    pub fn report(&self, claim: ResourceClaim, prepared: Result<Vec<Prepared>, String>) {
        let reporter = self.clone();
        tokio::spawn(async move {
            for left in (0..TRIES).rev() {
                // Nobody closes it.
                let Ok(turn) = reporter.turns.acquire().await else {
                    return;
                };
                let tried = timeout(LIMIT, reporter.write(&claim, &prepared)).await;
                drop(turn);
                match tried {
                    Ok(Ok(())) => {
                        debug!(uid = uid(&claim), "the condition of a claim is written");
                        return;
                    }
                    Ok(Err(error)) if is_final(&error) => {
                        debug!(%error, uid = uid(&claim), "cannot write the condition of a claim");
                        return;
                    }
                    Ok(Err(error)) => {
                        warn!(%error, left, uid = uid(&claim), "the condition of a claim is not written");
                    }
                    Err(_) => {
                        warn!(
                            left,
                            uid = uid(&claim),
                            "the API server does not answer to the condition of a claim"
                        );
                    }
                }
                sleep(PAUSE).await;
            }
        });
    }

    async fn write(
        &self,
        claim: &ResourceClaim,
        prepared: &Result<Vec<Prepared>, String>,
    ) -> Result<(), kube::Error> {
        let namespace = claim.metadata.namespace.as_deref().unwrap_or_default();
        let name = claim.metadata.name.as_deref().unwrap_or_default();
        let place = Place {
            driver: &self.driver,
            node: &self.node,
        };
        let patch = patch(claim, prepared, place, Timestamp::now());
        let api: Api<ResourceClaim> = Api::namespaced(self.client.clone(), namespace);
        // Another node's driver owns what it says.
        let manager = format!("{}-{}", self.driver, self.node);
        let manager: String = manager.chars().take(128).collect();
        let params = PatchParams::apply(&manager).force();
        api.patch_status(name, &params, &Patch::Apply(patch))
            .await?;
        Ok(())
    }
}

/// Whether another try would come to the same: the claim is gone, or it may not be written to.
fn is_final(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => {
            matches!(status.code, 400..=499) && ![409, 429].contains(&status.code)
        }
        _ => false,
    }
}

fn patch(
    claim: &ResourceClaim,
    prepared: &Result<Vec<Prepared>, String>,
    place: Place<'_>,
    now: Timestamp,
) -> Value {
    let (status, reason, message) = match prepared {
        Ok(_) => ("True", "Prepared", ""),
        Err(sentence) => ("False", "Refused", sentence.as_str()),
    };
    let message: String = message.chars().take(LONGEST).collect();
    let condition = json!({
        "type": "Ready",
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(now),
    });
    let results = claim.status.as_ref().and_then(|it| it.allocation.as_ref());
    let results = results.and_then(|it| it.devices.as_ref()?.results.as_deref());
    let results = results.unwrap_or_default().iter();
    let ours = results.filter(|it| it.driver == place.driver && it.pool == place.node);
    let devices = ours.map(|result| {
        let mut device = json!({
            "driver": result.driver,
            "pool": result.pool,
            "device": result.device,
            "conditions": [condition],
        });
        if let Some(share) = &result.share_id {
            device["shareID"] = share.as_str().into();
        }
        let all = prepared.as_deref().unwrap_or_default();
        let this = all.iter().find(|it| {
            it.share.device_name == result.device && it.share.share_id == result.share_id
        });
        if let Some(prepared) = this {
            let subdev = &prepared.subdev;
            device["data"] = json!({"subdev": subdev.name, "uuid": subdev.uuid});
        }
        device
    });
    json!({
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        // A claim that took the place of this one is not meant.
        "metadata": {"uid": uid(claim)},
        "status": {"devices": devices.collect::<Vec<_>>()},
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use kube::Config;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    /// A claim of that name, with a device of the driver `d` on the node `n1`.
    fn claim(name: &str) -> ResourceClaim {
        let claim = serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "ns", "uid": name},
            "spec": {},
            "status": {"allocation": {"devices": {"results": [
                {"driver": "d", "pool": "n1", "request": "r", "device": "wq0", "shareID": "s1"},
                {"driver": "d", "pool": "n2", "request": "r", "device": "wq0"},
                {"driver": "other", "pool": "n1", "request": "r", "device": "wq0"},
            ]}}},
        }));
        claim.expect("is a claim")
    }

    #[tokio::test]
    async fn of_many_conditions_few_are_under_way_and_all_are_written() {
        const MANY: usize = 8 * AT_ONCE;
        static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let (written, mut names) = mpsc::unbounded_channel();
        let answer = move |patch: String| async move {
            let now = UNDER_WAY.fetch_add(1, Ordering::SeqCst) + 1;
            MOST.fetch_max(now, Ordering::SeqCst);
            sleep(Duration::from_millis(5)).await;
            UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
            let sent: Value = serde_json::from_str(&patch).expect("is JSON");
            let uid = sent["metadata"]["uid"].as_str().map(str::to_owned);
            written.send(uid).expect("is waited for");
            patch
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("can listen");
        let url = format!("http://{}", listener.local_addr().expect("is bound"));
        tokio::spawn(async { axum::serve(listener, Router::new().fallback(answer)).await });

        let client = Client::try_from(Config::new(url.parse().expect("is a URL")));
        let reporter = Reporter::new(client.expect("is one"), "d".into(), "n1".into());
        for number in 0..MANY {
            reporter.report(claim(&format!("c{number}")), Err("no".into()));
        }
        let mut seen = BTreeSet::new();
        for _ in 0..MANY {
            seen.insert(names.recv().await.expect("is written"));
        }
        assert_eq!(seen.len(), MANY);
        assert_eq!(MOST.load(Ordering::SeqCst), AT_ONCE);
    }

    #[test]
    fn a_refusal_is_the_message_of_the_condition() {
        let claim = claim("c");
        let place = Place {
            driver: "d",
            node: "n1",
        };
        let refused = Err("wq.size: too many".to_string());
        let patch = patch(&claim, &refused, place, Timestamp::UNIX_EPOCH);
        assert_eq!(patch["status"]["devices"].as_array().map(Vec::len), Some(1));
        // It is of the API's own form.
        let status = patch["status"]["devices"][0].clone();
        let status: k8s_openapi::api::resource::v1::AllocatedDeviceStatus =
            serde_json::from_value(status).expect("is a status");
        assert_eq!(status.share_id.as_deref(), Some("s1"));
        let conditions = status.conditions.expect("are there");
        assert_eq!(conditions[0].message, "wq.size: too many");
        assert_eq!(conditions[0].status, "False");
    }
}
