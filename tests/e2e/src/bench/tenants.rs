// SPDX-License-Identifier: MIT OR Apache-2.0
//! How fast copies go through a work queue that 1 to 64 tenants share, and how much memory of the kernel
//! a tenant takes that has its subdev open.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bench_report::{Report, Row, Unit};

use super::memory::Memory;
use crate::dsa::{Descriptor, Dsa, Notice, status, store_to};
use crate::tenant::{FROM, TO};
use crate::tool;
use crate::vfio::{Buffer, PAGE, Region};

/// How many tenants there are.
const POINTS: [usize; 4] = [1, 4, 16, 64];

/// How long a span is, and of how many each figure is.
const SPAN: Duration = Duration::from_millis(300);
const SPANS: usize = 5;

/// How often nothing is found complete before it is an error: longer than any copy takes.
const IDLE: u32 = 1 << 28;

/// How often memory is measured.
const PASSES: usize = 3;

/// A tenant with one copy of a page in flight.
struct Tenant {
    dsa: Dsa,
    portal: &'static str,
    slot: u64,
    raw: [u8; 64],
    _memory: (Buffer, Buffer),
}

/// Measures.
pub fn run(report: &mut Report) -> Result<()> {
    for portal in ["polled", "trapped"] {
        for point in POINTS {
            let names = create(point, portal)?;
            let mut tenants = open(&names, portal)?;
            let mut rates = Vec::new();
            for _ in 0..SPANS {
                rates.push(rate(&mut tenants)?);
            }
            drop(tenants);
            delete(&names)?;
            let table = "copies of a page through one WQ, of all tenants together";
            let row = Row::new(table, "one in flight each", portal, Unit::PerSecond, rates);
            report.row(row.map(|row| row.at(point as u64)))?;
        }
        memory(report, portal)?;
    }
    Ok(())
}

/// Measures what subdevs take that VFIO could open, and what it takes to open them.
fn memory(report: &mut Report, portal: &'static str) -> Result<()> {
    let count = POINTS.into_iter().max().unwrap_or(1);
    let (mut active, mut opened) = (Vec::new(), Vec::new());
    for _ in 0..PASSES {
        let none = Memory::settled()?;
        let names = create(count, portal)?;
        let there = Memory::settled()?;
        let tenants = open(&names, portal)?;
        let open = Memory::settled()?;
        drop(tenants);
        delete(&names)?;
        let each = |more: i64, less: i64| (more - less) as f64 / count as f64;
        active.push(each(there.all, none.all));
        opened.push(each(open.all, there.all));
    }
    let table = format!("memory of the kernel, each of {count}");
    for (what, bytes) in [
        ("a subdev, active", active),
        ("open and enabled, more", opened),
    ] {
        report.row(Row::new(&table, what, portal, Unit::Bytes, bytes))?;
    }
    Ok(())
}

fn create(count: usize, portal: &str) -> Result<Vec<String>> {
    let names: Vec<_> = (0..count).map(|n| format!("tenant{n}")).collect();
    for name in &names {
        tool::add(&format!(
            "wq 3 name {name} pasid-mode shared size 1 portal {portal}"
        ))?;
    }
    Ok(names)
}

fn delete(names: &[String]) -> Result<()> {
    names.iter().try_for_each(|name| tool::del(name))
}

fn open(names: &[String], portal: &'static str) -> Result<Vec<Tenant>> {
    let tenants = names.iter().map(|name| Tenant::open(name, portal));
    tenants.collect()
}

/// Copies a second.
fn rate(tenants: &mut [Tenant]) -> Result<f64> {
    for tenant in tenants.iter_mut() {
        tenant.submit()?;
    }
    let start = Instant::now();
    let mut done = 0_u64;
    let mut idle = 0;
    while start.elapsed() < SPAN {
        let before = done;
        for tenant in tenants.iter_mut() {
            if tenant.dsa.has_completion(0)? {
                tenant.submit()?;
                done += 1;
            }
        }
        idle = if done > before { 0 } else { idle + 1 };
        ensure!(idle < IDLE, "no copy is completed");
    }
    let time = start.elapsed();
    for tenant in tenants.iter_mut() {
        let completion = tenant.dsa.wait(0, crate::wait::SOON)?;
        ensure!(completion.status() == status::SUCCESS, "{completion:x?}");
    }
    Ok(done as f64 / time.as_secs_f64())
}

impl Tenant {
    fn open(name: &str, portal: &'static str) -> Result<Self> {
        let mut dsa = Dsa::open_enabled(&tool::subdev(name)?.location()?)?;
        if portal == "polled" {
            dsa.map_portal()?;
        }
        let memory = (dsa.map(FROM, PAGE)?, dsa.map(TO, PAGE)?);
        let copy = Descriptor::memmove(FROM, TO, PAGE as u32);
        Ok(Self {
            raw: dsa.prepare(0, copy, Notice::Record)?,
            dsa,
            portal,
            slot: 0,
            _memory: memory,
        })
    }

    fn submit(&mut self) -> Result<()> {
        self.dsa.clear_completion(0)?;
        let at = self.dsa.slot_offset(self.slot);
        self.slot += 1;
        match self.portal {
            "polled" => store_to(self.dsa.portal()?, at as usize, &self.raw),
            _ => self.dsa.device().write(Region::Bar2, at, &self.raw),
        }
    }
}
