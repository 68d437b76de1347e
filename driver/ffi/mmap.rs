// SPDX-License-Identifier: GPL-2.0

//! Ordinary memory that users map through the file of a VFIO device, page by page, and that is taken
//! away from them again.
//!
//! The pages are mapped by their numbers (VM_PFNMAP): nobody can pin them, so that a user has nothing
//! of them once they are taken away.
//!
//! C header: [`include/linux/mm.h`](srctree/include/linux/mm.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    mm::virt::{
        flags,
        VmaRef, //
    },
    page::{
        Page,
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    prelude::*,
    sync::{
        atomic::Atomic,
        Arc, //
    }, //
};

use super::bindings as local;

/// Words of 64 bits in a page.
pub(crate) const WORDS: usize = PAGE_SIZE / size_of::<u64>();

/// Most mappings that a device has at a time, of all processes: so taking pages away, which looks at
/// each of them, takes a bounded time.
pub(super) const MAPPINGS: u32 = 128;

/// Runs `work` while no thread of the calling process is between a fault and the access that it was
/// for, as far as KVM is concerned: it has a fault handled, and then looks the page up with the same
/// lock held (srctree virt/kvm/kvm_main.c, `hva_to_pfn_remapped`). A page that is gone by then ends the
/// guest. Returns nothing, without a call of `work`, if the process is being killed.
pub(crate) fn exclude_faults<T>(work: impl FnOnce() -> T) -> Option<T> {
    let current = kernel::current!();
    let mm = current.mm()?.as_raw();
    // SAFETY: The memory of the current task is there as long as the task is.
    to_result(unsafe { local::subdev_shim_mmap_write_lock(mm) }).ok()?;
    let done = work();
    // SAFETY: It was just locked.
    unsafe { local::subdev_shim_mmap_write_unlock(mm) };
    Some(done)
}

/// A page that users may write to at any time.
///
/// # Invariants
///
/// `words` are the [`WORDS`] words of `page`, accessed as atomics only.
pub(crate) struct SharedPage {
    words: NonNull<Atomic<u64>>,
    page: Page,
}

// SAFETY: The page is memory, which is accessed as atomics only.
unsafe impl Send for SharedPage {}
// SAFETY: As above.
unsafe impl Sync for SharedPage {}

impl SharedPage {
    /// A page of zeroes, accounted to the calling process.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let page = Page::alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO)?;
        // SAFETY: The page is valid, and not of high memory.
        let address = unsafe { local::subdev_shim_page_address(page.as_ptr()) };
        let words = NonNull::new(address.cast()).ok_or(ENOMEM)?;
        // INVARIANT: The page is as large, is aligned, and nobody else has it.
        Ok(Arc::new(Self { words, page }, GFP_KERNEL)?)
    }

    /// The words of the page.
    pub(crate) fn words(&self) -> &[Atomic<u64>] {
        // SAFETY: By the type invariant. What the user does to them at the same time are accesses as
        // from another CPU.
        unsafe { core::slice::from_raw_parts(self.words.as_ptr(), WORDS) }
    }

    fn pfn(&self) -> usize {
        // SAFETY: The page is valid.
        unsafe { local::subdev_shim_page_to_pfn(self.page.as_ptr()) }
    }
}

/// A mapping that a user asks for.
pub(crate) struct NewMapping<'a> {
    vma: *mut bindings::vm_area_struct,
    _borrowed: PhantomData<&'a ()>,
}

impl NewMapping<'_> {
    /// Refuses a mapping that is private, as it would not be of our memory when it is written to, and
    /// one to be executed.
    ///
    /// # Safety
    ///
    /// The mapping is being made by `mmap`, and its file keeps `ops` and what they need.
    pub(super) unsafe fn from_raw(vma: *mut bindings::vm_area_struct) -> Result<Self> {
        // SAFETY: By the safety requirement it is valid, and locked.
        let has = unsafe { VmaRef::from_raw(vma) }.flags();
        if has & flags::SHARED == 0 || has & flags::EXEC != 0 {
            return Err(EINVAL);
        }
        Ok(Self {
            vma,
            _borrowed: PhantomData,
        })
    }

    /// Where in the file it begins.
    pub(crate) fn position(&self) -> u64 {
        // SAFETY: It is valid while it is borrowed.
        // CAST: Widening.
        let pages = unsafe { (*self.vma).vm_pgoff } as u64;
        pages << PAGE_SHIFT
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> u64 {
        // SAFETY: It is valid while it is borrowed.
        let vma = unsafe { VmaRef::from_raw(self.vma) };
        // CAST: Widening.
        (vma.end() - vma.start()) as u64
    }

    /// Has `ops` serve it, which find `data` in it.
    ///
    /// # Safety
    ///
    /// `ops` can be called with it as long as its file is there.
    pub(super) unsafe fn serve(
        self,
        ops: &'static bindings::vm_operations_struct,
        data: *mut c_void,
    ) {
        // SAFETY: It is being made, and so nobody else accesses it. It is shared: see `from_raw`.
        unsafe {
            local::subdev_shim_vma_set_shared_pages(self.vma);
            (*self.vma).vm_ops = ops;
            (*self.vma).vm_private_data = data;
        }
    }
}

/// What a mapping has from [`NewMapping::serve`].
///
/// # Safety
///
/// The mapping is valid, and that was called for it.
pub(super) unsafe fn served(vma: *mut bindings::vm_area_struct) -> *mut c_void {
    // SAFETY: By the safety requirement.
    unsafe { (*vma).vm_private_data }
}

