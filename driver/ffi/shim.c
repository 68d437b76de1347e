// SPDX-License-Identifier: GPL-2.0
/*
 * Names that Rust can call for what C has only as macros and inline functions.
 * Nothing is decided here.
 */

#include <linux/auxiliary_bus.h>
#include <linux/cpufeature.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/task_work.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include <uapi/linux/subdev.h>

#include "../netlink/generated/subdev_nl.h"
#include "../face.h"
#include "../provider.h"
#include "shim.h"

MODULE_VERSION(SUBDEV_VERSION);
/* Who looks the family up has the module loaded. */
MODULE_ALIAS_GENL_FAMILY(SUBDEV_FAMILY_NAME);

int subdev_shim_reply(struct sk_buff *skb, struct genl_info *info)
{
	return genlmsg_reply(skb, info);
}

/* nlmsg_notify() with a filter, and without what comes of it. */
void subdev_shim_notify(struct sk_buff *skb, u32 portid, unsigned int group,
			bool echo, subdev_shim_filter_fn filter, void *data)
{
	if (echo)
		skb_get(skb);
	genlmsg_multicast_netns_filtered(&subdev_nl_family, &init_net, skb,
					 echo ? portid : 0, group, GFP_KERNEL,
					 filter, data);
	if (echo)
		nlmsg_unicast(init_net.genl_sock, skb, portid);
}

bool subdev_shim_has_listeners(unsigned int group)
{
	return genl_has_listeners(&subdev_nl_family, &init_net, group);
}

void subdev_shim_notify_loss(unsigned int group)
{
	genl_set_err(&subdev_nl_family, &init_net, 0, group, -ENOBUFS);
}

bool subdev_shim_in_init_net(const struct genl_info *info)
{
	return net_eq(genl_info_net(info), &init_net);
}

const struct genl_info *subdev_shim_dump_info(struct netlink_callback *cb)
{
	return genl_info_dump(cb);
}

void subdev_shim_dump_check_consistent(struct netlink_callback *cb, void *hdr)
{
	genl_dump_check_consistent(cb, hdr);
}

struct nlattr *subdev_shim_nest_start(struct sk_buff *skb, int type)
{
	return nla_nest_start(skb, type);
}

void subdev_shim_nest_end(struct sk_buff *skb, struct nlattr *nest)
{
	nla_nest_end(skb, nest);
}

const struct nlattr *subdev_shim_attrs(const struct genl_info *info, int *len)
{
	*len = nlmsg_attrlen(info->nlhdr, GENL_HDRLEN);
	return nlmsg_attrdata(info->nlhdr, GENL_HDRLEN);
}

struct sock *subdev_shim_sender(struct sk_buff *skb)
{
	struct sock *sk = NETLINK_CB(skb).sk;

	if (sk)
		sock_hold(sk);
	return sk;
}

bool subdev_shim_sender_is_admin(struct sk_buff *skb)
{
	return netlink_capable(skb, CAP_NET_ADMIN);
}

uid_t subdev_shim_sock_uid(const struct sock *sk)
{
	return from_kuid_munged(&init_user_ns, sk_uid(sk));
}

bool subdev_shim_sock_dead(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DEAD);
}

void subdev_shim_sock_put(struct sock *sk)
{
	sock_put(sk);
}

static ssize_t sfnum_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", to_auxiliary_dev(dev)->id);
}
static DEVICE_ATTR_RO(sfnum);

int subdev_shim_sfnum_add(struct device *dev)
{
	return device_create_file(dev, &dev_attr_sfnum);
}

void subdev_shim_sfnum_remove(struct device *dev)
{
	device_remove_file(dev, &dev_attr_sfnum);
}

bool subdev_shim_dma_need_sync(struct device *dev, dma_addr_t addr)
{
	return dma_need_sync(dev, addr);
}

int subdev_shim_dma_mapping_error(struct device *dev, dma_addr_t addr)
{
	return dma_mapping_error(dev, addr);
}

struct module *subdev_shim_this_module(void)
{
	return THIS_MODULE;
}

bool subdev_shim_is_being_killed(void)
{
	return fatal_signal_pending(current);
}

void subdev_shim_synchronize_rcu_tasks(void)
{
	synchronize_rcu_tasks();
}

void subdev_shim_worker_begin(void)
{
	__set_current_state(TASK_RUNNING);
}

