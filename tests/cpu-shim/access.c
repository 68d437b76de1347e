// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "access.h"

bool cpu_shim_user_mode(struct pt_regs *regs)
{
	return user_mode(regs);
}

bool cpu_shim_64bit_mode(struct pt_regs *regs)
{
	return !user_mode(regs) || user_64bit_mode(regs);
}

int cpu_shim_get_user_8(u64 address, u8 *value)
{
	int err;

	pagefault_disable();
	err = get_user(*value, (u8 __user *)address);
	pagefault_enable();
	return err;
}

int cpu_shim_get_user_64(u64 address, u64 *value)
{
	int err;

	pagefault_disable();
	err = get_user(*value, (u64 __user *)address);
	pagefault_enable();
	return err;
}

int cpu_shim_put_user_64(u64 address, u64 value)
{
	int err;

	pagefault_disable();
	err = put_user(value, (u64 __user *)address);
	pagefault_enable();
	return err;
}
