// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kubelet, as a plugin sees it: it finds sockets, asks who is there, and calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::runtime::Runtime;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};

use k8s_openapi::api::resource::v1::ResourceClaim;

/// Kubelet's interfaces, for who calls them.
mod proto {
    /// The plugin.
    #[allow(missing_docs, unused_qualifications, clippy::all)]
    pub mod dra {
        tonic::include_proto!("k8s.io.kubelet.pkg.apis.dra.v1");
    }

    /// How devices are.
    #[allow(missing_docs, unused_qualifications, clippy::all)]
    pub mod health {
        tonic::include_proto!("v1");
    }

    /// How plugins are found.
    #[allow(missing_docs, unused_qualifications, clippy::all)]
    pub mod registration {
        tonic::include_proto!("pluginregistration");
    }
}

use proto::dra::dra_plugin_client::DraPluginClient;
pub use proto::dra::{Claim, Device};
use proto::dra::{NodePrepareResourcesRequest, NodeUnprepareResourcesRequest};
use proto::health::dra_resource_health_client::DraResourceHealthClient;
use proto::health::{HealthStatus, NodeWatchResourcesRequest, NodeWatchResourcesResponse};
use proto::registration::registration_client::RegistrationClient;
use proto::registration::{InfoRequest, PluginInfo, RegistrationStatus};

/// As long as kubelet gives a call.
const LIMIT: Duration = Duration::from_secs(45);

/// A plugin that registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Name of the driver.
    pub driver: String,
    /// Where it is called.
    pub endpoint: PathBuf,
}

/// What came of a claim: its devices, or why it is not prepared.
pub type Prepared = Result<Vec<Device>, String>;

/// A kubelet.
pub struct Kubelet {
    runtime: Runtime,
    registry: PathBuf,
    /// By their sockets.
    plugins: BTreeMap<PathBuf, Plugin>,
}

impl Kubelet {
    /// One that looks for plugins in a folder.
    ///
    /// # Errors
    ///
    /// When there can be no runtime.
    pub fn new(registry: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            runtime,
            registry: registry.to_path_buf(),
            plugins: BTreeMap::new(),
        })
    }

    /// Looks once for sockets that came or went, and returns the plugins that there are.
    ///
    /// # Errors
    ///
    /// When a plugin is none that kubelet would take.
    pub fn look(&mut self) -> Result<Vec<Plugin>> {
        let mut there = BTreeSet::new();
        for entry in fs::read_dir(&self.registry)? {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == "sock") {
                there.insert(path);
            }
        }
        self.plugins.retain(|path, _| there.contains(path));
        for path in there {
            if self.plugins.contains_key(&path) {
                continue;
            }
            // One that nobody listens at yet, or any more.
            if let Ok(plugin) = self.runtime.block_on(register(&path)) {
                self.plugins.insert(path, plugin?);
            }
        }
        Ok(self.plugins.values().cloned().collect())
    }

    /// Forgets all plugins, as when it is started anew.
    pub fn forget(&mut self) {
        self.plugins.clear();
    }

    /// Has claims prepared by a plugin.
    ///
    /// # Errors
    ///
    /// When the call fails, or does not answer for each of the claims.
    pub fn prepare(&self, plugin: &Plugin, claims: &[ResourceClaim]) -> Result<Vec<Prepared>> {
        self.runtime.block_on(prepare(plugin, claims))
    }

    /// Has claims prepared by several plugins at the same time.
    ///
    /// # Errors
    ///
    /// See [`prepare`](Self::prepare).
    pub fn prepare_at_all(
        &self,
        plugins: &[Plugin],
        claims: &[ResourceClaim],
    ) -> Result<Vec<Vec<Prepared>>> {
        let calls = plugins.iter().map(|it| prepare(it, claims));
        self.runtime.block_on(futures::future::try_join_all(calls))
    }

    /// Has claims prepared by a call for each of them, all at the same time.
    ///
    /// # Errors
    ///
    /// See [`prepare`](Self::prepare).
    pub fn prepare_each(&self, plugin: &Plugin, claims: &[ResourceClaim]) -> Result<Vec<Prepared>> {
        let calls = claims.chunks(1).map(|it| prepare(plugin, it));
        let prepared = self
            .runtime
            .block_on(futures::future::try_join_all(calls))?;
        Ok(prepared.into_iter().flatten().collect())
    }

    /// Listens to what a plugin says of its devices.
    ///
    /// # Errors
    ///
    /// When the call fails.
    pub fn health(&self, plugin: &Plugin) -> Result<Health<'_>> {
        let stream = self.runtime.block_on(async {
            let mut client = DraResourceHealthClient::new(connect(&plugin.endpoint).await?);
            let call = client.node_watch_resources(NodeWatchResourcesRequest {});
            anyhow::Ok(tokio::time::timeout(LIMIT, call).await??.into_inner())
        })?;
        Ok(Health {
            kubelet: self,
            stream,
        })
    }

    /// Has claims unprepared by a plugin, and says of each why it is not.
    ///
    /// # Errors
    ///
    /// When the call fails, or does not answer for each of the claims.
    pub fn unprepare(
        &self,
        plugin: &Plugin,
        claims: &[ResourceClaim],
    ) -> Result<Vec<Result<(), String>>> {
        self.runtime.block_on(unprepare(plugin, claims))
    }

    /// Has claims unprepared by a call for each of them, all at the same time.
    ///
    /// # Errors
    ///
    /// See [`unprepare`](Self::unprepare).
    pub fn unprepare_each(
        &self,
        plugin: &Plugin,
        claims: &[ResourceClaim],
    ) -> Result<Vec<Result<(), String>>> {
        let calls = claims.chunks(1).map(|it| unprepare(plugin, it));
        let released = self
            .runtime
            .block_on(futures::future::try_join_all(calls))?;
        Ok(released.into_iter().flatten().collect())
    }
}

