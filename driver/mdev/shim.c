// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of the mdev driver, with what C has only as macros. Nothing is
 * decided here.
 */

#include <linux/device.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sysfs.h>
#include <linux/vfio.h>

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

static struct attribute *subdev_mdev_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_wq.attr,
	&dev_attr_size.attr,
	&dev_attr_weight.attr,
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
	},
};

/* Each such device has a reference to the type. */
bool subdev_mdev_type_in_use(struct mdev_type *type)
{
	return kref_read(&type->kobj.kref) > 0;
}

void subdev_mdev_synchronize_rcu_tasks(void)
{
	synchronize_rcu_tasks();
}
