/* SPDX-License-Identifier: GPL-2.0 */
/* Between the tables of the mdev driver, which are C, and the rest of it. */
#ifndef SUBDEV_MDEV_SHIM_H
#define SUBDEV_MDEV_SHIM_H

#include <linux/types.h>

struct device;
struct mdev_device;
struct mdev_driver;
struct mdev_type;

extern struct mdev_driver subdev_mdev_driver;

/* In Rust. */
int subdev_mdev_probe(struct mdev_device *mdev);
void subdev_mdev_remove(struct mdev_device *mdev);
unsigned int subdev_mdev_available(struct mdev_type *type);
/* Never NULL. */
const char *subdev_mdev_description(struct mdev_type *type);

/* To be called when a device is probed, before all else. */
int subdev_mdev_take_remove(struct mdev_device *mdev);
/*
 * Removes a device, or waits until somebody else has, and for its VFIO user. The
 * caller has a reference to it.
 */
void subdev_mdev_discard(struct device *dev);

/* Whether a device is there that has the type, be it one that was removed. */
bool subdev_mdev_type_in_use(struct mdev_type *type);
/* The core has done all that it does when the last reference is put. */
void subdev_mdev_type_flush(struct mdev_type *type);
void subdev_mdev_synchronize_rcu_tasks(void);

#endif /* SUBDEV_MDEV_SHIM_H */
