// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps the node's ResourceSlices as the family's state has them.
//!
//! Events of the family and of the slices say when there is something to do: somebody may delete
//! slices, kubelet for one. Two drivers on a node write the same.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::resource::v1::{ResourceSlice, ResourceSliceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{DeleteParams, PostParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, ResourceExt};
use nlctl::{Handle, NotificationKind, Update};
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};
use uuid::Uuid;

use crate::options::Options;
use crate::slices::{Seen, names, slices};
use crate::{device, sysfs};

/// How long changes are gathered.
const QUIET: Duration = Duration::from_millis(100);

/// The longest wait before what failed is tried again.
const LONGEST: Duration = Duration::from_secs(30);

/// Says what a slice was made of. Its spec does not: an API server drops fields that it does not
/// know, or whose feature is off.
const CONTENT: &str = "dsa.subdev.internal/content";

/// Publishes as long as it is polled.
pub struct Publisher {
    client: Client,
    handle: Handle,
    api: Api<ResourceSlice>,
    driver: String,
    node: String,
    sysfs: PathBuf,
    seen: Seen,
    /// The node's slices, as the API server has them.
    there: BTreeMap<String, ResourceSlice>,
    owner: Option<OwnerReference>,
    warned: bool,
}

impl Publisher {
    /// One of the state that `handle` shows.
    pub fn new(handle: Handle, client: Client, options: &Options) -> Self {
        Self {
            api: Api::all(client.clone()),
            client,
            handle,
            driver: options.driver_name.clone(),
            node: options.node_name.clone(),
            sysfs: options.sysfs.clone(),
            seen: Seen::default(),
            there: BTreeMap::new(),
            owner: None,
            warned: false,
        }
    }

    /// Does so, for ever.
    ///
    /// # Errors
    ///
    /// When the family cannot be watched any more.
    pub async fn run(mut self) -> Result<()> {
        let updates = self.handle.watch().await;
        let mut updates = updates.context("cannot watch the family")?;
        let fields = format!("spec.driver={},spec.nodeName={}", self.driver, self.node);
        let config = watcher::Config::default().fields(&fields);
        let events = watcher(self.api.clone(), config).default_backoff();
        let mut events = std::pin::pin!(events);
        let (mut seen, mut listed) = (false, false);
        let mut due: Option<Instant> = None;
        let mut wait = QUIET;
        loop {
            let ready = seen && listed;
            tokio::select! {
                update = updates.next() => {
                    let update = update.context("the watch of the family ended")?;
                    self.update(update.context("cannot watch the family")?).await;
                    seen = true;
                    due = Some(Instant::now() + QUIET);
                }
                event = events.next() => match event {
                    Some(Ok(event)) => {
                        listed = self.event(event).unwrap_or(listed);
                        due = Some(due.unwrap_or_else(|| Instant::now() + QUIET));
                    }
                    Some(Err(error)) => warn!(%error, "cannot watch slices"),
                    None => anyhow::bail!("the watch of slices ended"),
                },
                () = until(due), if ready && due.is_some() => match self.sync().await {
                    Ok(()) => (due, wait) = (None, QUIET),
                    Err(error) => {
                        wait = LONGEST.min(wait * 2);
                        warn!(%error, again_in_ms = wait.as_millis(), "cannot publish slices");
                        due = Some(Instant::now() + wait);
                    }
                },
            }
        }
    }

    /// Takes over what changed in the family.
    async fn update(&mut self, update: Update) {
        // Types come with parents, and no event tells of them.
        let parents = match &update {
            Update::Changed(notification) => {
                notification.parent().is_some() && notification.kind() != NotificationKind::Delete
            }
            Update::Gone => false,
            _ => true,
        };
        self.seen.state.update(update);
        if !parents {
            return;
        }
        let types = self.handle.types().dump().execute().try_collect().await;
        match types {
            Ok(types) => self.seen.types = types,
            // Gone again, of which an update is to come.
            Err(error) => warn!(%error, "cannot get the types"),
        }
        let places = self.seen.state.parents.iter().filter_map(device::place);
        let facts = places.map(|pci| (pci.to_string(), sysfs::facts(&self.sysfs, pci)));
        self.seen.facts = facts.collect();
    }

    /// Takes over what changed of the slices; whether all are known from then on.
    fn event(&mut self, event: Event<ResourceSlice>) -> Option<bool> {
        match event {
            Event::Init => {
                self.there.clear();
                return Some(false);
            }
            Event::InitApply(slice) | Event::Apply(slice) => {
                self.there.insert(slice.name_any(), slice);
            }
            Event::Delete(slice) => {
                self.there.remove(&slice.name_any());
            }
            Event::InitDone => return Some(true),
        }
        None
    }

