/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between subdev.ko, which exports the functions, and a module that shows
 * subdevs as devices of another kind: a face. Nothing of Rust crosses here, so
 * that the modules need not be of one compilation.
 */
#ifndef SUBDEV_FACE_H
#define SUBDEV_FACE_H

#include <linux/types.h>

struct device;

/* A type of a parent; the strings are good for the call. */
struct subdev_face_type {
	const char *name;
	const char *title;
	const char *description;
};

/* What a face does, in process context; side by side for several parents. */
struct subdev_face_ops {
	/*
	 * Shows a parent, with count types, until hide(). The device is bound
	 * all the while. Gives a value for hide(), or an ERR_PTR.
	 */
	void *(*show)(u32 parent, struct device *dev,
		      const struct subdev_face_type *types, unsigned int count);
	/*
	 * On return no device of the parent is there any more, and nothing of
	 * its mdev_type is used.
	 */
	void (*hide)(void *shown);
};

/* What of a subdev a face shows and changes. */
enum subdev_face_attribute {
	SUBDEV_FACE_NAME,
	SUBDEV_FACE_WQ,
	SUBDEV_FACE_SIZE,
	SUBDEV_FACE_WEIGHT,
};

/* The face shows all parents, those that there are before the return. */
int subdev_face_register(const struct subdev_face_ops *ops);
/*
 * On return the face shows nothing, and its ops are not called. Waits for who
 * has opened a device and not bound it, for whom the module does not stay.
 */
void subdev_face_unregister(void);

/* How many subdevs of a type, by its place in show(), could be made now. */
unsigned int subdev_face_available(u32 parent, unsigned int type);

/*
 * The mediated device dev, which is being probed, gets the subdev with that
 * UUID, and VFIO gets it. Gives a value for the functions below, or an ERR_PTR.
 *
 * discard() does away with the device, and returns when it is gone, whoever did
 * it. It is called by who has a reference to the device, without a lock, even
 * after subdev_face_remove().
 */
void *subdev_face_probe(u32 parent, unsigned int type, struct device *dev,
			void (*discard)(struct device *dev));
/*
 * The device is being removed; whether it was made, or the making is undone.
 * Waits until its VFIO user has closed it.
 */
void subdev_face_remove(void *bound, bool made);

/* Between probe and remove, which have to wait for them. */
ssize_t subdev_face_get(void *bound, enum subdev_face_attribute what,
			char *buf, size_t size);
int subdev_face_set(void *bound, enum subdev_face_attribute what,
		    const char *buf, size_t count);

#endif /* SUBDEV_FACE_H */
