// SPDX-License-Identifier: GPL-2.0

mod machine;

use super::*;
use machine::{Machine, Tenant};
use proptest::prelude::*;

const US: u64 = 1_000;
const MIB: u64 = 1 << 20;

/// Runs until all have had so much together, and returns what each has had.
fn run(tenants: Vec<Tenant>, bytes: u64) -> Vec<u64> {
    let mut machine = Machine::new(tenants);
    machine.run_until(|machine| machine.done().iter().sum::<u64>() >= bytes);
    machine.done()
}

/// Demands that bytes are in the ratio of weights, but for what one may be ahead.
fn demand_shares(tenants: &[Tenant], done: &[u64]) {
    let weights: u64 = tenants.iter().map(|tenant| u64::from(tenant.weight)).sum();
    let total: u64 = done.iter().sum();
    for (tenant, done) in tenants.iter().zip(done) {
        let due = total * u64::from(tenant.weight) / weights;
        let slack = due / 33 + 2 * LEAD;
        assert!(done.abs_diff(due) <= slack, "{done} of {due}: {tenants:?}");
    }
}

#[test]
fn weights_hold_whatever_the_sizes() {
    for weights in [[300, 100], [100, 300], [100, 100], [1, 10_000]] {
        for sizes in [
            [4 << 10, 2 << 20],
            [2 << 20, 4 << 10],
            [64 << 10, 100 << 10],
        ] {
            let tenants: Vec<_> = weights
                .into_iter()
                .zip(sizes)
                .map(|(weight, size)| Tenant::new(weight, size))
                .collect();
            let done = run(tenants.clone(), 512 * MIB);
            demand_shares(&tenants, &done);
        }
    }
}

#[test]
fn a_weight_that_is_raised_counts_at_once() {
    let mut fair = Fair::new();
    let [mut raised, mut other] = [Flow::new(1), Flow::new(10_000)];
    // While it is alone.
    for _ in 0..32 {
        fair.ask(&mut raised, TURN);
        fair.grant(&mut raised, 0);
        fair.give_back(&mut raised, TURN, 0);
    }
    fair.set_weight(&mut raised, 10_000);
    fair.ask(&mut raised, TURN);
    let mut had = 0;
    while fair.next([(0, &raised), (1, &other)].into_iter(), 0) != Next::Now(0) {
        if !other.is_asking() {
            fair.ask(&mut other, TURN);
        }
        fair.grant(&mut other, 0);
        fair.give_back(&mut other, TURN, 0);
        had += u64::from(TURN);
        assert!(had <= 2 * CREDIT, "the other has had {had} before it");
    }
}

#[test]
fn one_that_is_alone_is_not_held_back() {
    let tenants = vec![Tenant::new(1, 2 << 20), Tenant::new(10_000, 4096).idle()];
    let mut machine = Machine::new(tenants);
    machine.run_until(|machine| machine.done()[0] >= 256 * MIB);
    // At the full speed of the hardware, but for a twentieth.
    assert!(machine.busy() * 20 >= machine.now() * 19);
}

#[test]
fn a_flood_that_moves_nothing_starves_nobody() {
    let tenants = vec![Tenant::new(100, 0), Tenant::new(100, 64 << 10)];
    let mut machine = Machine::new(tenants);
    machine.run_until(|machine| machine.done()[1] >= 64 * MIB);
    let noops = machine.operations()[0];
    assert!(noops * u64::from(LEAST) <= 66 * MIB, "{noops}");
}

#[test]
fn one_that_dawdles_makes_nobody_idle_for_long() {
    // It pretends to be busy, and takes its time between two descriptors.
    let slow = Tenant::new(10_000, 4096).thinking(1_000 * US);
    let mut machine = Machine::new(vec![slow, Tenant::new(1, 2 << 20)]);
    machine.run_until(|machine| machine.done()[1] >= 256 * MIB);
    assert!(machine.busy() * 10 >= machine.now() * 9);
}

