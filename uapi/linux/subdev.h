/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/subdev.yaml */
/* YNL-GEN uapi header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _UAPI_LINUX_SUBDEV_H
#define _UAPI_LINUX_SUBDEV_H

#define SUBDEV_FAMILY_NAME	"subdev"
#define SUBDEV_FAMILY_VERSION	1

#define SUBDEV_NAME_MAX_LEN	31
#define SUBDEV_UUID_LEN		36

/**
 * enum subdev_parent_state - State of a parent.
 * @SUBDEV_PARENT_STATE_DISABLED: The device accepts configuration and no work.
 * @SUBDEV_PARENT_STATE_ENABLED: The device accepts work.
 * @SUBDEV_PARENT_STATE_HALTED: The device stopped after a fault and waits for
 *   a reset.
 * @SUBDEV_PARENT_STATE_LOST: The device does nothing any more, or was reset
 *   behind the driver's back. Unbind it, reset it and bind it again.
 */
enum subdev_parent_state {
	SUBDEV_PARENT_STATE_DISABLED,
	SUBDEV_PARENT_STATE_ENABLED,
	SUBDEV_PARENT_STATE_HALTED,
	SUBDEV_PARENT_STATE_LOST,
};

/**
 * enum subdev_capabilities - What work queues of a parent can do, as the
 *   system is now.
 * @SUBDEV_CAPABILITIES_PASID: Their DMA can carry a PASID, by which an IOMMU
 *   separates memory.
 * @SUBDEV_CAPABILITIES_SHARED_WQ: They can take submissions that the hardware
 *   may refuse (ENQCMD).
 */
enum subdev_capabilities {
	SUBDEV_CAPABILITIES_PASID = 1,
	SUBDEV_CAPABILITIES_SHARED_WQ = 2,
};

/**
 * enum subdev_wq_state - State of a work queue, as its hardware reports it.
 * @SUBDEV_WQ_STATE_DISABLED: The work queue accepts configuration and no work.
 * @SUBDEV_WQ_STATE_ENABLED: The work queue accepts work.
 */
enum subdev_wq_state {
	SUBDEV_WQ_STATE_DISABLED,
	SUBDEV_WQ_STATE_ENABLED,
};

/**
 * enum subdev_wq_mode - How software may submit to a work queue.
 * @SUBDEV_WQ_MODE_DEDICATED: One submitter, which keeps count of the free
 *   entries.
 * @SUBDEV_WQ_MODE_SHARED: Many submitters, each told by the hardware to retry
 *   when full.
 */
enum subdev_wq_mode {
	SUBDEV_WQ_MODE_DEDICATED,
	SUBDEV_WQ_MODE_SHARED,
};

/**
 * enum subdev_pasid_mode - How a subdev relates to its work queue and to
 *   address spaces.
 * @SUBDEV_PASID_MODE_NONE: The subdev owns its work queue; its DMA carries no
 *   PASID.
 * @SUBDEV_PASID_MODE_DEDICATED: The subdev owns its work queue and a PASID of
 *   its own is programmed into it. Needs a PASID-capable parent.
 * @SUBDEV_PASID_MODE_SHARED: Many subdevs use the work queue, each with an
 *   address space of its own.
 */
enum subdev_pasid_mode {
	SUBDEV_PASID_MODE_NONE,
	SUBDEV_PASID_MODE_DEDICATED,
	SUBDEV_PASID_MODE_SHARED,
};

/**
 * enum subdev_isolation - What keeps the memory of a subdev apart from that of
 *   all others.
 * @SUBDEV_ISOLATION_MEDIATED: The driver checks and translates each
 *   descriptor.
 * @SUBDEV_ISOLATION_PASID: The hardware, by a PASID and an IOMMU.
 */
enum subdev_isolation {
	SUBDEV_ISOLATION_MEDIATED,
	SUBDEV_ISOLATION_PASID,
};

/**
 * enum subdev_admin_state - State of a subdev as the admin wants it.
 * @SUBDEV_ADMIN_STATE_INACTIVE: Created and configured, not handed to VFIO.
 * @SUBDEV_ADMIN_STATE_ACTIVE: Handed to VFIO.
 */
enum subdev_admin_state {
	SUBDEV_ADMIN_STATE_INACTIVE,
	SUBDEV_ADMIN_STATE_ACTIVE,
};

/**
 * enum subdev_opstate - State of a subdev as it is, set by what happens to it.
 * @SUBDEV_OPSTATE_DETACHED: There is no VFIO device.
 * @SUBDEV_OPSTATE_ATTACHED: There is a VFIO device and nobody has it open.
 * @SUBDEV_OPSTATE_OPEN: A VFIO user has the device open.
 * @SUBDEV_OPSTATE_ENABLED: The VFIO user has enabled the virtual device.
 * @SUBDEV_OPSTATE_HALTED: The virtual device stopped after a fault; a reset
 *   revives it.
 */
