// SPDX-License-Identifier: MIT OR Apache-2.0

//! Claims become subdevs, and subdevs go with claims.
//!
//! The kernel's state is the only one that there is. Each step can be repeated by whoever comes
//! after a crash, and by a second driver at the same time.

use std::io;
use std::time::Duration;

use futures::TryStreamExt;
use k8s_openapi::api::resource::v1::ResourceClaim;
use nlctl::{AdminState, Error, Face, Handle, Opstate, PasidMode, RefusalKind, Subdev};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::claim::{Place, Share, shares, uid};
use crate::identity::Owner;
use crate::options::Options;
use crate::{cdi, mdev, metadata};

/// How long the kernel may take for a request; kubelet gives a call 45 s.
const LIMIT: Duration = Duration::from_secs(10);

/// How long to wait for what is about to be there.
const PAUSE: Duration = Duration::from_millis(10);

/// Why a claim is not prepared, or still is.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What the claim says.
    #[error("{0}")]
    Claim(String),
    /// What the family says.
    #[error("{about}{source}")]
    Family {
        /// The request and a colon, where there is one.
        about: String,
        /// The sentence.
        source: Box<Error>,
    },
    /// A file.
    #[error("{about}: {source}")]
    File {
        /// What was to be done.
        about: &'static str,
        /// Why not.
        source: io::Error,
    },
}

impl From<Error> for Failure {
    fn from(source: Error) -> Self {
        Self::Family {
            about: String::new(),
            source: Box::new(source),
        }
    }
}

fn about(share: &Share, source: Error) -> Failure {
    Failure::Family {
        about: format!("{}: ", share.request),
        source: Box::new(source),
    }
}

fn file(about: &'static str) -> impl Fn(io::Error) -> Failure {
    move |source| Failure::File { about, source }
}

/// What was prepared for one share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The share.
    pub share: Share,
    /// Its subdev.
    pub subdev: Subdev,
    /// CDI devices that a container gets.
    pub cdi_ids: Vec<String>,
}

/// Prepares and unprepares, one claim after another.
#[derive(Debug)]
pub struct Preparer {
    handle: Handle,
    options: Options,
    cdi: cdi::Places,
    metadata: metadata::Places,
    turn: Mutex<()>,
}

impl Preparer {
    /// One that changes the family through `handle`.
    pub fn new(handle: Handle, options: Options) -> Self {
        Self {
            handle,
            cdi: cdi::Places {
                driver: options.driver_name.clone(),
                specs: options.cdi.clone(),
                dev: options.dev.clone(),
            },
            metadata: metadata::Places {
                driver: options.driver_name.clone(),
                data: options.data(),
            },
            options,
            turn: Mutex::new(()),
        }
    }

