// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which descriptor an engine takes next.
//!
//! The work queues of a group share its engines by their priorities: of two that always have work,
//! one with priority 3 gets three descriptors done for each one of priority 1. Each descriptor in
//! progress takes a read buffer, so a group is never at more of them than it may use.

use crate::check::Rules;
use crate::descriptor::Opcode;
use crate::registers::gencfg;
use crate::registers::grpcfg::Group;
use crate::state::{DeviceStatus, Job, State};

impl State {
    /// The next descriptor for an engine, if there is one it may take. Without one, the engine
    /// counts as idle until it is named by [`Self::submit`].
    pub(crate) fn take_work(&mut self, engine: usize) -> Option<Job> {
        let job = self.next_job(engine);
        self.idle[engine] = job.is_none();
        job
    }

    fn next_job(&mut self, engine: usize) -> Option<Job> {
        if matches!(self.status, DeviceStatus::Halted(_)) || self.faults.hold {
            return None;
        }
        let group = self.groups.iter().find(|group| group.has_engine(engine))?;
        let traffic_classes = group.traffic_classes();
        let members: Vec<usize> = (0..self.wqs.len())
            .filter(|position| group.has_wq(*position))
            .collect();
        let in_progress: usize = members.iter().map(|wq| self.wqs[*wq].in_progress()).sum();
        if in_progress >= self.read_buffers(group) {
            return None;
        }
        let position = self.elect(&members)?;

        let (sequence, descriptor) = self.wqs[position].take()?;
        self.occupancy_interrupt(position);
        let event_log = self.logs_events();
        let wq = &mut self.wqs[position];
        // What was logged before a DRAIN is told with it.
        let drains = descriptor.opcode() == Opcode::Drain as u8;
        let records_logged = drains && std::mem::take(&mut wq.records_logged);
        let rules = Rules {
            operations: self.profile.operations(wq.config.operations()),
            max_transfer: 1 << wq.config.max_transfer_shift(),
            max_batch: 1 << wq.config.max_batch_shift(),
            block_on_fault: wq.config.block_on_fault(),
            interrupts: descriptor.privileged() || self.gencfg & gencfg::USER_INTERRUPTS != 0,
            privilege: wq.config.privileged(),
            handles: self.handles.clone(),
            traffic_classes,
            event_log,
            records_logged,
            second_generation: self.profile.second_generation(),
        };
        Some(Job {
            // There are at most 32 work queues.
            wq: position as u8,
            sequence,
            descriptor,
            rules,
        })
    }

    /// The work queue whose turn it is: each gains its priority while it has to wait, and the
    /// chosen one pays what all gained.
    fn elect(&mut self, members: &[usize]) -> Option<usize> {
        let ready: Vec<usize> = members
            .iter()
            .copied()
            .filter(|wq| self.wqs[*wq].is_ready())
            .collect();
        let mut total = 0;
        for wq in &ready {
            let wq = &mut self.wqs[*wq];
            // The field has four bits.
            let priority = wq.config.priority() as i32;
            wq.credit += priority;
            total += priority;
        }
        // Of several with the same credit, the first.
        let chosen = ready
            .into_iter()
            .rev()
            .max_by_key(|wq| self.wqs[*wq].credit)?;
        self.wqs[chosen].credit -= total;
        Some(chosen)
    }

    /// How many read buffers a group may use.
    fn read_buffers(&self, group: &Group) -> usize {
        let allowed = group.read_buffers_allowed();
        let limit = self.gencfg & gencfg::READ_BUFFER_LIMIT;
        let buffers = if group.limits_read_buffers() && limit > 0 {
            allowed.min(limit)
        } else {
            allowed
        };
        buffers as usize
    }
}

#[cfg(test)]
mod tests;
