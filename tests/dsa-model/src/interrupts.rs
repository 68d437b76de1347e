// SPDX-License-Identifier: MIT OR Apache-2.0
//! MSI-X as a vfio-user server sees it: an eventfd for each vector, and the pending bits.
//!
//! The vector table and its masks belong to the client (QEMU keeps them); the server is only told
//! which vectors have an eventfd. An interrupt for a vector without one stays pending and is
//! delivered with the next eventfd, as a masked vector's would be.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::trace::Trace;

#[derive(Debug, Default)]
struct Vector {
    eventfd: Option<File>,
    pending: bool,
    /// How many interrupts are still to be lost.
    drop: u32,
    /// How many interrupts are still to come twice.
    duplicate: u32,
    /// How many interrupts were raised since somebody took the number.
    raised: u64,
}

/// The interrupt vectors of the device.
#[derive(Debug)]
pub struct Interrupts {
    vectors: Mutex<Vec<Vector>>,
    trace: Arc<Trace>,
}

impl Interrupts {
    /// As many vectors as asked for, none of them with an eventfd.
    pub fn new(count: u16, trace: Arc<Trace>) -> Self {
        Self {
            vectors: Mutex::new((0..count).map(|_| Vector::default()).collect()),
            trace,
        }
    }

    /// Raises the interrupt; a vector beyond the last does not exist and stays silent.
    pub fn raise(&self, vector: u16) {
        if let Some(state) = self.vectors.lock().get_mut(usize::from(vector)) {
            let times = state.times();
            self.trace.interrupt(vector, times);
            (0..times).for_each(|_| state.raise());
        }
    }

    /// Loses the next `count` interrupts of a vector; whether there is such a vector.
    pub fn drop_next(&self, vector: u16, count: u32) -> bool {
        self.change(vector, |vector| vector.drop = count)
    }

    /// Raises each of the next `count` interrupts of a vector twice; whether there is such a
    /// vector.
    pub fn duplicate_next(&self, vector: u16, count: u32) -> bool {
        self.change(vector, |vector| vector.duplicate = count)
    }

    /// Raises the interrupt now, whatever is to be lost; whether there is such a vector.
    pub fn inject(&self, vector: u16) -> bool {
        self.trace.interrupt(vector, 1);
        self.change(vector, Vector::raise)
    }

    /// Loses and doubles no more.
    pub fn forget_faults(&self) {
        self.vectors
            .lock()
            .iter_mut()
            .for_each(|vector| (vector.drop, vector.duplicate) = (0, 0));
    }

    /// How many interrupts are still to be lost or doubled.
    pub fn faults_left(&self) -> u32 {
        let vectors = self.vectors.lock();
        vectors
            .iter()
            .map(|vector| vector.drop.saturating_add(vector.duplicate))
            .fold(0, u32::saturating_add)
    }

    fn change(&self, vector: u16, change: impl FnOnce(&mut Vector)) -> bool {
        let mut vectors = self.vectors.lock();
        vectors.get_mut(usize::from(vector)).map(change).is_some()
    }

    /// Raises the interrupts of `count` vectors from `start` on.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when there are not so many.
    pub fn trigger(&self, start: u32, count: u32) -> io::Result<()> {
        let mut vectors = self.vectors.lock();
        select(&mut vectors, start, count)?
            .iter_mut()
            .for_each(Vector::raise);
        Ok(())
    }

    /// Gives eventfds to `count` vectors from `start` on, or takes theirs away when there are none.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when there are not so many vectors, or when the number of eventfds is
    /// neither `count` nor zero.
    pub fn connect(&self, start: u32, count: u32, eventfds: Vec<File>) -> io::Result<()> {
        if !eventfds.is_empty() && eventfds.len() as u64 != u64::from(count) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{} eventfds for {count} vectors; one for each or none is accepted",
                    eventfds.len()
                ),
            ));
        }
        let mut vectors = self.vectors.lock();
        let mut eventfds = eventfds.into_iter();
        for vector in select(&mut vectors, start, count)? {
            vector.eventfd = eventfds.next();
            if std::mem::take(&mut vector.pending) {
                vector.raise();
            }
        }
        Ok(())
    }

    /// Takes the number of interrupts of a vector that were raised since the last look.
    pub fn take_raised(&self, vector: u16) -> u64 {
        let mut vectors = self.vectors.lock();
        let vector = vectors.get_mut(usize::from(vector));
        vector.map_or(0, |vector| std::mem::take(&mut vector.raised))
    }

    /// Takes all eventfds away and forgets what is pending.
    pub fn disconnect(&self) {
        self.vectors
            .lock()
            .iter_mut()
            .for_each(|vector| (vector.eventfd, vector.pending) = (None, false));
    }

    /// Forgets what is pending; the eventfds stay.
    pub fn reset(&self) {
        self.vectors
            .lock()
            .iter_mut()
            .for_each(|vector| vector.pending = false);
    }

    /// The 64 pending bits from vector `first` on.
    pub fn pending(&self, first: usize) -> u64 {
        self.vectors
            .lock()
            .iter()
            .skip(first)
            .take(64)
            .enumerate()
            .fold(0, |bits, (index, vector)| {
                bits | u64::from(vector.pending) << index
            })
    }
}

