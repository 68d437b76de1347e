// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the scenarios show, one room for each theme.

mod apply_churn;
mod batch;
mod batch_list;
mod boot;
mod busy;
mod c_client;
mod choices;
mod client;
mod close;
mod configure;
mod counts;
mod data;
mod dead_and_open;
mod declared;
mod differential;
mod direct_store;
mod dra;
mod driver_override;
mod enable_flood;
mod fairness;
mod fault_events;
mod faults;
mod features;
mod fixed;
mod fuzz;
mod guest;
mod halted;
mod hardware;
mod idxd;
mod injection;
mod interleaved;
mod inventory;
mod kunit;
mod lease;
mod library;
mod libvirt;
mod lifecycle;
mod many;
mod mdev;
mod mdevctl;
mod memlock;
mod monitor;
mod monitor_filter;
mod noop_flood;
mod packages;
mod permissions;
mod pool_agent;
mod portal;
mod portal_attacks;
mod portal_quota;
mod prior_art;
mod recovery;
mod refusals;
mod reset_races;
mod set_irqs;
mod shared;
mod staged;
mod statistics;
mod stress;
mod subdev_limits;
mod tenant_reset;
mod top;
mod two_parents;
mod unbind_two;
mod unload;
mod unmap;
mod watch;
mod withheld_memory;
mod yank;
mod ynl;

pub use self::boot::{EARLIER, earlier};
pub use self::idxd::{MISTAKE, go_wrong};
use crate::scenario::{self, Case, Scenario};

/// All there is to run: each scenario on a device of our own, and some on one of `idxd`'s.
pub fn cases() -> impl Iterator<Item = Case> {
    let lent = LENT.iter();
    let lent = lent.map(|(name, scenarios)| Case::lent(name, idxd::STOCK, scenarios));
    ALL.iter().map(Case::ours).chain(lent)
}

/// One of them, or by `lent-NAME` any scenario of the default machine on a device of `idxd`'s.
pub fn find(name: &str) -> Option<Case> {
    let by_hand = || {
        let name = name.strip_prefix(scenario::LENT)?;
        let wanted = |it: &&Scenario| it.name == name && it.vm.is_empty();
        let found = ALL.iter().find(wanted)?;
        Some(Case::lent(name, idxd::STOCK, &[found]))
    };
    cases().find(|case| case.name() == name).or_else(by_hand)
}

