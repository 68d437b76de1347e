// SPDX-License-Identifier: GPL-2.0
#include <linux/compiler.h>
#include <linux/moduleparam.h>

#include "count.h"

static unsigned long kernel_stores;
module_param(kernel_stores, ulong, 0444);
MODULE_PARM_DESC(kernel_stores, "How many MOVDIR64B of the kernel were done (to be read)");

void cpu_shim_count_kernel_store(void)
{
	WRITE_ONCE(kernel_stores, kernel_stores + 1);
}
