/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests want to know: /sys/module/cpu_shim/parameters/kernel_stores.
 */
#ifndef CPU_SHIM_COUNT_H
#define CPU_SHIM_COUNT_H

/* Calls must not overlap. */
void cpu_shim_count_kernel_store(void);

#endif /* CPU_SHIM_COUNT_H */