    /// Who allocates, and where.
    pub fn place(&self) -> Place<'_> {
        Place {
            driver: &self.options.driver_name,
            node: &self.options.node_name,
        }
    }

    /// The specs of claims that are prepared.
    pub fn specs(&self) -> &cdi::Places {
        &self.cdi
    }

    /// Makes, or finds, the subdevs of a claim, and tells container runtimes of them. Where one cannot
    /// be had, those that were made before it go again.
    ///
    /// # Errors
    ///
    /// In the family's words where it refuses.
    pub async fn prepare(&self, claim: &ResourceClaim) -> Result<Vec<Prepared>, Failure> {
        let _turn = self.turn.lock().await;
        self.prepare_in_turn(claim).await
    }

    /// Prepares a claim again that is prepared: what it had may have gone with the module. One that was
    /// unprepared meanwhile is left alone.
    ///
    /// # Errors
    ///
    /// See [`prepare`](Self::prepare).
    pub async fn restore(&self, claim: &ResourceClaim) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        match self.cdi.has(uid(claim)) {
            true => self.prepare_in_turn(claim).await.map(drop),
            false => Ok(()),
        }
    }

    async fn prepare_in_turn(&self, claim: &ResourceClaim) -> Result<Vec<Prepared>, Failure> {
        let shares = shares(claim, self.place()).map_err(Failure::Claim)?;
        let mut ready = Vec::new();
        let mut made = Vec::new();
        for share in shares {
            match self.ensure(&share).await {
                Ok((subdev, fresh)) => {
                    if fresh {
                        made.push(subdev.clone());
                    }
                    ready.push((share, subdev));
                }
                Err(failure) => {
                    for subdev in made {
                        if let Err(error) = self.delete(&subdev).await {
                            let name = subdev.name;
                            warn!(%error, name, "subdev of a failed claim stays");
                        }
                    }
                    return Err(failure);
                }
            }
        }
        self.tell(claim, ready)
    }

    /// Writes what container runtimes and containers read.
    fn tell(
        &self,
        claim: &ResourceClaim,
        ready: Vec<(Share, Subdev)>,
    ) -> Result<Vec<Prepared>, Failure> {
        let uid = uid(claim);
        let written = self.metadata.write(claim, &ready);
        let files = written.map_err(file("cannot write device metadata"))?;
        let spec = self.cdi.spec(&ready, &files);
        let written = self.cdi.write(uid, &spec);
        written.map_err(file("cannot write a CDI spec"))?;
        let mut told = Vec::new();
        let prepared = |(share, subdev): (Share, Subdev)| {
            let mut cdi_ids = vec![self.cdi.id(&share.uuid)];
            // Once for all devices of a request.
            let file = metadata::device_name(uid, share.main_request());
            if !told.contains(&file) {
                cdi_ids.push(self.cdi.id(&file));
                told.push(file);
            }
            Prepared {
                share,
                subdev,
                cdi_ids,
            }
        };
        Ok(ready.into_iter().map(prepared).collect())
    }

    /// Deletes the subdevs of a claim, whether or not the claim is there.
    ///
    /// # Errors
    ///
    /// When one is still open.
    pub async fn unprepare(&self, claim_uid: &str) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        // First, as it says that the claim is prepared.
        let removed = self.cdi.remove(claim_uid);
        removed.map_err(file("cannot remove a CDI spec"))?;
        let owner = Owner::of(claim_uid);
        for subdev in self.own().await? {
            if Owner::of_subdev(&subdev) == Some(owner) {
                self.delete(&subdev).await?;
                info!(
                    subdev = subdev.name,
                    uuid = subdev.uuid,
                    claim_uid,
                    "deleted"
                );
            }
        }
        let removed = self.metadata.remove(claim_uid);
        removed.map_err(file("cannot remove device metadata"))
    }

    /// The subdevs that this driver made, on this node; none while the module is not there.
    ///
    /// # Errors
    ///
    /// When the family cannot be asked.
    pub async fn own(&self) -> Result<Vec<Subdev>, Error> {
        let all: Result<Vec<_>, _> = self.handle.subdev().dump().execute().try_collect().await;
        let mut all = match all {
            Err(Error::FamilyAbsent) => Vec::new(),
            other => other?,
        };
        all.retain(|it| Owner::of_subdev(it).is_some());
        Ok(all)
    }

    /// Deletes a subdev, unless it is gone.
    ///
    /// # Errors
    ///
    /// When it is open, for example.
    pub async fn delete(&self, subdev: &Subdev) -> Result<(), Error> {
        // An index is another subdev's when the module was loaded anew.
        let request = self.handle.subdev().del(subdev.uuid.clone());
        let request = request.within(LIMIT);
        match request.execute().await {
            Err(Error::FamilyAbsent) => Ok(()),
            Err(Error::Refused(refusal)) if refusal.kind() == RefusalKind::NotFound => Ok(()),
            other => other.map(drop),
        }
    }

    /// The subdev of a share, and whether it was made now.
    async fn ensure(&self, share: &Share) -> Result<(Subdev, bool), Failure> {
        let about = |source| about(share, source);
        let mut fresh = false;
        let mut subdev = self.find(share).await.map_err(about)?;
        if let Some(other) = subdev.take_if(|it| !fits(share, it)) {
            // Of an earlier allocation of the same claim.
            info!(subdev = other.name, "does not fit its claim any more");
            self.delete(&other).await.map_err(about)?;
        }
        let mut subdev = match subdev {
            Some(subdev) => subdev,
            None => {
                fresh = true;
                self.make(share).await.map_err(about)?
            }
        };
        if subdev.state == AdminState::Inactive {
            match self.activate(share, &subdev).await {
                Ok(active) => subdev = active,
                Err(failure) => {
                    if fresh {
                        self.delete(&subdev).await.map_err(about)?;
                    }
                    return Err(failure);
                }
            }
        }
        if subdev.iommu_group.is_none() || subdev.opstate == Opstate::Detached {
            let request = &share.request;
            let reason = format!("{request}: subdev {} has no VFIO driver", subdev.name);
            return Err(Failure::Claim(reason));
        }
        info!(
            subdev = subdev.name,
            uuid = subdev.uuid,
            request = share.request,
            fresh,
            "prepared"
        );
        Ok((subdev, fresh))
    }

    /// The subdev of a share, if there is one. One that another driver on this node is making is waited
    /// for.
    async fn find(&self, share: &Share) -> Result<Option<Subdev>, Error> {
        let end = Instant::now() + LIMIT;
        loop {
            let request = self.handle.subdev().get(share.uuid.clone()).within(LIMIT);
            let error = match request.execute().await {
                Ok(subdev) => return Ok(Some(subdev.object)),
                Err(error) => error,
            };
            let kind = match &error {
                Error::Refused(refusal) => refusal.kind(),
                _ => return Err(error),
            };
            match kind {
                RefusalKind::NotFound => return Ok(None),
                RefusalKind::Busy if Instant::now() < end => sleep(PAUSE).await,
                _ => return Err(error),
            }
        }
    }

    async fn make(&self, share: &Share) -> Result<Subdev, Error> {
        let parent = format!("pci/{}", share.device.pci);
        let mut request = self.handle.subdev().add().parent(parent);
        request = match share.entries {
            Some(entries) => request.wq_share(share.device.wq, entries),
            None => request.wq(share.device.wq),
        };
        if !share.device.whole {
            request = request.pasid_mode(PasidMode::Shared);
        }
        let request = share.config.ask(request);
        let request = request.uuid(share.uuid.clone()).name(share.name.clone());
        match request.within(LIMIT).execute().await {
            Ok(subdev) => {
                if let Some(warning) = &subdev.warning {
                    warn!(%warning, subdev = subdev.name, "the kernel warns");
                }
                Ok(subdev.object)
            }
            // Another driver on this node may have made it meanwhile, or this request did, whose answer
            // was lost.
            Err(error) => match self.find(share).await {
                Ok(Some(subdev)) if fits(share, &subdev) => Ok(subdev),
                _ => Err(error),
            },
        }
    }

    /// Hands an inactive subdev to VFIO.
    async fn activate(&self, share: &Share, subdev: &Subdev) -> Result<Subdev, Failure> {
        let about = |source| about(share, source);
        if subdev.face != Face::Mdev {
            let request = self.handle.subdev().set(subdev.index);
            let request = request.state(AdminState::Active).within(LIMIT);
            return Ok(request.execute().await.map_err(about)?.object);
        }
        let (sysfs, pci) = (&self.options.sysfs, &share.device.pci);
        if !mdev::is_there(sysfs, pci) {
            let request = &share.request;
            let reason = format!("{request}: face mdev needs the module subdev_mdev");
            return Err(Failure::Claim(reason));
        }
        let made = mdev::create(sysfs, pci, &subdev.r#type, &subdev.uuid).await;
        // Another driver on this node may have made it.
        match self.find(share).await.map_err(about)? {
            Some(subdev) if subdev.state == AdminState::Active => Ok(subdev),
            _ => {
                made.map_err(file("cannot make a mediated device"))?;
                let reason = format!("{}: the mediated device is gone", share.request);
                Err(Failure::Claim(reason))
            }
        }
    }
}

/// Whether a subdev is what a share asks for.
fn fits(share: &Share, subdev: &Subdev) -> bool {
    let [wq] = subdev.wq.as_slice() else {
        return false;
    };
    let mode = match share.device.whole {
        true => PasidMode::None,
        false => PasidMode::Shared,
    };
    let size = share.entries.is_none_or(|it| it == wq.size);
    let face = share.config.face.unwrap_or(Face::Auxiliary);
    wq.id == share.device.wq && size && subdev.pasid_mode == mode && subdev.face == face
}
