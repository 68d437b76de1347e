/* SPDX-License-Identifier: GPL-2.0 */
/* Between the tables of the mdev driver, which are C, and the rest of it. */
#ifndef SUBDEV_MDEV_SHIM_H
#define SUBDEV_MDEV_SHIM_H

#include <linux/types.h>

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

/* Whether a device is there that has the type, be it one that was removed. */
bool subdev_mdev_type_in_use(struct mdev_type *type);
void subdev_mdev_synchronize_rcu_tasks(void);

#endif /* SUBDEV_MDEV_SHIM_H */
