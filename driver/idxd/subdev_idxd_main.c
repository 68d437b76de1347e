// SPDX-License-Identifier: GPL-2.0
/*
 * The driver "subdev" on the dsa bus: lends work queues of devices that idxd
 * owns to subdev.ko. A module of its own, as it needs idxd.ko, which
 * subdev.ko does not. See README.md for what idxd does behind our back.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/utsname.h>
#include <generated/utsrelease.h>
#include <uapi/linux/idxd.h>

#include "idxd.h"
#include "registers.h"

#include "../ffi/shim.h"
#include "../provider.h"

MODULE_DESCRIPTION("Work queues of devices that idxd owns, for subdev");
MODULE_AUTHOR("The subdev developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(SUBDEV_VERSION);
MODULE_IMPORT_NS("IDXD");

/* How long a drain may take, in ms. */
#define LENT_DRAIN_MS	1000

/* A device some of whose work queues are lent. */
struct lent_device {
	struct list_head node;
	struct idxd_device *idxd;
	/* Of the list. */
	unsigned int wqs;
	void *handle;
};

/*
 * A work queue that is lent. All of its descriptors are taken when it is bound,
 * and none is given back: each is of one completion record.
 */
struct lent_wq {
	struct idxd_wq *wq;
	struct lent_device *device;
	void *handle;
	/* By their completion records. */
	struct idxd_desc **descs;
	/* Those that are in a list of idxd's. */
	bool *listed;
	unsigned int count;
	/* Of lent_drain(). */
	struct dsa_completion_record *drained;
	dma_addr_t drained_addr;
	bool draining;
};

static LIST_HEAD(devices);
/* For the list, and the counts of those in it. */
static DEFINE_MUTEX(devices_lock);

static u32 lent_read32(void *device, u32 offset)
{
	struct lent_device *lent = device;

	return ioread32(lent->idxd->reg_base + offset);
}

static u64 lent_read64(void *device, u32 offset)
{
	struct lent_device *lent = device;

	return ioread64(lent->idxd->reg_base + offset);
}

/* Whether idxd takes descriptors; it does not while it resets the device. */
static bool lent_is_open(const struct lent_wq *lent)
{
	return READ_ONCE(lent->wq->idxd->state) == IDXD_DEV_ENABLED &&
	       READ_ONCE(lent->wq->state) == IDXD_WQ_ENABLED;
}

static bool lent_is_enabled(void *lent_wq)
{
	struct lent_wq *lent = lent_wq;
	union gensts_reg status;

	if (!lent_is_open(lent))
		return false;
	/* A reset by the PCI core comes before idxd is told of it. */
	status.bits = ioread32(lent->wq->idxd->reg_base + IDXD_GENSTATS_OFFSET);
	return status.state == IDXD_DEVICE_STATE_ENABLED ||
	       status.state == IDXD_DEVICE_STATE_DRAIN;
}

/*
 * A descriptor with an interrupt is in a list of idxd's until its interrupt
 * thread, and with it lent_complete(), has seen it, or idxd drops all lists,
 * which it tells nobody of: idxd_free_desc() leaves its mark then.
 */
static bool lent_is_listed(void *lent_wq, unsigned int at)
{
	struct lent_wq *lent = lent_wq;

	if (at >= lent->count || !smp_load_acquire(&lent->listed[at]))
		return false;
	return smp_load_acquire(&lent->descs[at]->cpu) != -1;
}

