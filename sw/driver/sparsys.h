/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the accelerator sparsys_top (docs/reference/top-format.md,
 * docs/guide/integrate-accelerator.md): C99, no allocation, no library but what a freestanding
 * compiler has. One program thread uses a device at a time.
 *
 * Every function returns 0, an error that the device told (SPARSYS_ERR_..., 1 to 14), or an error
 * of the driver (enum sparsys_result). After an error of the device or a timeout: sparsys_reset. */
#ifndef SPARSYS_H
#define SPARSYS_H

#include <stdint.h>

#include "sparsys_interface.h"

#ifdef __cplusplus
extern "C" {
#endif

enum sparsys_result {
  SPARSYS_OK = 0,
  SPARSYS_E_NO_DEVICE = 32, /* ID reads otherwise */
  SPARSYS_E_OTHER_VERSION,  /* VERSION has another major number */
  SPARSYS_E_TIMEOUT,        /* the platform's wait gave up */
  SPARSYS_E_BAD_ARGUMENT,   /* alignment, size or place of memory, or a null pointer */
  SPARSYS_E_NOT_READY,      /* nothing is loaded, or an error waits for sparsys_reset */
  SPARSYS_E_NO_IMAGE,       /* too short, or another first word */
  SPARSYS_E_IMAGE_FORMAT,   /* of another format */
  SPARSYS_E_IMAGE_CHECKSUM, /* damaged */
  SPARSYS_E_IMAGE_DEVICE,   /* made for an accelerator of other parameters */
  SPARSYS_E_IMAGE_HEADER,   /* a field of its header does not fit the others */
  SPARSYS_E_IMAGE_COMMAND,  /* a command touches what is not its own, or is none for images */
  SPARSYS_E_SCRATCH         /* less scratch than the image asks for */
};

/* What the driver needs of the system; `context` is handed through. Registers are at byte offsets
 * from the device's base. */
struct sparsys_platform {
  void* context;
  uint32_t (*read)(void* context, uint32_t offset);
  void (*write)(void* context, uint32_t offset, uint32_t value);
  /* What this program wrote to memory before, the device sees, and the other way round: a fence,
   * and cache maintenance where caches are not coherent. */
  void (*barrier)(void* context);
  /* Waits for the device's interrupt or a while; anything but 0: give up. */
  int (*wait)(void* context);
};

/* Memory that this program sees at `pointer` and the device at `bus`. */
struct sparsys_memory {
  void* pointer;
  uint64_t bus;
  uint32_t bytes;
};

struct sparsys_config {
  /* Commands: at a multiple of 4,096, at least 64 bytes; the largest power of two is used. */
  struct sparsys_memory ring;
  /* The device touches no other bytes than these for commands: image, scratch, inputs, outputs.
   * Multiples of 4,096. */
  uint64_t window;
  uint64_t window_bytes;
  uint32_t watchdog; /* cycles without progress until SPARSYS_ERR_WATCHDOG; 0: never */
};

/* What an image says of itself. */
struct sparsys_model {
  uint32_t input_bytes;
  uint32_t output_bytes;
  uint32_t scratch_bytes; /* of all phases */
  uint32_t phases;        /* inferences that can be under way at once */
  uint32_t setup_commands;
  uint32_t phase_commands;
};

struct sparsys_counters {
  uint32_t cycles;
  uint32_t cycles_sparse;
  uint32_t cycles_matrix;
  uint32_t cycles_both;
  uint32_t read_beats;
  uint32_t write_beats;
  uint32_t commands;
};

struct sparsys_error {
  uint32_t code; /* SPARSYS_ERR_..., 0 for none */
  uint32_t channel;
  uint32_t command;
  uint32_t detail;
  uint32_t page;
};

/* A device. All fields are the driver's; those of the parameters may be read. */
struct sparsys_device {
  struct sparsys_platform platform;
  uint32_t parameters[SPARSYS_IMAGE_REGISTER_COUNT]; /* registers BUS to MXU_SETS */
  struct sparsys_memory ring;
  uint64_t window;
  uint64_t window_bytes;
  uint32_t ring_log2;
  uint32_t head;   /* as last read */
  uint32_t tail;   /* as last written to the device */
  uint32_t next;   /* commands written to the ring */
  uint32_t fence;  /* number of the last fence */
  uint32_t runs;   /* inferences since setup */
  uint32_t loaded; /* setup is complete, inferences may be queued */
  struct sparsys_model model;
  struct sparsys_memory image;
  struct sparsys_memory scratch;
  uint32_t setup_offset;
  uint32_t phase_offset[SPARSYS_IMAGE_PHASES_MAX];
};

/* Looks for the device and reads its parameters; changes nothing in it. */
int sparsys_probe(struct sparsys_device* device, const struct sparsys_platform* platform);

/* Resets the device and tells it ring, window and watchdog. Behind sparsys_probe; again to change
 * them. */
int sparsys_start(struct sparsys_device* device, const struct sparsys_config* config);

/* Soft reset: from any state to a quiet bus, with ring and window as before. What was loaded must
 * be loaded again. Waits as long as the memory owes answers. */
int sparsys_reset(struct sparsys_device* device);

/* The same at once, for a memory that has itself been reset and owes nothing more. */
int sparsys_force_reset(struct sparsys_device* device);

/* Checks an image without touching a device but for its parameters; fills in `model`. */
int sparsys_check(const struct sparsys_device* device, const struct sparsys_memory* image,
                  struct sparsys_model* model);

/* Checks an image, then loads it into the engines and waits until that is done. `image` is at a
 * multiple of 4,096 and `scratch` of 64 (its pointer is not used); both must stay while the model
 * is in use. A refused image leaves what was loaded before. */
int sparsys_load(struct sparsys_device* device, const struct sparsys_memory* image,
                 const struct sparsys_memory* scratch);

/* Queues an inference of the loaded model, from input to output, bus addresses at multiples of 64;
 * waits only if the ring is full. `*ticket` is for sparsys_wait. Up to `phases` inferences overlap;
 * more may be queued. */
int sparsys_submit(struct sparsys_device* device, uint64_t input, uint64_t output,
                   uint32_t* ticket);

/* Whether an inference is complete: SPARSYS_OK and 1 or 0 in `*done`, or an error. */
int sparsys_poll(struct sparsys_device* device, uint32_t ticket, int* done);

/* Waits until an inference, and with it all before, is complete. The output may then be read. */
int sparsys_wait(struct sparsys_device* device, uint32_t ticket);

/* Stops what is under way and waits until the bus is quiet; then sparsys_reset. SPARSYS_OK also if
 * nothing was. */
int sparsys_abort(struct sparsys_device* device);

/* The device's error; code 0 if there is none. */
void sparsys_get_error(const struct sparsys_device* device, struct sparsys_error* error);

void sparsys_get_counters(const struct sparsys_device* device, struct sparsys_counters* counters);
void sparsys_clear_counters(const struct sparsys_device* device);

/* A line for people; never a null pointer. */
const char* sparsys_text(int result);

#ifdef __cplusplus
}
#endif

#endif