/// What a plugin says of its devices.
pub struct Health<'a> {
    kubelet: &'a Kubelet,
    stream: Streaming<NodeWatchResourcesResponse>,
}

impl Health<'_> {
    /// The next that it says: by names, whether a device is healthy, and a sentence.
    ///
    /// # Errors
    ///
    /// When it says nothing.
    pub fn hear(&mut self) -> Result<BTreeMap<String, (bool, String)>> {
        let next = self.stream.message();
        let next = async { tokio::time::timeout(LIMIT, next).await };
        let next = self.kubelet.runtime.block_on(next)??;
        let devices = next.context("the plugin says no more")?.devices;
        let told = devices.into_iter().map(|it| {
            let healthy = it.health() == HealthStatus::Healthy;
            let name = it.device.map(|it| it.device_name).unwrap_or_default();
            (name, (healthy, it.message))
        });
        Ok(told.collect())
    }
}

fn uid(claim: &ResourceClaim) -> &str {
    claim.metadata.uid.as_deref().unwrap_or_default()
}

fn named(claim: &ResourceClaim) -> Claim {
    Claim {
        namespace: claim.metadata.namespace.clone().unwrap_or_default(),
        uid: uid(claim).to_string(),
        name: claim.metadata.name.clone().unwrap_or_default(),
    }
}

async fn connect(socket: &Path) -> Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("unix:{}", socket.display()))?;
    Ok(endpoint.connect().await?)
}

/// Gets to know who is at a socket, and says that it is registered. The inner error is one of the
/// plugin.
async fn register(socket: &Path) -> Result<Result<Plugin>> {
    let mut client = RegistrationClient::new(connect(socket).await?);
    let info = client.get_info(InfoRequest {}).await?.into_inner();
    let checked = check(info);
    let status = RegistrationStatus {
        plugin_registered: checked.is_ok(),
        error: checked
            .as_ref()
            .map_or_else(|it| it.to_string(), |_| String::new()),
    };
    client.notify_registration_status(status).await?;
    Ok(checked)
}

fn check(info: PluginInfo) -> Result<Plugin> {
    if info.r#type != "DRAPlugin" {
        bail!("the plugin {} is of type '{}'", info.name, info.r#type);
    }
    let endpoint = PathBuf::from(&info.endpoint);
    ensure!(endpoint.is_absolute(), "{} is no path", info.endpoint);
    let versions = &info.supported_versions;
    ensure!(
        versions.iter().any(|it| it == "v1.DRAPlugin"),
        "the plugin has {versions:?} only"
    );
    Ok(Plugin {
        driver: info.name,
        endpoint,
    })
}

async fn prepare(plugin: &Plugin, claims: &[ResourceClaim]) -> Result<Vec<Prepared>> {
    let mut client = DraPluginClient::new(connect(&plugin.endpoint).await?);
    let request = NodePrepareResourcesRequest {
        claims: claims.iter().map(named).collect(),
    };
    let call = client.node_prepare_resources(request);
    let response = tokio::time::timeout(LIMIT, call).await??.into_inner();
    answers(claims, &response.claims, |it| {
        (&it.error, it.devices.clone())
    })
}

async fn unprepare(plugin: &Plugin, claims: &[ResourceClaim]) -> Result<Vec<Result<(), String>>> {
    let mut client = DraPluginClient::new(connect(&plugin.endpoint).await?);
    let request = NodeUnprepareResourcesRequest {
        claims: claims.iter().map(named).collect(),
    };
    let call = client.node_unprepare_resources(request);
    let response = tokio::time::timeout(LIMIT, call).await??.into_inner();
    answers(claims, &response.claims, |it| (&it.error, ()))
}

/// What was answered to each claim, or why it was refused. `of` takes both from an answer; the reason is
/// empty where there is none.
fn answers<A, T>(
    claims: &[ResourceClaim],
    all: &HashMap<String, A>,
    of: impl Fn(&A) -> (&str, T),
) -> Result<Vec<Result<T, String>>> {
    let answer = |claim| {
        let uid = uid(claim);
        let answer = all.get(uid);
        let answer = answer.with_context(|| format!("no answer for the claim {uid}"))?;
        Ok(match of(answer) {
            ("", taken) => Ok(taken),
            (error, _) => Err(error.to_string()),
        })
    };
    claims.iter().map(answer).collect()
}