static int lent_submit(void *lent_wq, unsigned int at, const void *descriptor)
{
	struct lent_wq *lent = lent_wq;
	struct idxd_wq *wq = lent->wq;
	struct idxd_desc *desc;
	int rc;

	if (at >= lent->count)
		return -EINVAL;
	if (!lent_is_open(lent))
		return -EIO;
	/* What was dropped with the lists may be submitted again. */
	if (lent_is_listed(lent, at))
		return -EBUSY;
	desc = lent->descs[at];
	memset(desc->completion, 0, wq->idxd->data->compl_size);
	memcpy(desc->hw, descriptor, sizeof(*desc->hw));
	if (device_pasid_enabled(wq->idxd))
		desc->hw->pasid = wq->idxd->pasid;
	/* idxd_free_desc() wants one that there is. */
	WRITE_ONCE(desc->cpu, raw_smp_processor_id());
	smp_store_release(&lent->listed[at],
			  desc->hw->flags & IDXD_OP_FLAG_RCI);
	rc = idxd_submit_desc(wq, desc);
	/* One of a dedicated work queue fails before it is listed. */
	if (rc < 0)
		smp_store_release(&lent->listed[at], false);
	return rc;
}

static int lent_begin_drain(struct lent_wq *lent)
{
	struct idxd_wq *wq = lent->wq;
	struct dsa_hw_desc hw = {
		.opcode = DSA_OPCODE_DRAIN,
		.flags = IDXD_OP_FLAG_CRAV | IDXD_OP_FLAG_RCR |
			 IDXD_OP_FLAG_RCI,
		.completion_addr = lent->drained_addr,
	};

	if (!lent_is_enabled(lent))
		return -EIO;
	if (!percpu_ref_tryget_live(&wq->wq_active))
		return -EAGAIN;
	if (device_pasid_enabled(wq->idxd))
		hw.pasid = wq->idxd->pasid;
	hw.int_handle = wq->ie.int_handle;
	WRITE_ONCE(lent->drained->status, 0);
	lent->draining = true;
	/* As in idxd_submit_desc(). */
	wmb();
	iosubmit_cmds512(idxd_wq_portal_addr(wq), &hw, 1);
	percpu_ref_put(&wq->wq_active);
	return 0;
}

static int lent_await_drain(struct lent_wq *lent)
{
	unsigned long end = jiffies + msecs_to_jiffies(LENT_DRAIN_MS);

	while (!READ_ONCE(lent->drained->status)) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		fsleep(100);
	}
	lent->draining = false;
	return READ_ONCE(lent->drained->status) == DSA_COMP_SUCCESS ? 0 : -EIO;
}

/*
 * A drain ends after all that was submitted to the work queue before. It is
 * none of idxd's descriptors, as those may all be in use, but has idxd's
 * interrupt thread look at its lists. Called one at a time.
 */
static int lent_drain(void *lent_wq)
{
	struct lent_wq *lent = lent_wq;
	struct idxd_wq *wq = lent->wq;
	int rc;

	/*
	 * One before this that did not end in time says nothing of what was
	 * submitted since; and more than one would fill the work queue.
	 */
	if (lent->draining) {
		rc = lent_await_drain(lent);
		if (rc)
			return rc;
	}
	rc = lent_begin_drain(lent);
	if (!rc)
		rc = lent_await_drain(lent);
	if (rc)
		return rc;
	/* What it had the interrupt thread find is told of on return. */
	synchronize_irq(wq->ie.vector);
	return 0;
}

static const struct subdev_provider_ops lent_ops = {
	.read32 = lent_read32,
	.read64 = lent_read64,
	.is_enabled = lent_is_enabled,
	.submit = lent_submit,
	.is_listed = lent_is_listed,
	.drain = lent_drain,
};

/* Called by idxd's interrupt thread, for what has left its lists. */
static void lent_complete(struct idxd_desc *desc,
			  enum idxd_complete_type comp_type, bool free_desc,
			  void *ctx, u32 *status)
{
	struct lent_wq *lent = idxd_wq_get_private(desc->wq);

	if (!lent || desc->id >= lent->count)
		return;
	smp_store_release(&lent->listed[desc->id], false);
	subdev_provider_completed(lent->handle);
}

static void lent_put_device(struct lent_device *device)
{
	scoped_guard(mutex, &devices_lock) {
		if (--device->wqs)
			return;
		list_del(&device->node);
	}
	subdev_provider_put_device(device->handle);
	kfree(device);
}

