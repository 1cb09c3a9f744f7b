/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a model, runs inputs, reads results. The system gives: a platform, and memory that the
 * device sees, in one window. */
#include "example.h"

/* Room for so many inputs and outputs; more inferences than the model has phases do not overlap. */
#define SLOTS SPARSYS_IMAGE_PHASES_MAX

static uint32_t rounded(uint32_t bytes) {
  return (bytes + SPARSYS_ALIGNMENT - 1u) & ~(SPARSYS_ALIGNMENT - 1u);
}

/* A part of memory that begins `at` bytes behind its first. */
static struct sparsys_memory part(const struct sparsys_memory* memory, uint32_t at,
                                  uint32_t bytes) {
  const struct sparsys_memory all = {(uint8_t*)memory->pointer + at, memory->bus + at, bytes};
  return all;
}

static void copy(uint8_t* to, const uint8_t* from, uint32_t bytes) {
  while (bytes--) *to++ = *from++;
}

int example_run(const struct sparsys_platform* platform, const struct sparsys_config* config,
                const struct sparsys_memory* image, const struct sparsys_memory* work,
                const uint8_t* inputs, uint8_t* outputs, uint32_t count) {
  struct sparsys_device device;
  struct sparsys_model model;
  struct sparsys_memory in[SLOTS], out[SLOTS];
  uint32_t tickets[SLOTS];

  int result = sparsys_probe(&device, platform);
  if (!result) result = sparsys_start(&device, config);
  if (!result) result = sparsys_check(&device, image, &model);
  if (result) return result;

  /* Scratch first, then a slot behind the other. */
  uint32_t used = rounded(model.scratch_bytes);
  const uint32_t slot = rounded(model.input_bytes) + rounded(model.output_bytes);
  if (used + SLOTS * slot > work->bytes) return SPARSYS_E_SCRATCH;
  for (uint32_t s = 0; s < SLOTS; ++s, used += slot) {
    in[s] = part(work, used, model.input_bytes);
    out[s] = part(work, used + rounded(model.input_bytes), model.output_bytes);
  }
  result = sparsys_load(&device, image, work);

  /* Each slot is emptied before it is filled again, so that a phase is always at work. */
  for (uint32_t n = 0; !result && n < count + SLOTS; ++n) {
    const uint32_t s = n % SLOTS;
    if (n >= SLOTS && n - SLOTS < count) {
      result = sparsys_wait(&device, tickets[s]);
      if (!result) copy(outputs, (const uint8_t*)out[s].pointer, model.output_bytes);
      outputs += model.output_bytes;
    }
    if (!result && n < count) {
      copy((uint8_t*)in[s].pointer, inputs, model.input_bytes);
      inputs += model.input_bytes;
      result = sparsys_submit(&device, in[s].bus, out[s].bus, &tickets[s]);
    }
  }
  return result;
}