impl Vector {
    /// How often the next interrupt comes.
    fn times(&mut self) -> u32 {
        if let Some(left) = self.drop.checked_sub(1) {
            self.drop = left;
            0
        } else if let Some(left) = self.duplicate.checked_sub(1) {
            self.duplicate = left;
            2
        } else {
            1
        }
    }

    fn raise(&mut self) {
        self.raised = self.raised.saturating_add(1);
        let Some(eventfd) = &mut self.eventfd else {
            self.pending = true;
            return;
        };
        match eventfd.write_all(&1_u64.to_ne_bytes()) {
            Ok(()) => {}
            // The counter is full: the reader has an interrupt to see already.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => log::warn!("an interrupt is lost, its eventfd refuses it: {error}"),
        }
    }
}

fn select(vectors: &mut [Vector], start: u32, count: u32) -> io::Result<&mut [Vector]> {
    let available = vectors.len();
    let range = start as usize..start as usize + count as usize;
    vectors.get_mut(range).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{count} vectors from {start} on: there are only {available}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use nix::sys::eventfd::{EfdFlags, EventFd};

    use super::*;

    fn interrupts(count: u16) -> Interrupts {
        Interrupts::new(count, Arc::new(Trace::off()))
    }

    #[test]
    fn interrupts_are_lost_or_doubled_as_often_as_asked_for() {
        let interrupts = interrupts(2);
        let (eventfd, file) = eventfd();
        interrupts.connect(1, 1, vec![file]).expect("vector 1");
        assert!(interrupts.drop_next(1, 2));
        assert!(interrupts.duplicate_next(1, 1));
        let seen = || {
            interrupts.raise(1);
            eventfd.read().unwrap_or(0)
        };
        assert_eq!([seen(), seen(), seen(), seen()], [0, 0, 2, 1]);
        assert!(interrupts.drop_next(1, 1));
        assert!(interrupts.inject(1));
        assert_eq!(eventfd.read().expect("injected"), 1);
        assert!(!interrupts.drop_next(2, 1), "there is no such vector");
    }

    fn eventfd() -> (EventFd, File) {
        let eventfd = EventFd::from_flags(EfdFlags::EFD_NONBLOCK).expect("an eventfd");
        let second = eventfd.as_fd().try_clone_to_owned();
        let file = File::from(second.expect("a second descriptor"));
        (eventfd, file)
    }

    #[test]
    fn an_interrupt_without_eventfd_is_pending_until_there_is_one() {
        let interrupts = interrupts(9);
        interrupts.raise(8);
        interrupts.raise(1);
        assert_eq!(interrupts.pending(0), 1 << 8 | 1 << 1);
        assert_eq!(interrupts.pending(64), 0);

        let (eventfd, file) = eventfd();
        interrupts.connect(8, 1, vec![file]).expect("vector 8");
        assert_eq!(interrupts.pending(0), 1 << 1);
        assert_eq!(eventfd.read().expect("signalled"), 1);
        interrupts.raise(8);
        assert_eq!(eventfd.read().expect("signalled"), 1);

        interrupts.connect(8, 1, Vec::new()).expect("vector 8");
        interrupts.raise(8);
        assert_eq!(
            [8, 1, 2, 9].map(|vector| interrupts.take_raised(vector)),
            [4, 1, 0, 0]
        );
        assert_eq!(interrupts.take_raised(8), 0);
        assert!(eventfd.read().is_err(), "not connected any more");
        assert_eq!(interrupts.pending(0), 1 << 8 | 1 << 1);
        interrupts.reset();
        assert_eq!(interrupts.pending(0), 0);
    }

    #[test]
    fn a_run_of_vectors_goes_to_its_eventfds_in_order() {
        let interrupts = interrupts(4);
        let ((first, first_file), (second, second_file)) = (eventfd(), eventfd());
        interrupts
            .connect(2, 2, vec![first_file, second_file])
            .expect("vectors 2 and 3");
        interrupts.trigger(3, 1).expect("vector 3");
        assert!(first.read().is_err());
        assert_eq!(second.read().expect("signalled"), 1);
        interrupts.disconnect();
        interrupts.raise(2);
        assert!(first.read().is_err());
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_does_not_exist_is_silent() {
        let interrupts = interrupts(2);
        let (_eventfd, file) = eventfd();
        let too_few = interrupts.connect(0, 2, vec![file]).expect_err("too few");
        assert_eq!(
            too_few.to_string(),
            "1 eventfds for 2 vectors; one for each or none is accepted"
        );
        assert!(interrupts.connect(1, 2, Vec::new()).is_err());
        assert!(interrupts.trigger(u32::MAX, u32::MAX).is_err());
        interrupts.raise(2);
        assert_eq!(interrupts.pending(0), 0);
    }

    #[test]
    fn a_full_eventfd_does_not_block() {
        let interrupts = interrupts(1);
        let (eventfd, file) = eventfd();
        eventfd.write(u64::MAX - 1).expect("up to its limit");
        interrupts.connect(0, 1, vec![file]).expect("vector 0");
        interrupts.raise(0);
        assert_eq!(eventfd.read().expect("signalled"), u64::MAX - 1);
    }
}