/// All scenarios, in the order in which it makes most sense to look at failures; but those with guests
/// take so long that a run would wait for them alone if they were the last.
const ALL: &[Scenario] = &[
    guest::GUEST,
    libvirt::LIBVIRT,
    inventory::INVENTORY,
    lifecycle::LIFECYCLE,
    lifecycle::PULL,
    staged::STAGED,
    choices::SHOW,
    declared::APPLY,
    declared::APPLY_KILLED,
    apply_churn::APPLY_CHURN,
    staged::SET_REFUSALS,
    subdev_limits::SUBDEV_LIMITS,
    refusals::REFUSALS,
    refusals::FULL,
    permissions::PERMISSIONS,
    batch::DRY_RUN,
    batch::COUNT,
    lease::LEASE,
    prior_art::PRIOR_ART,
    library::LIBRARY,
    monitor::MONITOR,
    monitor::NAMESPACE,
    monitor_filter::MONITOR_FILTER,
    watch::WATCH,
    watch::WATCH_RELOAD,
    watch::LOST_ANSWERS,
    top::TOP,
    data::DATA,
    data::SCATTERED,
    data::CREDITS,
    differential::DIFFERENTIAL,
    differential::DIFFERENTIAL_IOMMU,
    direct_store::DIRECT_STORE,
    direct_store::DIRECT_STORE_SHARED,
    configure::CONFIGURE,
    statistics::STATISTICS,
    counts::COUNTS,
    fixed::FIXED,
    features::OPERATION_MASK,
    features::REVOKED_HANDLES,
    faults::FAULTS,
    faults::COMMANDS,
    fault_events::FAULT_EVENTS,
    interleaved::INTERLEAVED,
    batch_list::BATCH_LIST,
    portal::PORTAL,
    portal::PORTAL_ENDS,
    portal::PORTAL_USERS,
    portal_attacks::PORTAL_ATTACKS,
    portal_attacks::PORTAL_FILE,
    portal_attacks::PORTAL_SLOTS,
    portal_attacks::PORTAL_RECORDS,
    portal_attacks::PORTAL_MEMORY,
    portal_attacks::PORTAL_KEPT,
    portal_attacks::PORTAL_LIMITS,
    portal_quota::PORTAL_QUOTA,
    client::CLIENT,
    mdev::MDEV,
    mdev::MDEV_OPEN,
    mdev::MDEV_PARENTS,
    mdev::MDEV_RACES,
    mdev::MDEV_IOMMUFD,
    mdev::MDEV_UNBOUND,
    mdevctl::MDEVCTL,
    set_irqs::SET_IRQS,
    reset_races::RESET_RACES,
    tenant_reset::TENANT_RESET,
    hardware::HARDWARE,
    halted::HALTED,
    recovery::RECOVERY,
    recovery::RECOVERY_CUT_SHORT,
    yank::YANK,
    shared::SHARED,
    shared::ISOLATION,
    fairness::FAIRNESS,
    busy::DEL_BUSY,
    busy::DEL_FORCED,
    noop_flood::NOOP_FLOOD,
    dead_and_open::DEAD_AND_OPEN,
    enable_flood::ENABLE_FLOOD,
    memlock::MEMLOCK_FLOOD,
    withheld_memory::WITHHELD_MEMORY,
    unmap::UNMAP,
    close::CLOSE,
    unload::UNLOAD,
    unload::UNBIND,
    unbind_two::UNBIND_TWO,
    driver_override::OVERRIDE,
    driver_override::BIND,
    boot::BOOT,
    packages::PACKAGES,
    two_parents::TWO_PARENTS,
    many::MANY,
    pool_agent::POOL_AGENT,
    dra::DRA,
    dra::DRA_FAULTS,
    dra::DRA_KILLED,
    dra::DRA_MANY,
    dra::DRA_CONTAINER,
    ynl::YNL,
    c_client::C_CLIENT,
    ynl::YNL_EVENTS,
    idxd::IDXD_CONFIG,
    idxd::IDXD_DMATEST,
    idxd::IDXD_CYCLES,
    idxd::IDXD_FAULTS,
    idxd::IDXD_COMMANDS,
    idxd::IDXD_HALTS,
    idxd::IDXD_VANISHING,
    idxd::IDXD_WQ,
    idxd::IDXD_WQ_ENDS,
    idxd::IDXD_WQ_KERNEL,
    idxd::IDXD_SECOND,
    idxd::IDXD_HANDLES,
    idxd::USER_SUBMISSION,
    idxd::STORE,
    idxd::ENQCMD,
    kunit::KUNIT,
    fuzz::FUZZ,
    injection::FAMILY,
    injection::VFIO,
    stress::STRESS,
];

/// What runs on work queues that `idxd` lends as well: of each theme what takes the least time. The
/// others can be run by hand, see [`find`].
const LENT: &[(&str, &[&Scenario])] = &[
    (
        "operations",
        &[
            &data::DATA,
            &batch_list::BATCH_LIST,
            &interleaved::INTERLEAVED,
        ],
    ),
    (
        "attacks",
        &[
            &portal_attacks::PORTAL_ATTACKS,
            &shared::ISOLATION,
            &close::CLOSE,
        ],
    ),
    ("tenants", &[&unmap::UNMAP, &tenant_reset::TENANT_RESET]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_read_by_machines() {
        let cases: Vec<_> = cases().collect();
        let mut names: Vec<_> = cases.iter().map(Case::name).collect();
        for case in &cases {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(case.name().chars().all(plain), "{}", case.name());
            for field in [case.vm(), case.about()] {
                assert!(!field.contains(['\t', '\n']), "{field:?}");
            }
            assert!(!case.about().is_empty());
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), cases.len(), "two scenarios share a name");
    }

    #[test]
    fn what_a_device_of_idxds_can_run_is_found_by_name() {
        assert!(find("lent-operations").is_some() && find("lent-data").is_some());
        // On another machine than the default one.
        assert!(find("lent-two-parents").is_none() && find("lent-none").is_none());
    }
}
