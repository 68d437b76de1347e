// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests that a well-behaved client does not send, or sends without meaning much.

use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_DATA_NONE, VFIO_PCI_INTX_IRQ_INDEX, VFIO_PCI_ROM_REGION_INDEX,
};

use super::*;

fn backend() -> Backend {
    Backend {
        device: Device::new(Profile::default(), Trace::off()).expect("threads can be started"),
    }
}

#[test]
fn an_access_that_leaves_its_region_is_refused() {
    let mut backend = backend();
    let mut data = [0; 8];
    for (region, size) in [
        (VFIO_PCI_BAR0_REGION_INDEX, 0x1_0000),
        (VFIO_PCI_BAR2_REGION_INDEX, 0x2_0000),
        (VFIO_PCI_CONFIG_REGION_INDEX, 4096),
    ] {
        backend
            .region_read(region, size - 8, &mut data)
            .expect("the last bytes");
        for offset in [size - 7, size, u64::MAX] {
            let read = backend.region_read(region, offset, &mut data);
            assert!(read.is_err(), "region {region} +{offset:#x}");
            let write = backend.region_write(region, offset, &data);
            assert!(write.is_err(), "region {region} +{offset:#x}");
        }
    }
    for region in [VFIO_PCI_ROM_REGION_INDEX, u32::MAX] {
        assert!(backend.region_read(region, 0, &mut data).is_err());
    }
}

#[test]
fn memory_without_a_file_does_not_exist_for_the_device() {
    let mut backend = backend();
    backend
        .dma_map(DmaMapFlags::READ, 0, 0x1000, 0x1000, None)
        .expect("accepted");
    let memory = backend.device.memory();
    assert!(memory.read(0x1000, &mut [0]).is_err());
    backend
        .dma_unmap(DmaUnmapFlags::empty(), 0x1000, 0x1000)
        .expect("accepted");
}

#[test]
fn interrupts_other_than_msix_can_only_be_switched_off() {
    let mut backend = backend();
    let none = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
    backend
        .set_irqs(VFIO_PCI_INTX_IRQ_INDEX, none, 0, 0, Vec::new())
        .expect("accepted");
    let error = backend
        .set_irqs(VFIO_PCI_INTX_IRQ_INDEX, none, 0, 1, Vec::new())
        .expect_err("refused");
    assert_eq!(
        error.to_string(),
        "interrupt index 0 has no vectors; only MSI-X (2) has"
    );
}

#[test]
fn regions_and_interrupts_are_all_those_of_a_pci_device() {
    let profile = Profile::default();
    let sizes: Vec<_> = regions(&profile)
        .iter()
        .map(|region| (region.region_info.index, region.region_info.size))
        .filter(|(_, size)| *size > 0)
        .collect();
    assert_eq!(sizes, [(0, 0x1_0000), (2, 0x2_0000), (7, 4096)]);
    assert!(
        regions(&profile)
            .iter()
            .all(|region| region.mmap_fd.is_none())
    );
    let counts: Vec<_> = irqs(&profile).iter().map(|irq| irq.count).collect();
    assert_eq!(counts, [0, 0, 9, 0, 0]);
}
