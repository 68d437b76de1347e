// SPDX-License-Identifier: MIT OR Apache-2.0
//! The driver `dsa-dra` in a cluster of one node, with an API server and a kubelet that are stand-ins.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::resource::v1::{
    Device, DeviceRequestAllocationResult as Allocated, ResourceClaim,
};
use kube_model::api::ApiServer;
use kube_model::kubelet::{Kubelet, Plugin};
use kube_model::scheduler::{self, Wanted};
use serde_json::{Value, json};

use crate::system::Function;
use crate::wait::{self, SOON};

/// Name of the driver.
pub const DRIVER: &str = "dsa.subdev.internal";

/// Name of the node.
pub const NODE: &str = "n1";

/// How it is installed.
const MANIFEST: &str = include_str!("../../../nlctl/dsa-dra/deploy/driver.yaml");

/// What the names of the driver's subdevs begin with.
pub const PREFIX: &str = "dra-";

/// Most memory that a driver may ever have, in KiB.
pub const MEMORY: u64 = 50 << 10;

/// Name of a work queue of the parent as a device.
pub fn device(wq: u32) -> Result<String> {
    let place = Function::of_parent()?.name().replace([':', '.'], "-");
    Ok(format!("pci-{place}-wq{wq}"))
}

/// A node: its API server, its kubelet, and the folders that they share with drivers.
pub struct Cluster {
    /// The API server.
    pub api: ApiServer,
    /// The kubelet.
    pub kubelet: Kubelet,
    folder: PathBuf,
    started: Cell<u32>,
}

impl Cluster {
    /// Makes one, with nothing in it.
    pub fn new() -> Result<Self> {
        let folder = PathBuf::from(format!("/tmp/dra-{}", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("registry"))?;
        let api = ApiServer::start(NODE, MANIFEST)?;
        fs::write(folder.join("kubeconfig"), api.kubeconfig())?;
        Ok(Self {
            kubelet: Kubelet::new(&folder.join("registry"))?,
            api,
            folder,
            started: Cell::new(0),
        })
    }

    /// Starts a driver; one of several has the UID of a pod.
    pub fn start(&self, pod: Option<&str>) -> Result<Driver> {
        let number = self.started.get() + 1;
        self.started.set(number);
        let log = self.folder.join(format!("log-{number}"));
        let file = File::create(&log)?;
        let mut command = Command::new("dsa-dra");
        command
            .arg("--log-text")
            .args(["--node-name", NODE])
            .arg("--registry")
            .arg(self.folder.join("registry"))
            .arg("--plugins")
            .arg(self.folder.join("plugins"))
            .arg("--cdi")
            .arg(self.cdi())
            .env("KUBECONFIG", self.folder.join("kubeconfig"))
            .env("RUST_LOG", "info,dsa_dra=debug")
            .stderr(file);
        // Two of them cannot have the same.
        match pod {
            Some(pod) => command.args(["--pod-uid", pod]),
            None => command.args(["--metrics-address", METRICS]),
        };
        let child = command.spawn().context("cannot run dsa-dra")?;
        Ok(Driver { child, log })
    }

    /// Folder of CDI specs.
    pub fn cdi(&self) -> PathBuf {
        self.folder.join("cdi")
    }

    /// Waits until so many drivers are registered, and returns them.
    pub fn plugins(&mut self, count: usize) -> Result<Vec<Plugin>> {
        let kubelet = &mut self.kubelet;
        wait::until(SOON, &format!("{count} plugins to register"), || {
            let plugins = kubelet.look()?;
            Ok((plugins.len() == count).then_some(plugins))
        })
    }

    /// Waits until one is registered, that was started anew.
    pub fn plugin(&mut self) -> Result<Plugin> {
        self.kubelet.forget();
        let mut plugins = self.plugins(1)?;
        plugins.pop().context("there is one")
    }

    /// Waits until the devices of the node are such, and returns them.
    pub fn devices(
        &self,
        what: &str,
        such: impl Fn(&BTreeMap<String, Device>) -> bool,
    ) -> Result<BTreeMap<String, Device>> {
        let mut last = String::new();
        let found = wait::until(SOON, &format!("slices {what}"), || {
            if self.api.slices()?.is_empty() && such(&BTreeMap::new()) {
                return Ok(Some(BTreeMap::new()));
            }
            match self.api.pool()? {
                Ok(pool) if such(&pool) => Ok(Some(pool)),
                Ok(pool) => {
                    last = format!("{:?}", pool.keys());
                    Ok(None)
                }
                Err(sentence) => {
                    last = sentence;
                    Ok(None)
                }
            }
        });
        found.with_context(|| format!("there was {last}"))
    }

    /// What the scheduler gives to a request for a device of the node, beside what is allocated.
    pub fn allocate(
        &self,
        allocated: &[Allocated],
        device: &str,
        entries: Option<u32>,
    ) -> Result<Option<Allocated>> {
        let wanted = Wanted {
            request: "a",
            device,
            capacity: entries.map(|it| ("entries", it.into())),
        };
        let given = scheduler::allocate(&self.api.slices()?, allocated, &wanted);
        given.map_err(anyhow::Error::msg)
    }

    /// UIDs of the claims that have a CDI spec.
    pub fn specs(&self) -> Result<BTreeSet<String>> {
        let mut specs = BTreeSet::new();
        let entries = match fs::read_dir(self.cdi()) {
            Ok(entries) => entries,
            Err(_) => return Ok(specs),
        };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let uid = name.strip_prefix(&format!("{DRIVER}_"));
            let uid = uid.and_then(|it| it.strip_suffix(".json"));
            // Of one who was killed while it wrote.
            if let Some(uid) = uid {
                specs.insert(uid.to_string());
            }
        }
        Ok(specs)
    }

