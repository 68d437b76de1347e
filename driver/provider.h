/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between subdev.ko, which exports the functions, and a module that lends it
 * work queues of a device that another driver owns: a lender. Nothing of Rust
 * crosses here, so that the modules need not be of one compilation.
 */
#ifndef SUBDEV_PROVIDER_H
#define SUBDEV_PROVIDER_H

#include <linux/types.h>

struct device;

/* What a lender does; device and wq are what it passed with them. */
struct subdev_provider_ops {
	/* Registers of the device; none is written. */
	u32 (*read32)(void *device, u32 offset);
	u64 (*read64)(void *device, u32 offset);
	/*
	 * Whether the hardware works on the work queue. Where it does not, it
	 * has nothing of it either. Does not sleep.
	 */
	bool (*is_enabled)(void *wq);
	/*
	 * Clears the completion record at, which is free, and submits the
	 * descriptor of 64 bytes, which has its address; its interrupt handle
	 * is filled in. Called one at a time. May sleep.
	 */
	int (*submit)(void *wq, unsigned int at, const void *descriptor);
	/*
	 * Whether the owner of the device still has something to do about what
	 * was submitted with the record. Does not sleep.
	 */
	bool (*is_listed)(void *wq, unsigned int at);
	/*
	 * On success the hardware has nothing of what was submitted before.
	 * Bounded in time, and called one at a time.
	 */
	int (*drain)(void *wq);
};

/* A work queue that is lent. */
struct subdev_provider_wq {
	u32 id;
	/* Completion records, record_size bytes each, and where the device has them. */
	const void *records;
	dma_addr_t records_addr;
	u32 record_size;
	u32 count;
	void *wq;
};

/*
 * A device, which is bound to its driver until subdev_provider_put_device(),
 * and number, by which its owner names it. Gives a value for the functions
 * below, or an ERR_PTR.
 */
void *subdev_provider_get_device(struct device *dev, u32 number,
				 const struct subdev_provider_ops *ops,
				 void *device);
/* All its work queues were put. */
void subdev_provider_put_device(void *device);

/* Gives a value for the functions below, or an ERR_PTR. */
void *subdev_provider_get_wq(void *device, const struct subdev_provider_wq *wq);
/* The work queue, which is enabled, is shown, and its parent with the first one. */
int subdev_provider_add_wq(void *wq);
/* Something has ended, or is not listed any more. May sleep. */
void subdev_provider_completed(void *wq);
/*
 * On return nothing is submitted, and the hardware has nothing. With the last
 * work queue of a device its parent goes, whose VFIO users are waited for.
 */
void subdev_provider_remove_wq(void *wq);
/* It was not added, or was removed. */
void subdev_provider_put_wq(void *wq);

#endif /* SUBDEV_PROVIDER_H */