static struct lent_device *lent_get_device(struct idxd_device *idxd)
{
	struct lent_device *device;
	void *handle;

	guard(mutex)(&devices_lock);
	list_for_each_entry(device, &devices, node) {
		if (device->idxd == idxd) {
			device->wqs++;
			return device;
		}
	}
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->idxd = idxd;
	device->wqs = 1;
	handle = subdev_provider_get_device(&idxd->pdev->dev, idxd->id,
					    &lent_ops, device);
	if (IS_ERR(handle)) {
		kfree(device);
		return ERR_CAST(handle);
	}
	device->handle = handle;
	list_add(&device->node, &devices);
	return device;
}

static void lent_free(struct lent_wq *lent)
{
	if (lent->drained)
		dma_free_coherent(&lent->wq->idxd->pdev->dev,
				  sizeof(*lent->drained), lent->drained,
				  lent->drained_addr);
	kfree(lent->listed);
	kfree(lent->descs);
	kfree(lent);
}

/* Takes all descriptors of a work queue that is enabled. */
static struct lent_wq *lent_take(struct idxd_wq *wq)
{
	struct lent_wq *lent;
	struct idxd_desc *desc;
	unsigned int taken;

	lent = kzalloc(sizeof(*lent), GFP_KERNEL);
	if (!lent)
		return ERR_PTR(-ENOMEM);
	lent->wq = wq;
	lent->count = wq->num_descs;
	lent->descs = kcalloc(lent->count, sizeof(*lent->descs), GFP_KERNEL);
	lent->listed = kcalloc(lent->count, sizeof(*lent->listed), GFP_KERNEL);
	lent->drained = dma_alloc_coherent(&wq->idxd->pdev->dev,
					   sizeof(*lent->drained),
					   &lent->drained_addr, GFP_KERNEL);
	if (!lent->descs || !lent->listed || !lent->drained) {
		lent_free(lent);
		return ERR_PTR(-ENOMEM);
	}
	for (taken = 0; taken < lent->count; taken++) {
		desc = idxd_alloc_desc(wq, IDXD_OP_NONBLOCK);
		if (IS_ERR(desc) || desc->id >= lent->count) {
			lent_free(lent);
			return IS_ERR(desc) ? ERR_CAST(desc) : ERR_PTR(-EIO);
		}
		lent->descs[desc->id] = desc;
	}
	return lent;
}

static int lent_show(struct idxd_wq *wq, struct lent_wq *lent)
{
	struct subdev_provider_wq info = {
		.id = wq->id,
		.records = wq->compls,
		.records_addr = wq->compls_addr,
		.record_size = wq->idxd->data->compl_size,
		.count = lent->count,
		.wq = lent,
	};
	void *handle;
	int rc;

	lent->device = lent_get_device(wq->idxd);
	if (IS_ERR(lent->device))
		return PTR_ERR(lent->device);
	handle = subdev_provider_get_wq(lent->device->handle, &info);
	if (IS_ERR(handle)) {
		rc = PTR_ERR(handle);
		goto put_device;
	}
	lent->handle = handle;
	idxd_wq_set_private(wq, lent);
	rc = subdev_provider_add_wq(handle);
	if (!rc)
		return 0;
	idxd_wq_set_private(wq, NULL);
	subdev_provider_put_wq(handle);
put_device:
	lent_put_device(lent->device);
	return rc;
}

/* Why a work queue cannot be lent, if so. */
static const char *lent_refusal(struct idxd_wq *wq)
{
	if (wq->idxd->data->type != IDXD_TYPE_DSA)
		return "it is none of a DSA";
	if (wq_dedicated(wq))
		return NULL;
	if (!cpu_feature_enabled(X86_FEATURE_ENQCMD))
		return "it is shared, for which the CPU lacks ENQCMD; use --mode=dedicated";
	if (!device_pasid_enabled(wq->idxd))
		return "it is shared, for which the device has no PASID; use --mode=dedicated";
	return "it is shared; use --mode=dedicated, for one or many subdevs";
}