enum subdev_opstate {
	SUBDEV_OPSTATE_DETACHED,
	SUBDEV_OPSTATE_ATTACHED,
	SUBDEV_OPSTATE_OPEN,
	SUBDEV_OPSTATE_ENABLED,
	SUBDEV_OPSTATE_HALTED,
};

/**
 * enum subdev_cause - Why something happened.
 * @SUBDEV_CAUSE_REQUEST: A request of the family.
 * @SUBDEV_CAUSE_TENANT: The VFIO user did it.
 * @SUBDEV_CAUSE_FAULT: The hardware failed.
 * @SUBDEV_CAUSE_PLUG: A device was plugged in, or bound to its driver.
 * @SUBDEV_CAUSE_UNPLUG: A device was unplugged, or unbound from its driver.
 * @SUBDEV_CAUSE_LEASE: The socket that had the lease was closed.
 * @SUBDEV_CAUSE_UNLOAD: The module is being unloaded.
 */
enum subdev_cause {
	SUBDEV_CAUSE_REQUEST,
	SUBDEV_CAUSE_TENANT,
	SUBDEV_CAUSE_FAULT,
	SUBDEV_CAUSE_PLUG,
	SUBDEV_CAUSE_UNPLUG,
	SUBDEV_CAUSE_LEASE,
	SUBDEV_CAUSE_UNLOAD,
};

enum {
	SUBDEV_A_FAMILY_GENERATION = 1,
	SUBDEV_A_FAMILY_INSTANCE,
	SUBDEV_A_FAMILY_VERSION,
	SUBDEV_A_FAMILY_PARENT_COUNT,
	SUBDEV_A_FAMILY_WQ_COUNT,
	SUBDEV_A_FAMILY_SUBDEV_COUNT,
	SUBDEV_A_FAMILY_NAME_MAX_LEN,
	SUBDEV_A_FAMILY_MAX_WQS_PER_SUBDEV,
	SUBDEV_A_FAMILY_MAX_LISTED_SUBDEVS,

	__SUBDEV_A_FAMILY_MAX,
	SUBDEV_A_FAMILY_MAX = (__SUBDEV_A_FAMILY_MAX - 1)
};

enum {
	SUBDEV_A_PARENT_GENERATION = 1,
	SUBDEV_A_PARENT_INDEX,
	SUBDEV_A_PARENT_NAME,
	SUBDEV_A_PARENT_BUS,
	SUBDEV_A_PARENT_DEVICE,
	SUBDEV_A_PARENT_STATE,
	SUBDEV_A_PARENT_CAPABILITIES,
	SUBDEV_A_PARENT_WQ_COUNT,
	SUBDEV_A_PARENT_SUBDEV_COUNT,
	SUBDEV_A_PARENT_CAUSE,
	SUBDEV_A_PARENT_PORT_ID,
	SUBDEV_A_PARENT_DSA_PARENT,

	__SUBDEV_A_PARENT_MAX,
	SUBDEV_A_PARENT_MAX = (__SUBDEV_A_PARENT_MAX - 1)
};

enum {
	SUBDEV_A_DSA_PARENT_VERSION = 1,
	SUBDEV_A_DSA_PARENT_MAX_TRANSFER_SIZE,
	SUBDEV_A_DSA_PARENT_MAX_BATCH_SIZE,
	SUBDEV_A_DSA_PARENT_OPCAP,
	SUBDEV_A_DSA_PARENT_GROUP_COUNT,
	SUBDEV_A_DSA_PARENT_ENGINE_COUNT,
	SUBDEV_A_DSA_PARENT_WQ_CAPACITY,

	__SUBDEV_A_DSA_PARENT_MAX,
	SUBDEV_A_DSA_PARENT_MAX = (__SUBDEV_A_DSA_PARENT_MAX - 1)
};

enum {
	SUBDEV_A_WQ_GENERATION = 1,
	SUBDEV_A_WQ_PARENT_INDEX,
	SUBDEV_A_WQ_PARENT,
	SUBDEV_A_WQ_ID,
	SUBDEV_A_WQ_STATE,
	SUBDEV_A_WQ_MODE,
	SUBDEV_A_WQ_SIZE,
	SUBDEV_A_WQ_PASID_MODE,
	SUBDEV_A_WQ_AVAILABLE,
	SUBDEV_A_WQ_SUBDEV_COUNT,
	SUBDEV_A_WQ_SUBDEV,
	SUBDEV_A_WQ_CAUSE,
	SUBDEV_A_WQ_PORT_ID,
	SUBDEV_A_WQ_DSA_WQ,

