/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bindgen reads to make bindings_generated.rs (see Kbuild): the headers
 * that the kernel crate's own bindings leave out.
 */
#include <linux/types.h>
#include <linux/sched/vhost_task.h>
#include <linux/vfio.h>
#include "../face.h"
#include "../provider.h"
#include "../netlink/generated/subdev_nl.h"
#include "shim.h"
