// SPDX-License-Identifier: MIT OR Apache-2.0

//! How devices are, for kubelet, which puts it into the status of pods that have them (KEP-4680).
//!
//! Told when an event of the family says that it changed, and again now and then, as kubelet takes old
//! news for none.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::stream::{self, BoxStream, StreamExt};
use nlctl::{Handle, ParentState, State, Watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tonic::{Request, Response, Status};

use crate::device::{Device, place};
use crate::proto::{health, health_v1alpha1};

/// Kubelet's names of the service. Releases before 1.37 know the second only, whose messages are the
/// same.
pub const SERVICES: [&str; 2] = ["v1.DRAResourceHealth", "v1alpha1.DRAResourceHealth"];

/// How long it takes until what did not change is told again.
const AGAIN: Duration = Duration::from_secs(60);

/// How long kubelet believes what it was told.
const VALID: Duration = Duration::from_secs(180);

/// By names of devices: what is wrong with it, or nothing.
type Ills = BTreeMap<String, Option<&'static str>>;

/// The service.
#[derive(Clone)]
pub struct Health {
    /// Who watches the family.
    pub handle: Handle,
    /// Name of the pool.
    pub pool: String,
}

impl Health {
    async fn watch<T: From<Report> + Send + 'static>(&self) -> Result<Stream<T>, Status> {
        let watch = self.handle.watch().await;
        let watch = watch.map_err(|it| Status::unavailable(it.to_string()))?;
        let mut again = interval_at(Instant::now() + AGAIN, AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watcher = Watcher {
            watch,
            again,
            state: State::default(),
            ills: Ills::new(),
        };
        let pool = self.pool.clone();
        let reports = stream::unfold(watcher, |mut watcher| async {
            let ills = watcher.next().await?;
            Some((ills, watcher))
        });
        let reports = reports.map(move |ills| {
            let report = Report {
                pool: pool.clone(),
                ills,
                time: now(),
            };
            Ok(report.into())
        });
        Ok(reports.boxed())
    }
}

/// What kubelet gets.
type Stream<T> = BoxStream<'static, Result<T, Status>>;

struct Watcher {
    watch: Watch,
    again: Interval,
    state: State,
    ills: Ills,
}

impl Watcher {
    /// Waits for what there is to be told; nothing when the family cannot be watched any more.
    async fn next(&mut self) -> Option<Ills> {
        loop {
            tokio::select! {
                update = self.watch.next() => {
                    self.state.update(update?.ok()?);
                    let ills = ills(&self.state, &self.ills);
                    if ills != self.ills {
                        self.ills.clone_from(&ills);
                        return Some(ills);
                    }
                }
                _ = self.again.tick() => return Some(self.ills.clone()),
            }
        }
    }
}

/// How devices are, also those that there were before.
fn ills(state: &State, before: &Ills) -> Ills {
    let gone = before.keys().map(|it| (it.clone(), Some("it is gone")));
    let mut ills: Ills = gone.collect();
    for parent in &state.parents {
        let Some(pci) = place(parent) else {
            continue;
        };
        let ill = match parent.state {
            ParentState::Halted => Some("it halted and is being brought back"),
            ParentState::Lost => Some("it is lost until it is reset and bound again"),
            _ => None,
        };
        let wqs = state.wqs.iter();
        for wq in wqs.filter(|it| it.parent_index == parent.index && it.size > 0) {
            for whole in [false, true] {
                let device = Device {
                    pci: pci.to_string(),
                    wq: wq.id,
                    whole,
                };
                ills.insert(device.to_string(), ill);
            }
        }
    }
    ills
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |it| i64::try_from(it.as_secs()).unwrap_or(i64::MAX))
}

/// What is told.
struct Report {
    pool: String,
    ills: Ills,
    time: i64,
}

macro_rules! service {
    ($proto:ident) => {
        impl From<Report> for $proto::NodeWatchResourcesResponse {
            fn from(report: Report) -> Self {
                let Report { pool, ills, time } = report;
                let device = |(name, ill): (String, Option<&str>)| $proto::DeviceHealth {
                    device: Some($proto::DeviceIdentifier {
                        pool_name: pool.clone(),
                        device_name: name,
                    }),
                    health: match ill {
                        None => $proto::HealthStatus::Healthy.into(),
                        Some(_) => $proto::HealthStatus::Unhealthy.into(),
                    },
                    last_updated_time: time,
                    health_check_timeout_seconds: VALID.as_secs().try_into().unwrap_or(0),
                    message: ill.unwrap_or_default().to_string(),
                };
                Self {
                    devices: ills.into_iter().map(device).collect(),
                }
            }
        }

        #[tonic::async_trait]
        impl $proto::dra_resource_health_server::DraResourceHealth for Health {
            type NodeWatchResourcesStream = Stream<$proto::NodeWatchResourcesResponse>;

            async fn node_watch_resources(
                &self,
                _request: Request<$proto::NodeWatchResourcesRequest>,
            ) -> Result<Response<Self::NodeWatchResourcesStream>, Status> {
                Ok(Response::new(self.watch().await?))
            }
        }
    };
}

service!(health);
service!(health_v1alpha1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::state;

    #[test]
    fn a_device_is_as_ill_as_its_parent() {
        let share = "pci-0000-6a-01-0-wq0".to_string();
        let whole = "pci-0000-6a-01-0-wq0-whole".to_string();
        let mut state = state(&[16, 0]);
        let none = Ills::new();
        let well = Ills::from([(share, None), (whole, None)]);
        assert_eq!(ills(&state, &none), well);
        state.parents[0].state = ParentState::Halted;
        let halted = ills(&state, &well);
        assert!(halted.keys().eq(well.keys()));
        let told = |ill: &Option<&str>| ill.is_some_and(|it| it.contains("halted"));
        assert!(halted.values().all(told), "{halted:?}");
        // Unplugged, or the module is gone.
        state.parents.clear();
        let gone = ills(&state, &halted);
        assert!(gone.keys().eq(well.keys()));
        assert!(
            gone.values().all(|it| *it == Some("it is gone")),
            "{gone:?}"
        );
        assert_eq!(ills(&State::default(), &none), none);
    }

    #[test]
    fn a_report_says_what_is_wrong() {
        let ills = Ills::from([("a".into(), None), ("b".into(), Some("it is gone"))]);
        let report = Report {
            pool: "n1".into(),
            ills,
            time: 7,
        };
        let response = health::NodeWatchResourcesResponse::from(report);
        let [a, b] = response.devices.as_slice() else {
            panic!("{response:?}");
        };
        assert_eq!(a.health(), health::HealthStatus::Healthy);
        assert_eq!(b.health(), health::HealthStatus::Unhealthy);
        assert_eq!((a.message.as_str(), b.message.as_str()), ("", "it is gone"));
        assert_eq!(
            (b.last_updated_time, b.health_check_timeout_seconds),
            (7, 180)
        );
        let device = b.device.clone().expect("is named");
        assert_eq!(
            (device.pool_name, device.device_name),
            ("n1".into(), "b".into())
        );
    }
}