    /// Writes what differs.
    async fn sync(&mut self) -> Result<(), kube::Error> {
        let wanted = slices(&self.seen, &self.driver, &self.node);
        if self.is_there(&wanted) {
            return Ok(());
        }
        let generations = self.there.values().map(|it| it.spec.pool.generation);
        let generation = generations.max().unwrap_or(0) + 1;
        self.find_owner().await?;
        for (number, spec) in wanted.iter().enumerate() {
            let slice = self.slice(number, spec, generation);
            let name = slice.name_any();
            let written = match self.there.get(&name) {
                Some(_) => {
                    self.api
                        .replace(&name, &PostParams::default(), &slice)
                        .await
                }
                None => self.api.create(&PostParams::default(), &slice).await,
            };
            let written = match written {
                Ok(written) => written,
                Err(error) => {
                    // Another driver's writes are seen by events, which may be late.
                    if let Some(slice) = self.api.get_opt(&name).await? {
                        self.there.insert(name, slice);
                    } else {
                        self.there.remove(&name);
                    }
                    return Err(error);
                }
            };
            self.warn_of_loss(&slice.spec, &written.spec);
            self.there.insert(name, written);
        }
        let kept: Vec<_> = (0..wanted.len()).map(|it| self.name(it)).collect();
        let surplus: Vec<_> = self
            .there
            .keys()
            .filter(|it| !kept.contains(it))
            .cloned()
            .collect();
        for name in surplus {
            match self.api.delete(&name, &DeleteParams::default()).await {
                Err(kube::Error::Api(status)) if status.code == 404 => (),
                other => drop(other?),
            }
            self.there.remove(&name);
        }
        let devices = names(&wanted);
        info!(
            generation,
            slices = wanted.len(),
            devices = devices.len(),
            "published"
        );
        Ok(())
    }

    /// Whether the slices are made of what is wanted, all of one generation.
    fn is_there(&self, wanted: &[ResourceSliceSpec]) -> bool {
        let mut generations = self.there.values().map(|it| it.spec.pool.generation);
        let first = generations.next();
        let same = |number: usize, spec: &ResourceSliceSpec| {
            let slice = self.there.get(&self.name(number));
            let content = slice.and_then(|it| it.annotations().get(CONTENT));
            content.is_some_and(|it| *it == content_of(spec))
        };
        self.there.len() == wanted.len()
            && generations.all(|it| Some(it) == first)
            && wanted.iter().enumerate().all(|(at, spec)| same(at, spec))
    }

    fn slice(&self, number: usize, spec: &ResourceSliceSpec, generation: i64) -> ResourceSlice {
        let name = self.name(number);
        let there = self.there.get(&name);
        let content = (CONTENT.to_string(), content_of(spec));
        let mut spec = spec.clone();
        spec.pool.generation = generation;
        ResourceSlice {
            metadata: ObjectMeta {
                resource_version: there.and_then(ResourceExt::resource_version),
                name: Some(name),
                annotations: Some(BTreeMap::from([content])),
                owner_references: self.owner.clone().map(|it| vec![it]),
                ..ObjectMeta::default()
            },
            spec,
        }
    }

    /// The same for all drivers on the node.
    fn name(&self, number: usize) -> String {
        let name = format!("{}-{}-{number}", self.node, self.driver);
        match name.len() {
            ..=253 => name,
            _ => Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes()).to_string(),
        }
    }

    /// Slices go with their node.
    async fn find_owner(&mut self) -> Result<(), kube::Error> {
        if self.owner.is_none() {
            let api: Api<Node> = Api::all(self.client.clone());
            let node = api.get_opt(&self.node).await?;
            self.owner = node.and_then(|it| it.uid()).map(|uid| OwnerReference {
                api_version: "v1".into(),
                kind: "Node".into(),
                name: self.node.clone(),
                uid,
                controller: Some(true),
                ..OwnerReference::default()
            });
        }
        Ok(())
    }

    /// Says once what an API server does not keep.
    fn warn_of_loss(&mut self, sent: &ResourceSliceSpec, kept: &ResourceSliceSpec) {
        if sent != kept && !self.warned {
            self.warned = true;
            warn!(
                "the API server does not keep all of a slice; are the features \
                 DRAConsumableCapacity and DRAPartitionableDevices on?"
            );
        }
    }
}

async fn until(due: Option<Instant>) {
    if let Some(due) = due {
        sleep_until(due).await;
    }
}

/// What a spec of generation 0 is made of, in a word.
fn content_of(spec: &ResourceSliceSpec) -> String {
    let text = serde_json::to_vec(spec).unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &text).to_string()
}