#[test]
fn who_comes_back_is_next_and_has_saved_nothing() {
    let tenants = vec![
        Tenant::new(300, 2 << 20),
        Tenant::new(100, 4096),
        Tenant::new(100, 64 << 10).idle(),
    ];
    let mut machine = Machine::new(tenants);
    machine.run_until(|machine| machine.done()[0] >= 256 * MIB);
    let before = machine.done();
    machine.wake(2);
    machine.run_until(|machine| machine.operations()[2] == 1);
    let others: u64 = (0..2).map(|n| machine.done()[n] - before[n]).sum();
    // What the hardware had already, and a turn of each.
    assert!(others <= LENT + 2 * u64::from(TURN), "{others}");

    // From there on it has its share, and what it may catch up on.
    machine.run_until(|machine| machine.done()[2] >= 64 * MIB);
    let since: Vec<_> = (0..3).map(|n| machine.done()[n] - before[n]).collect();
    let due = since.iter().sum::<u64>() / 5;
    assert!(since[2] <= due + due / 33 + CREDIT + 2 * LEAD, "{since:?}");
}

#[test]
fn what_is_withdrawn_holds_nobody_up() {
    let mut fair = Fair::new();
    let mut flows = [Flow::new(100), Flow::new(100)];
    for flow in &mut flows {
        flow.set_busy(true);
        fair.ask(flow, 4096);
    }
    flows[0].withdraw();
    flows[0].set_busy(false);
    assert!(!flows[0].is_asking());
    assert_eq!(fair.next(flows.iter().enumerate(), 0), Next::Now(1));
    fair.grant(&mut flows[1], 0);
    assert_eq!(fair.next(flows.iter().enumerate(), 0), Next::Nobody);
    // One that ends with something lent returns it.
    fair.end(&flows[1]);
    fair.ask(&mut flows[0], u32::MAX);
    assert_eq!(fair.next(flows.iter().take(1).enumerate(), 0), Next::Now(0));
}

#[test]
fn who_is_expected_holds_the_others_back_for_a_while() {
    let mut fair = Fair::new();
    let mut flows = [Flow::new(100), Flow::new(100)];
    flows[0].set_busy(true);
    fair.ask(&mut flows[0], 4096);
    fair.grant(&mut flows[0], 0);
    fair.give_back(&mut flows[0], 4096, 100 * US);
    flows[1].set_busy(true);
    let mut now = 100 * US;
    let mut had = 0;
    let until = loop {
        fair.ask(&mut flows[1], TURN);
        match fair.next(flows.iter().enumerate(), now) {
            Next::Now(1) => {
                fair.grant(&mut flows[1], now);
                fair.give_back(&mut flows[1], TURN, now);
                had += u64::from(TURN);
            }
            Next::Later(1, Some(until)) => break until,
            other => panic!("{other:?}"),
        }
    };
    assert!(
        (LEAD..=LEAD + u64::from(TURN) + 4096).contains(&had),
        "{had}"
    );
    assert_eq!(until, 300 * US);
    now = until;
    assert_eq!(fair.next(flows.iter().enumerate(), now), Next::Now(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any mix of sizes, weights and times between descriptors.
    #[test]
    fn shares_are_those_of_the_weights(
        tenants in prop::collection::vec(
            (1u32..=20, 4096u32..=2 << 20, 4096u32..=TURN, 0u64..4_000),
            2..5,
        ),
    ) {
        let tenants: Vec<_> = tenants
            .into_iter()
            .map(|(weight, size, piece, think)| {
                Tenant::new(weight * 50, size).in_pieces(piece).thinking(think)
            })
            .collect();
        let done = run(tenants.clone(), 512 * MIB);
        demand_shares(&tenants, &done);
    }

    /// Nobody starves, whatever the others do, and nobody gets ahead by being slow.
    #[test]
    fn nobody_starves(
        tenants in prop::collection::vec(
            (1u32..=10_000, 0u32..=2 << 20, 0u64..1_000_000),
            2..6,
        ),
    ) {
        let tenants: Vec<_> = tenants
            .into_iter()
            .map(|(weight, size, think)| Tenant::new(weight, size).thinking(think))
            .collect();
        let mut machine = Machine::new(tenants);
        machine.run_until(|machine| machine.operations().iter().all(|done| *done >= 2));
    }
}