	__SUBDEV_A_WQ_MAX,
	SUBDEV_A_WQ_MAX = (__SUBDEV_A_WQ_MAX - 1)
};

enum {
	SUBDEV_A_DSA_WQ_THRESHOLD = 1,
	SUBDEV_A_DSA_WQ_PRIORITY,
	SUBDEV_A_DSA_WQ_GROUP,

	__SUBDEV_A_DSA_WQ_MAX,
	SUBDEV_A_DSA_WQ_MAX = (__SUBDEV_A_DSA_WQ_MAX - 1)
};

enum {
	SUBDEV_A_TYPE_GENERATION = 1,
	SUBDEV_A_TYPE_PARENT_INDEX,
	SUBDEV_A_TYPE_PARENT,
	SUBDEV_A_TYPE_NAME,
	SUBDEV_A_TYPE_PASID_MODE,
	SUBDEV_A_TYPE_ISOLATION,
	SUBDEV_A_TYPE_MAX_INSTANCES,
	SUBDEV_A_TYPE_AVAILABLE_INSTANCES,
	SUBDEV_A_TYPE_MISSING_PREREQUISITE,
	SUBDEV_A_TYPE_DESCRIPTION,

	__SUBDEV_A_TYPE_MAX,
	SUBDEV_A_TYPE_MAX = (__SUBDEV_A_TYPE_MAX - 1)
};

enum {
	SUBDEV_A_SUBDEV_WQ_ID = 1,
	SUBDEV_A_SUBDEV_WQ_SIZE,
	SUBDEV_A_SUBDEV_WQ_WEIGHT,
	SUBDEV_A_SUBDEV_WQ_MAX_RATE,

	__SUBDEV_A_SUBDEV_WQ_MAX,
	SUBDEV_A_SUBDEV_WQ_MAX = (__SUBDEV_A_SUBDEV_WQ_MAX - 1)
};

enum {
	SUBDEV_A_SUBDEV_GENERATION = 1,
	SUBDEV_A_SUBDEV_INDEX,
	SUBDEV_A_SUBDEV_NAME,
	SUBDEV_A_SUBDEV_UUID,
	SUBDEV_A_SUBDEV_PARENT_INDEX,
	SUBDEV_A_SUBDEV_PARENT,
	SUBDEV_A_SUBDEV_WQ,
	SUBDEV_A_SUBDEV_TYPE,
	SUBDEV_A_SUBDEV_PASID_MODE,
	SUBDEV_A_SUBDEV_ISOLATION,
	SUBDEV_A_SUBDEV_STATE,
	SUBDEV_A_SUBDEV_OPSTATE,
	SUBDEV_A_SUBDEV_AUXILIARY_DEVICE,
	SUBDEV_A_SUBDEV_IOMMU_GROUP,
	SUBDEV_A_SUBDEV_VFIO_DEVICE,
	SUBDEV_A_SUBDEV_FORCE,
	SUBDEV_A_SUBDEV_CAUSE,
	SUBDEV_A_SUBDEV_PORT_ID,

	__SUBDEV_A_SUBDEV_MAX,
	SUBDEV_A_SUBDEV_MAX = (__SUBDEV_A_SUBDEV_MAX - 1)
};

enum {
	SUBDEV_CMD_FAMILY_GET = 1,
	SUBDEV_CMD_PARENT_GET,
	SUBDEV_CMD_WQ_GET,
	SUBDEV_CMD_TYPE_GET,
	SUBDEV_CMD_SUBDEV_GET,
	SUBDEV_CMD_SUBDEV_NEW,
	SUBDEV_CMD_SUBDEV_DEL,
	SUBDEV_CMD_PARENT_CREATE_NTF,
	SUBDEV_CMD_PARENT_DELETE_NTF,
	SUBDEV_CMD_PARENT_CHANGE_NTF,
	SUBDEV_CMD_WQ_CREATE_NTF,
	SUBDEV_CMD_WQ_DELETE_NTF,
	SUBDEV_CMD_WQ_CHANGE_NTF,
	SUBDEV_CMD_SUBDEV_CREATE_NTF,
	SUBDEV_CMD_SUBDEV_DELETE_NTF,
	SUBDEV_CMD_SUBDEV_CHANGE_NTF,

	__SUBDEV_CMD_MAX,
	SUBDEV_CMD_MAX = (__SUBDEV_CMD_MAX - 1)
};

#define SUBDEV_MCGRP_MONITOR	"monitor"

#endif /* _UAPI_LINUX_SUBDEV_H */