    /// The spec of a claim.
    pub fn spec(&self, claim: &ResourceClaim) -> Result<Value> {
        let uid = claim.metadata.uid.as_deref().unwrap_or_default();
        let path = self.cdi().join(format!("{DRIVER}_{uid}.json"));
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// What a container gets for a CDI device of a claim.
    pub fn edits(&self, claim: &ResourceClaim, id: &str) -> Result<Value> {
        let spec = self.spec(claim)?;
        let kind = spec["kind"].as_str().unwrap_or_default();
        let name = id.strip_prefix(&format!("{kind}="));
        let name = name.with_context(|| format!("{id} is not of {kind}"))?;
        let devices = spec["devices"].as_array().context("has devices")?;
        let device = devices.iter().find(|it| it["name"] == name);
        let device = device.with_context(|| format!("there is no {name} in {spec}"))?;
        Ok(device["containerEdits"].clone())
    }

    /// The device metadata that a container sees for a request.
    pub fn metadata(&self, claim: &ResourceClaim, ids: &[String]) -> Result<Value> {
        for id in ids {
            if let Some(path) = self.edits(claim, id)?["mounts"][0]["hostPath"].as_str() {
                let text = fs::read_to_string(path)?;
                let first = text.lines().next().context("is empty")?;
                return Ok(serde_json::from_str(first)?);
            }
        }
        bail!("no file is mounted by {ids:?}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Where a driver serves its metrics.
pub const METRICS: &str = "127.0.0.1:9400";

/// A driver that does not outlive this.
pub struct Driver {
    child: Child,
    log: PathBuf,
}

impl Driver {
    /// Kills it with SIGKILL.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, and waits for that.
    pub fn stop(mut self) -> Result<()> {
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(self.child.id().try_into()?),
            nix::sys::signal::Signal::SIGTERM,
        )?;
        let ended = wait::until(SOON, "dsa-dra to stop", || Ok(self.child.try_wait()?))?;
        ensure!(ended.success(), "dsa-dra ended with {ended}");
        Ok(())
    }

    /// The most memory that it ever had, in KiB.
    pub fn peak_memory(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path)?;
        let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|it| it.trim().strip_suffix(" kB"));
        Ok(peak.context("no VmHWM")?.parse()?)
    }

    /// Waits until it has logged so many lines with these words.
    pub fn await_logs(&self, words: &str, count: usize) -> Result<()> {
        let what = format!("'{words}' {count} times in the log of dsa-dra");
        wait::until_true(SOON, &what, || {
            let text = fs::read_to_string(&self.log)?;
            let words = format!(" {words}");
            let lines = text.lines().filter(|it| it.contains(&words));
            Ok(lines.count() >= count)
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Shows what drivers said, if a step fails.
pub fn with_log<T>(folder: &Path, result: Result<T>) -> Result<T> {
    if result.is_err() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("log-") {
                println!("  {name} of dsa-dra:");
                let text = fs::read_to_string(entry.path()).unwrap_or_default();
                text.lines().for_each(|line| println!("    {line}"));
            }
        }
    }
    result
}

impl Cluster {
    /// Where logs are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// A claim with so many results, as the scheduler allocates them.
pub struct Allocation {
    name: String,
    uid: String,
    results: Vec<Value>,
    config: Vec<Value>,
}

impl Allocation {
    /// Of a claim with that number.
    pub fn new(number: u32) -> Self {
        Self {
            name: format!("claim-{number}"),
            uid: format!("83b8f4f2-509f-482f-8c1e-e6bf{number:08x}"),
            results: Vec::new(),
            config: Vec::new(),
        }
    }

    /// So many entries of a work queue.
    #[must_use]
    pub fn share(mut self, request: &str, device: &str, entries: u32) -> Self {
        let share = format!("{}-{}", self.uid, self.results.len());
        self.results.push(json!({
            "driver": DRIVER,
            "pool": NODE,
            "request": request,
            "device": device,
            "shareID": share,
            "consumedCapacity": {"entries": entries.to_string()},
        }));
        self
    }

    /// What the scheduler gave.
    pub fn result(mut self, result: &Allocated) -> Result<Self> {
        self.results.push(serde_json::to_value(result)?);
        Ok(self)
    }

    /// All of a work queue.
    #[must_use]
    pub fn whole(mut self, request: &str, device: &str) -> Self {
        self.results.push(json!({
            "driver": DRIVER,
            "pool": NODE,
            "request": request,
            "device": format!("{device}-whole"),
        }));
        self
    }

    /// Parameters for all requests.
    #[must_use]
    pub fn config(mut self, mut parameters: Value) -> Self {
        parameters["apiVersion"] = format!("{DRIVER}/v1alpha1").into();
        parameters["kind"] = "SubdevConfig".into();
        self.config.push(json!({
            "source": "FromClaim",
            "opaque": {"driver": DRIVER, "parameters": parameters},
        }));
        self
    }

    /// The claim.
    pub fn claim(&self) -> Result<ResourceClaim> {
        Ok(serde_json::from_value(json!({
            "metadata": {"namespace": "default", "name": self.name, "uid": self.uid},
            "spec": {"devices": {}},
            "status": {"allocation": {"devices": {
                "results": self.results,
                "config": self.config,
            }}},
        }))?)
    }
}