void subdev_shim_worker_end(void)
{
	/*
	 * It never is in userspace, so that preemption alone lets nobody pass who
	 * waits for a grace period of RCU tasks, such as to remove a kprobe.
	 */
	cond_resched_tasks_rcu_qs();
	/*
	 * Such as to be throttled by a CPU quota, which get_signal() does for a
	 * thread that has a reason to call it.
	 */
	if (task_work_pending(current))
		set_thread_flag(TIF_NOTIFY_SIGNAL);
}

int subdev_shim_mmap_write_lock(struct mm_struct *mm)
{
	return mmap_write_lock_killable(mm);
}

void subdev_shim_mmap_write_unlock(struct mm_struct *mm)
{
	mmap_write_unlock(mm);
}

void subdev_shim_vma_set_shared_pages(struct vm_area_struct *vma)
{
	vm_flags_mod(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP |
			  VM_DONTCOPY, VM_MAYEXEC);
}

void *subdev_shim_page_address(struct page *page)
{
	return page_address(page);
}

void *subdev_shim_page_memory(struct page *page)
{
	if (PageReserved(page) || is_zone_device_page(page))
		return NULL;
	return page_address(page);
}

unsigned long subdev_shim_page_to_pfn(struct page *page)
{
	return page_to_pfn(page);
}

bool subdev_shim_vfio_is_mapped_by(struct vfio_device *vdev,
				   const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->f_mapping == vdev->inode->i_mapping;
}

void subdev_shim_vfio_unmap(struct vfio_device *vdev, loff_t start, loff_t len)
{
	unmap_mapping_range(vdev->inode->i_mapping, start, len, true);
}

void subdev_shim_vfio_put(struct vfio_device *vdev)
{
	vfio_put_device(vdev);
}

void subdev_shim_vfio_get(struct vfio_device *vdev)
{
	get_device(&vdev->device);
}

const char *subdev_shim_vfio_name(struct vfio_device *vdev)
{
	return dev_name(&vdev->device);
}

bool subdev_shim_vfio_is_held(struct vfio_device *vdev)
{
	/* One is the registration's. */
	return refcount_read(&vdev->refcount) > 1;
}

/* What Rust defines for other modules, see face.h and provider.h. */
EXPORT_SYMBOL_GPL(subdev_face_register);
EXPORT_SYMBOL_GPL(subdev_face_unregister);
EXPORT_SYMBOL_GPL(subdev_face_available);
EXPORT_SYMBOL_GPL(subdev_face_probe);
EXPORT_SYMBOL_GPL(subdev_face_remove);
EXPORT_SYMBOL_GPL(subdev_face_get);
EXPORT_SYMBOL_GPL(subdev_face_set);
EXPORT_SYMBOL_GPL(subdev_provider_get_device);
EXPORT_SYMBOL_GPL(subdev_provider_put_device);
EXPORT_SYMBOL_GPL(subdev_provider_get_wq);
EXPORT_SYMBOL_GPL(subdev_provider_add_wq);
EXPORT_SYMBOL_GPL(subdev_provider_completed);
EXPORT_SYMBOL_GPL(subdev_provider_remove_wq);
EXPORT_SYMBOL_GPL(subdev_provider_put_wq);

int subdev_shim_iommu_group(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	int id;

	if (!group)
		return -ENODEV;
	id = iommu_group_id(group);
	iommu_group_put(group);
	return id;
}

bool subdev_shim_has_movdir64b(void)
{
	return boot_cpu_has(X86_FEATURE_MOVDIR64B);
}

void subdev_shim_movdir64b(void __iomem *dst, const void *src)
{
	iosubmit_cmds512(dst, src, 1);
}

#ifdef CONFIG_FAULT_INJECTION
static unsigned int submit_delay_us;
module_param(submit_delay_us, uint, 0600);
MODULE_PARM_DESC(submit_delay_us, "Delay before each submission, for tests");

void subdev_shim_submit_delay(void)
{
	unsigned int delay = READ_ONCE(submit_delay_us);

	if (delay)
		fsleep(delay);
}
#else
void subdev_shim_submit_delay(void)
{
}
#endif

struct workqueue_struct *subdev_shim_alloc_workqueue(const char *name)
{
	return alloc_workqueue("%s", WQ_UNBOUND, 0, name);
}