static int lent_probe(struct idxd_dev *idxd_dev)
{
	struct device *dev = &idxd_dev->conf_dev;
	struct idxd_wq *wq = idxd_dev_to_wq(idxd_dev);
	struct idxd_device *idxd = wq->idxd;
	const char *refusal;
	struct lent_wq *lent;
	int rc;

	if (idxd->state != IDXD_DEV_ENABLED)
		return -ENXIO;
	/* Else these are other structures than those that this was built with. */
	if (wq->id < 0 || wq->id >= idxd->max_wqs || idxd->wqs[wq->id] != wq) {
		dev_err(dev, "idxd is not the one that subdev_idxd was built for\n");
		return -EINVAL;
	}

	scoped_guard(mutex, &wq->wq_lock) {
		if (!idxd_wq_driver_name_match(wq, dev)) {
			idxd->cmd_status = IDXD_SCMD_WQ_NO_DRV_NAME;
			return -ENODEV;
		}
		refusal = lent_refusal(wq);
		if (refusal) {
			dev_err(dev, "cannot be used for subdevs: %s\n", refusal);
			idxd->cmd_status = IDXD_SCMD_WQ_NO_SWQ_SUPPORT;
			return -EOPNOTSUPP;
		}
		wq->type = IDXD_WQT_KERNEL;
		rc = idxd_drv_enable_wq(wq);
		if (rc < 0) {
			wq->type = IDXD_WQT_NONE;
			return -ENXIO;
		}
		lent = lent_take(wq);
		if (IS_ERR(lent)) {
			idxd->cmd_status = IDXD_SCMD_WQ_RES_ALLOC_ERR;
			idxd_drv_disable_wq(wq);
			return PTR_ERR(lent);
		}
	}

	/* Without the lock: whoever is on the parent may submit. */
	rc = lent_show(wq, lent);
	if (rc) {
		scoped_guard(mutex, &wq->wq_lock)
			idxd_drv_disable_wq(wq);
		lent_free(lent);
		return rc;
	}
	idxd->cmd_status = 0;
	return 0;
}

static void lent_remove(struct idxd_dev *idxd_dev)
{
	struct idxd_wq *wq = idxd_dev_to_wq(idxd_dev);
	struct lent_wq *lent = idxd_wq_get_private(wq);

	/* Tenants first, while the work queue works. */
	subdev_provider_remove_wq(lent->handle);
	scoped_guard(mutex, &wq->wq_lock) {
		/* Where idxd got no interrupt handle it has done this before. */
		if (!percpu_ref_is_dying(&wq->wq_active))
			__idxd_wq_quiesce(wq);
		/* Waits for the interrupt thread. */
		idxd_drv_disable_wq(wq);
		idxd_wq_set_private(wq, NULL);
	}
	subdev_provider_put_wq(lent->handle);
	lent_put_device(lent->device);
	lent_free(lent);
}

static enum idxd_dev_type dev_types[] = {
	IDXD_DEV_WQ,
	IDXD_DEV_NONE,
};

static struct idxd_device_driver lent_driver = {
	.name = "subdev",
	.type = dev_types,
	.probe = lent_probe,
	.remove = lent_remove,
	.desc_complete = lent_complete,
};

static int __init lent_init(void)
{
	/* The structures of idxd are those of one release, and of its options. */
	if (strcmp(init_utsname()->release, UTS_RELEASE)) {
		pr_err("built for the idxd of Linux %s, and this is %s; build it for this one\n",
		       UTS_RELEASE, init_utsname()->release);
		return -ENOEXEC;
	}
	return idxd_driver_register(&lent_driver);
}
module_init(lent_init);

static void __exit lent_exit(void)
{
	idxd_driver_unregister(&lent_driver);
}
module_exit(lent_exit);
