// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of the mdev driver, with what C has only as macros. Nothing is
 * decided here.
 */

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/kernfs.h>
#include <linux/kstrtox.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sysfs.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

#include "../face.h"
#include "../ffi/shim.h"
#include "shim.h"

MODULE_VERSION(SUBDEV_VERSION);

#define SUBDEV_MDEV_ATTR(name, what)					       \
static ssize_t name##_show(struct device *dev, struct device_attribute *attr,  \
			   char *buf)					       \
{									       \
	return subdev_face_get(dev_get_drvdata(dev), what, buf, PAGE_SIZE);    \
}									       \
									       \
static ssize_t name##_store(struct device *dev, struct device_attribute *attr, \
			    const char *buf, size_t count)		       \
{									       \
	int ret = subdev_face_set(dev_get_drvdata(dev), what, buf, count);     \
									       \
	return ret ?: count;						       \
}									       \
static DEVICE_ATTR_RW(name)

SUBDEV_MDEV_ATTR(name, SUBDEV_FACE_NAME);
SUBDEV_MDEV_ATTR(wq, SUBDEV_FACE_WQ);
SUBDEV_MDEV_ATTR(size, SUBDEV_FACE_SIZE);
SUBDEV_MDEV_ATTR(weight, SUBDEV_FACE_WEIGHT);

/* Whether the caller is the one to remove a device. */
static bool claim(struct device *dev)
{
	bool first;

	/* Who is removing it may have the lock as long as a user likes. */
	while (!device_trylock(dev))
		fsleep(10 * USEC_PER_MSEC);
	first = kill_device(dev);
	device_unlock(dev);
	return first;
}

/*
 * Removes a device that was claimed, as the mdev core does for a write to its
 * "remove": it exports no function for that.
 */
static void remove_claimed(struct mdev_device *mdev)
{
	struct rw_semaphore *sem = &mdev->type->parent->unreg_sem;
	struct device *dev = &mdev->dev;

	while (device_is_registered(dev)) {
		/* It is being made, or all of the parent's are being removed. */
		if (!READ_ONCE(mdev->active) || !down_read_trylock(sem)) {
			fsleep(10 * USEC_PER_MSEC);
			continue;
		}
		if (device_is_registered(dev)) {
			sysfs_remove_link(&dev->kobj, "mdev_type");
			sysfs_remove_link(mdev->type->devices_kobj,
					  dev_name(dev));
			device_del(dev);
			/* What device_initialize() gave. */
			put_device(dev);
		}
		up_read(sem);
	}
}

void subdev_mdev_discard(struct device *dev)
{
	if (claim(dev))
		remove_claimed(to_mdev_device(dev));
	while (device_is_registered(dev))
		fsleep(10 * USEC_PER_MSEC);
}

/*
 * In the place of the core's file, which would have the core remove a device
 * without a claim.
 */
static ssize_t remove_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	ssize_t ret = count;
	unsigned long yes;

	if (kstrtoul(buf, 0, &yes) < 0)
		return -EINVAL;
	if (!yes)
		return ret;
	/* Without its file nothing else keeps the device. */
	get_device(dev);
	if (device_remove_file_self(dev, attr)) {
		/* Somebody else may be waiting for this to return: no wait. */
		if (claim(dev))
			remove_claimed(to_mdev_device(dev));
		else
			ret = -ENODEV;
	}
	put_device(dev);
	return ret;
}
static DEVICE_ATTR_WO(remove);

/*
 * Takes away the core's file. Refused if somebody has written to it already,
 * who may go on to remove the device at any time.
 */
int subdev_mdev_take_remove(struct mdev_device *mdev)
{
	struct device *dev = &mdev->dev;
	struct kernfs_node *file;
	bool written;

	file = sysfs_get_dirent(dev->kobj.sd, dev_attr_remove.attr.name);
	if (!file)
		return -EAGAIN;
	/* Waits for who is writing. */
	device_remove_file(dev, &dev_attr_remove);
	written = file->flags & KERNFS_SUICIDAL;
	sysfs_put(file);
	return written ? -EAGAIN : 0;
}

static struct attribute *subdev_mdev_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_wq.attr,
	&dev_attr_size.attr,
	&dev_attr_weight.attr,
	/* The last: nobody can be writing to it if another cannot be added. */
	&dev_attr_remove.attr,
	NULL,
};
ATTRIBUTE_GROUPS(subdev_mdev);

static ssize_t show_description(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "%s\n", subdev_mdev_description(type));
}

struct mdev_driver subdev_mdev_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = subdev_mdev_probe,
	.remove = subdev_mdev_remove,
	.get_available = subdev_mdev_available,
	.show_description = show_description,
	.driver = {
		.name = KBUILD_MODNAME,
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = subdev_mdev_groups,
		/* A device that is unbound has no subdev, and gets none. */
		.suppress_bind_attrs = true,
	},
};

/* Each such device has a reference to the type. */
bool subdev_mdev_type_in_use(struct mdev_type *type)
{
	return kref_read(&type->kobj.kref) > 0;
}

/* That option has a timer call what a last reference is put for. */
void subdev_mdev_type_flush(struct mdev_type *type)
{
#ifdef CONFIG_DEBUG_KOBJECT_RELEASE
	flush_delayed_work(&type->kobj.release);
#endif
}

void subdev_mdev_synchronize_rcu_tasks(void)
{
	synchronize_rcu_tasks();
}
