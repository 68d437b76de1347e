/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names that Rust can call for what C has only as macros and inline functions.
 */
#ifndef SUBDEV_SHIM_H
#define SUBDEV_SHIM_H

#include <linux/types.h>

struct device;
struct eventfd_ctx;
struct genl_info;
struct mm_struct;
struct module;
struct netlink_callback;
struct netlink_ext_ack;
struct nlattr;
struct nlmsghdr;
struct page;
struct sk_buff;
struct sock;
struct vfio_device;
struct vm_area_struct;
struct workqueue_struct;

/* Of the module; the same as that of the programs in Cargo.toml. */
#define SUBDEV_VERSION "0.1.0"

/* Generic netlink. */
int subdev_shim_reply(struct sk_buff *skb, struct genl_info *info);
/*
 * To a group in the initial network namespace, and to a port if it wants an echo.
 * A filter, if there is one, says for each listener whether to leave it out.
 */
typedef int (*subdev_shim_filter_fn)(struct sock *sk, struct sk_buff *skb,
				     void *data);
void subdev_shim_notify(struct sk_buff *skb, u32 portid, unsigned int group,
			bool echo, subdev_shim_filter_fn filter, void *data);
bool subdev_shim_has_listeners(unsigned int group);
void subdev_shim_notify_loss(unsigned int group);
bool subdev_shim_in_init_net(const struct genl_info *info);
const struct genl_info *subdev_shim_dump_info(struct netlink_callback *cb);
void subdev_shim_dump_check_consistent(struct netlink_callback *cb, void *hdr);
struct nlattr *subdev_shim_nest_start(struct sk_buff *skb, int type);
void subdev_shim_nest_end(struct sk_buff *skb, struct nlattr *nest);
const struct nlattr *subdev_shim_attrs(const struct genl_info *info, int *len);

/*
 * The socket that a message was sent from, with a reference, or NULL; to be put
 * back. Dead is one that is being closed.
 */
struct sock *subdev_shim_sender(struct sk_buff *skb);
/* Whether the sender has CAP_NET_ADMIN in the initial user namespace. */
bool subdev_shim_sender_is_admin(struct sk_buff *skb);
bool subdev_shim_sock_dead(const struct sock *sk);
/* The user who opened it, as in the initial user namespace. */
uid_t subdev_shim_sock_uid(const struct sock *sk);
void subdev_shim_sock_put(struct sock *sk);

/* Auxiliary devices: the attribute "sfnum", which is the number in the name. */
int subdev_shim_sfnum_add(struct device *dev);
void subdev_shim_sfnum_remove(struct device *dev);

/* DMA. */
bool subdev_shim_dma_need_sync(struct device *dev, dma_addr_t addr);
int subdev_shim_dma_mapping_error(struct device *dev, dma_addr_t addr);

/* Threads that are about to leave the module. */
struct module *subdev_shim_this_module(void);
void subdev_shim_synchronize_rcu_tasks(void);

/* Threads that are being killed. */
bool subdev_shim_is_being_killed(void);

/*
 * A thread that the kernel has in a process (vhost_task.c), which is called as
 * it is about to sleep: it runs again, and then lets others run and does what a
 * thread does before it returns to userspace, which it never does.
 */
void subdev_shim_worker_begin(void);
void subdev_shim_worker_end(void);

/* Memory that a user maps. */
int subdev_shim_mmap_write_lock(struct mm_struct *mm);
void subdev_shim_mmap_write_unlock(struct mm_struct *mm);
void subdev_shim_vma_set_shared_pages(struct vm_area_struct *vma);
void *subdev_shim_page_address(struct page *page);
/* Where the kernel has a page; NULL if it is no ordinary memory. */
void *subdev_shim_page_memory(struct page *page);
unsigned long subdev_shim_page_to_pfn(struct page *page);

/* VFIO. */
/* Whether a mapping is of the device's file. */
bool subdev_shim_vfio_is_mapped_by(struct vfio_device *vdev,
				   const struct vm_area_struct *vma);
/* Takes away what is mapped of a range of the device's file. */
void subdev_shim_vfio_unmap(struct vfio_device *vdev, loff_t start, loff_t len);
void subdev_shim_vfio_put(struct vfio_device *vdev);
void subdev_shim_vfio_get(struct vfio_device *vdev);
const char *subdev_shim_vfio_name(struct vfio_device *vdev);
/* Whether somebody has opened a device that is registered, bound or not. */
bool subdev_shim_vfio_is_held(struct vfio_device *vdev);
/* Number of the IOMMU group of a device, or a negative errno. */
int subdev_shim_iommu_group(struct device *dev);

/* Whether the CPU stores 64 bytes at once. */
bool subdev_shim_has_movdir64b(void);
/* Stores 64 bytes at once; only where the CPU can. */
void subdev_shim_movdir64b(void __iomem *dst, const void *src);

/*
 * Sleeps as long as the parameter submit_delay_us says. The parameter is there
 * on kernels with fault injection; on others this does nothing.
 */
void subdev_shim_submit_delay(void);

struct workqueue_struct *subdev_shim_alloc_workqueue(const char *name);

#endif /* SUBDEV_SHIM_H */