/// An access to a page that is not mapped.
pub(crate) struct Fault<'a> {
    vmf: *mut bindings::vm_fault,
    _borrowed: PhantomData<&'a ()>,
}

impl Fault<'_> {
    /// # Safety
    ///
    /// The fault is being handled, in a mapping that [`NewMapping::serve`] was called for.
    pub(super) unsafe fn from_raw(vmf: *mut bindings::vm_fault) -> Self {
        Self {
            vmf,
            _borrowed: PhantomData,
        }
    }

    /// What the mapping has from [`NewMapping::serve`].
    pub(super) fn data(&self) -> *mut c_void {
        // SAFETY: The mapping is valid while the fault is handled, and was served.
        unsafe { served(self.vma()) }
    }

    /// Where in the file the page is.
    pub(crate) fn position(&self) -> u64 {
        // SAFETY: It is valid while it is handled.
        // CAST: Widening.
        let pages = unsafe { (*self.vmf).__bindgen_anon_1.pgoff } as u64;
        pages << PAGE_SHIFT
    }

    fn vma(&self) -> *mut bindings::vm_area_struct {
        // SAFETY: It is valid while it is handled.
        unsafe { (*self.vmf).__bindgen_anon_1.vma }
    }

    fn address(&self) -> usize {
        // SAFETY: It is valid while it is handled.
        unsafe { (*self.vmf).__bindgen_anon_1.address }
    }
}

/// Answers a fault.
pub(super) fn answer(result: Result) -> bindings::vm_fault_t {
    match result {
        Ok(()) => bindings::vm_fault_reason_VM_FAULT_NOPAGE,
        Err(error) if error == ENOMEM => bindings::vm_fault_reason_VM_FAULT_OOM,
        Err(_) => bindings::vm_fault_reason_VM_FAULT_SIGBUS,
    }
}

/// Memory in a range of the file of a VFIO device. A page of it is given when it is accessed for the
/// first time.
///
/// Pages are put into mappings and taken away with the region borrowed mutably, so that whoever has
/// taken them away knows that they are not there until he lets others have the region.
///
/// # Invariants
///
/// `vdev` is a device that this value holds a reference to. The pages of `pages` are mapped in the
/// range of its file and nowhere else, and stay in their places.
pub(crate) struct Region<const PAGES: usize> {
    vdev: NonNull<local::vfio_device>,
    start: u64,
    pages: [Option<Arc<SharedPage>>; PAGES],
}

// SAFETY: The C functions that use the device may be called from any thread.
unsafe impl<const PAGES: usize> Send for Region<PAGES> {}

impl<const PAGES: usize> Region<PAGES> {
    /// Nothing is mapped of the range that begins at `start`, a multiple of the size of a page.
    ///
    /// # Safety
    ///
    /// `vdev` must be a valid device.
    pub(super) unsafe fn new(vdev: NonNull<local::vfio_device>, start: u64) -> Self {
        // SAFETY: By the safety requirement; the reference taken here is put in `drop`.
        unsafe { local::subdev_shim_vfio_get(vdev.as_ptr()) };
        // INVARIANT: A reference was just taken.
        Self {
            vdev,
            start,
            pages: [const { None }; PAGES],
        }
    }

    /// Puts the page that was accessed into its mapping, `spare` if there is none yet. Returns which
    /// one it is, or nothing if there is none and no spare one.
    pub(crate) fn insert(
        &mut self,
        fault: &Fault<'_>,
        spare: Option<Arc<SharedPage>>,
    ) -> Result<Option<usize>> {
        let offset = fault.position().checked_sub(self.start).ok_or(EINVAL)?;
        let n = usize::try_from(offset >> PAGE_SHIFT)?;
        let place = self.pages.get_mut(n).ok_or(EINVAL)?;
        // SAFETY: The device is valid by the type invariant, and the mapping while it is handled.
        let is_ours =
            unsafe { local::subdev_shim_vfio_is_mapped_by(self.vdev.as_ptr(), fault.vma()) };
        if !is_ours {
            return Err(EINVAL);
        }
        if place.is_none() {
            *place = spare;
        }
        let Some(page) = place else {
            return Ok(None);
        };
        // SAFETY: The mapping is one by page numbers, shared, and locked by who handles the fault. The
        // page stays until the range is taken away, see `drop`.
        let inserted =
            unsafe { bindings::vmf_insert_pfn(fault.vma(), fault.address(), page.pfn()) };
        match inserted {
            bindings::vm_fault_reason_VM_FAULT_NOPAGE => Ok(Some(n)),
            bindings::vm_fault_reason_VM_FAULT_OOM => Err(ENOMEM),
            _ => Err(EFAULT),
        }
    }

    /// Takes all pages away from whoever has mapped them: on return nobody accesses one without
    /// another fault. May sleep; does not wait for a user.
    pub(crate) fn withdraw(&mut self) {
        // CAST: The range is in the file, whose offsets are not negative.
        let start = self.start as bindings::loff_t;
        let len = (PAGES * PAGE_SIZE) as bindings::loff_t;
        // SAFETY: The device is valid by the type invariant.
        unsafe { local::subdev_shim_vfio_unmap(self.vdev.as_ptr(), start, len) };
    }

    /// A page, if it was accessed before.
    pub(crate) fn page(&self, n: usize) -> Option<Arc<SharedPage>> {
        self.pages.get(n)?.clone()
    }
}

impl<const PAGES: usize> Drop for Region<PAGES> {
    fn drop(&mut self) {
        // Before the pages go.
        self.withdraw();
        // SAFETY: By the type invariant the reference is ours.
        unsafe { local::subdev_shim_vfio_put(self.vdev.as_ptr()) };
    }
}
