// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/pagemap.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

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

/* The bytes that an instruction reads, and writes. */
#define STORED 64

/* An instruction whose memory is to be there before it is tried again. */
struct absence {
	struct callback_head work;
	const char __user *source;
	char __user *target;
};

static atomic_t absences = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(no_absence);

/*
 * Runs in the program's own context, on its way back to the instruction, and may
 * sleep. The target may be a device: nothing is written to it here.
 */
static void fetch(struct callback_head *work)
{
	struct absence *absence = container_of(work, struct absence, work);

	if (fault_in_readable(absence->source, STORED) ||
	    fault_in_safe_writeable(absence->target, STORED))
		force_sig(SIGSEGV);
	kfree(absence);
	if (atomic_dec_and_test(&absences))
		wake_up_all(&no_absence);
}

int cpu_shim_retry_when_present(u64 source, u64 target)
{
	struct absence *absence = kmalloc(sizeof(*absence), GFP_ATOMIC);
	int err;

	if (!absence)
		return -ENOMEM;
	absence->source = (const char __user *)source;
	absence->target = (char __user *)target;
	init_task_work(&absence->work, fetch);
	atomic_inc(&absences);
	err = task_work_add(current, &absence->work, TWA_RESUME);
	if (err) {
		atomic_dec(&absences);
		kfree(absence);
	}
	return err;
}

void cpu_shim_fault(void)
{
	force_sig(SIGSEGV);
}

/* To be called when nobody calls cpu_shim_retry_when_present() any more. */
void cpu_shim_settle(void)
{
	wait_event(no_absence, !atomic_read(&absences));
	/* The last of them may not have returned from here yet. */
	synchronize_rcu_tasks();
}
