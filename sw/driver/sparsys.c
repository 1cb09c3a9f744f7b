/* SPDX-License-Identifier: Apache-2.0 */
#include "sparsys.h"

#define HEADER_WORDS (SPARSYS_IMAGE_HEADER_BYTES / 4u)
#define WEIGHTS_ALIGNMENT SPARSYS_PAGE_BYTES
#define ADDRESS_MASK (((uint64_t)1 << SPARSYS_CMD_ADDRESS_BITS) - 1u)
#define IRQS (SPARSYS_IRQ_ENABLE_FENCE | SPARSYS_IRQ_ENABLE_HALT | SPARSYS_IRQ_ENABLE_ERROR)
#define STATES \
  (SPARSYS_STATUS_RUNNING | SPARSYS_STATUS_HALTED | SPARSYS_STATUS_ERROR | SPARSYS_STATUS_QUIET)

/* Memory is little-endian whatever this processor is. */
static uint32_t get32(const uint8_t* from) {
  return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
         (uint32_t)from[3] << 24;
}

static uint64_t get64(const uint8_t* from) { return (uint64_t)get32(from + 4) << 32 | get32(from); }

static void put32(volatile uint8_t* to, uint32_t value) {
  for (uint32_t i = 0; i < 4u; ++i) to[i] = (uint8_t)(value >> (8u * i));
}

static void put64(volatile uint8_t* to, uint64_t value) {
  put32(to, (uint32_t)value);
  put32(to + 4, (uint32_t)(value >> 32));
}

static uint32_t reg_read(const struct sparsys_device* device, uint32_t offset) {
  return device->platform.read(device->platform.context, offset);
}

static void reg_write(const struct sparsys_device* device, uint32_t offset, uint32_t value) {
  device->platform.write(device->platform.context, offset, value);
}

static void barrier(const struct sparsys_device* device) {
  device->platform.barrier(device->platform.context);
}

/* The device's parameter `mask` of the register at this offset. */
static uint32_t parameter(const struct sparsys_device* device, uint32_t offset, uint32_t mask,
                          uint32_t shift) {
  return (device->parameters[(offset - SPARSYS_REG_BUS) / 4u] & mask) >> shift;
}
#define PARAMETER(device, reg, name) \
  parameter(device, SPARSYS_REG_##reg, SPARSYS_##reg##_##name, SPARSYS_##reg##_##name##_SHIFT)

/* `to` is a power of two. */
static int aligned(uint64_t value, uint32_t to) { return ((uint32_t)value & (to - 1u)) == 0; }

/* Bytes `from` to `from + bytes` lie within memory of the size. */
static int inside(uint64_t from, uint64_t bytes, uint64_t size) {
  return from <= size && bytes <= size - from;
}

static int in_window(const struct sparsys_device* device, uint64_t bus, uint64_t bytes) {
  return bus >= device->window && inside(bus - device->window, bytes, device->window_bytes);
}

int sparsys_probe(struct sparsys_device* device, const struct sparsys_platform* platform) {
  if (!device || !platform || !platform->read || !platform->write || !platform->barrier ||
      !platform->wait)
    return SPARSYS_E_BAD_ARGUMENT;
  device->platform = *platform;
  device->ring_log2 = 0;
  device->loaded = 0;
  if (reg_read(device, SPARSYS_REG_ID) != SPARSYS_ID) return SPARSYS_E_NO_DEVICE;
  if (reg_read(device, SPARSYS_REG_VERSION) >> SPARSYS_VERSION_MAJOR_SHIFT !=
      SPARSYS_VERSION_MAJOR_NEEDED)
    return SPARSYS_E_OTHER_VERSION;
  for (uint32_t i = 0; i < SPARSYS_IMAGE_REGISTER_COUNT; ++i)
    device->parameters[i] = reg_read(device, SPARSYS_REG_BUS + 4u * i);
  return SPARSYS_OK;
}

/* Writes CONTROL and waits until STATUS & mask is value. */
static int control(const struct sparsys_device* device, uint32_t bits, uint32_t mask,
                   uint32_t value) {
  reg_write(device, SPARSYS_REG_CONTROL, bits);
  while ((reg_read(device, SPARSYS_REG_STATUS) & mask) != value)
    if (device->platform.wait(device->platform.context)) return SPARSYS_E_TIMEOUT;
  return SPARSYS_OK;
}

static int reset_with(struct sparsys_device* device, uint32_t bits) {
  device->loaded = 0;
  int result = control(device, bits, STATES, SPARSYS_STATUS_QUIET);
  if (result) return result;
  reg_write(device, SPARSYS_REG_IRQ_STATUS, IRQS);
  reg_write(device, SPARSYS_REG_IRQ_ENABLE, IRQS);
  device->head = device->tail = device->next = device->fence = device->runs = 0;
  return SPARSYS_OK;
}

int sparsys_reset(struct sparsys_device* device) {
  return reset_with(device, SPARSYS_CONTROL_RESET);
}

int sparsys_force_reset(struct sparsys_device* device) {
  return reset_with(device, SPARSYS_CONTROL_RESET | SPARSYS_CONTROL_FORCE);
}

int sparsys_start(struct sparsys_device* device, const struct sparsys_config* config) {
  if (!device || !config || !config->ring.pointer ||
      !aligned(config->ring.bus, SPARSYS_PAGE_BYTES) ||
      !aligned(config->window, SPARSYS_PAGE_BYTES) ||
      !aligned(config->window_bytes, SPARSYS_PAGE_BYTES) || config->window_bytes == 0)
    return SPARSYS_E_BAD_ARGUMENT;
  uint32_t log2 = 0;
  while (log2 < SPARSYS_RING_LOG2_MAX &&
         ((uint64_t)SPARSYS_COMMAND_BYTES << (log2 + 1)) <= config->ring.bytes)
    ++log2;
  const uint64_t space = (uint64_t)1 << PARAMETER(device, BUS, AXI_ADDR_W);
  if (log2 < SPARSYS_RING_LOG2_MIN || !inside(config->ring.bus, config->ring.bytes, space) ||
      !inside(config->window, config->window_bytes, space))
    return SPARSYS_E_BAD_ARGUMENT;
  int result = sparsys_reset(device);
  if (result) return result;
  device->ring = config->ring;
  device->ring_log2 = log2;
  device->window = config->window;
  device->window_bytes = config->window_bytes;
  reg_write(device, SPARSYS_REG_RING_PAGE, (uint32_t)(config->ring.bus / SPARSYS_PAGE_BYTES));
  reg_write(device, SPARSYS_REG_RING_LOG2, log2);
  reg_write(device, SPARSYS_REG_WATCHDOG, config->watchdog);
  reg_write(device, SPARSYS_REG_WINDOW_FIRST, (uint32_t)(config->window / SPARSYS_PAGE_BYTES));
  reg_write(device, SPARSYS_REG_WINDOW_LAST,
            (uint32_t)((config->window + config->window_bytes) / SPARSYS_PAGE_BYTES - 1u));
  return SPARSYS_OK;
}

/* ---- Images. ---- */

static uint32_t header(const struct sparsys_memory* image, uint32_t word) {
  return get32((const uint8_t*)image->pointer + 4u * word);
}

/* FNV-1a of 64 bits. */
static uint64_t checksum(const uint8_t* bytes, uint32_t count) {
  uint64_t hash = 0xCBF29CE484222325u;
  while (count--) hash = (hash ^ *bytes++) * 0x100000001B3u;
  return hash;
}

/* The registers that an image is made for. */
static int fits_device(const struct sparsys_device* device, const struct sparsys_memory* image) {
  const uint32_t engines = SPARSYS_BUS_SPARSE | SPARSYS_BUS_MATRIX;
  const uint32_t used = header(image, SPARSYS_IMAGE_REGISTERS);
  if ((used & ~engines) != 0 || (used & ~device->parameters[0]) != 0) return 0;
  for (uint32_t i = 1; i < SPARSYS_IMAGE_REGISTER_COUNT; ++i) {
    const uint32_t of =
        SPARSYS_REG_BUS + 4u * i < SPARSYS_REG_MXU_ARRAY ? SPARSYS_BUS_SPARSE : SPARSYS_BUS_MATRIX;
    if (header(image, SPARSYS_IMAGE_REGISTERS + i) != ((used & of) ? device->parameters[i] : 0))
      return 0;
  }
  return 1;
}

/* What an address of a command counts from may be, as bits. */
#define FROM(base) (1u << SPARSYS_BASE_##base)
#define FROM_NOTHING 0u

/* The bytes that an address with its base touches lie where they may. */
static int may_touch(const struct sparsys_model* model, uint32_t image_bytes, uint64_t address,
                     uint64_t bytes, uint32_t bases, uint32_t alignment) {
  const uint32_t base = (uint32_t)(address >> SPARSYS_BASE_SHIFT);
  const uint64_t offset = address & ADDRESS_MASK;
  if (bases == FROM_NOTHING) return address == 0;
  if (address != ((uint64_t)base << SPARSYS_BASE_SHIFT | offset) || !(bases >> base & 1u) ||
      !aligned(offset, alignment) || bytes == 0)
    return 0;
  switch (base) {
    case SPARSYS_BASE_IMAGE:
      return inside(offset, bytes, image_bytes);
    case SPARSYS_BASE_INPUT:
      return inside(offset, bytes, model->input_bytes);
    case SPARSYS_BASE_OUTPUT:
      return inside(offset, bytes, model->output_bytes);
    case SPARSYS_BASE_SCRATCH:
      return inside(offset, bytes, model->scratch_bytes / model->phases);
    default:
      return 0;
  }
}

/* Rows of a Matrix_In or Matrix_Out. */
static int rows_fit(const struct sparsys_device* device, uint64_t word2) {
  const uint32_t rows = PARAMETER(device, MXU_ARRAY, ROWS);
  const uint32_t cols = PARAMETER(device, MXU_ARRAY, COLS);
  const uint32_t length = (uint32_t)word2;
  const uint32_t row = (uint32_t)(word2 >> SPARSYS_MATRIX_IN_ROW_SHIFT) & 0xFFFFu;
  return row >= 1u && row <= (rows > cols ? rows : cols) && length % row == 0;
}

/* A command as it lies in an image: known, no reserved bit, nothing touched that is not its own.
 * Setup touches the image alone. */
static int command_fits(const struct sparsys_device* device, const struct sparsys_model* model,
                        uint32_t image_bytes, uint32_t engines, int setup, const uint8_t* at) {
  const uint64_t word0 = get64(at), address = get64(at + 8), word2 = get64(at + 16),
                 word3 = get64(at + 24);
  const uint32_t opcode = (uint32_t)word0 & 0xFFu;
  const uint32_t flags = (uint32_t)(word0 >> SPARSYS_CMD_FLAGS_SHIFT) & 0xFFu;
  const uint64_t words = word2 >> SPARSYS_SPARSE_LOAD_WORDS_SHIFT;
  const uint32_t pes = PARAMETER(device, EIE_ARRAY, N_PE);
  const uint32_t reads = setup ? FROM(IMAGE) : FROM(IMAGE) | FROM(INPUT) | FROM(SCRATCH);
  const uint32_t writes = setup ? FROM_NOTHING : FROM(OUTPUT) | FROM(SCRATCH);
  uint32_t allowed_flags = 0, bases = FROM_NOTHING, engine = 0;
  uint64_t used2 = 0, used3 = 0, bytes = 0;
  switch (opcode) {
    case SPARSYS_OP_NOP:
      break;
    case SPARSYS_OP_SPARSE_LOAD:
    case SPARSYS_OP_SPARSE_STORE:
      engine = SPARSYS_BUS_SPARSE;
      bases = opcode == SPARSYS_OP_SPARSE_LOAD ? reads : writes;
      if (bases == FROM_NOTHING) return 0;
      allowed_flags =
          opcode == SPARSYS_OP_SPARSE_LOAD ? SPARSYS_SPARSE_LOAD_FLAGS : SPARSYS_SPARSE_STORE_FLAGS;
      used2 = SPARSYS_SPARSE_LOAD_WORD2;
      used3 = flags & SPARSYS_SPARSE_LOAD_BYTES ? SPARSYS_SPARSE_LOAD_WORD3_BYTES
                                                : SPARSYS_SPARSE_LOAD_WORD3;
      if (words > SPARSYS_SPARSE_LOAD_WORDS_MAX) return 0;
      bytes = words * (flags & SPARSYS_SPARSE_LOAD_BYTES ? (pes < 4u ? pes : 4u) : 8u);
      break;
    case SPARSYS_OP_SPARSE_RUN:
      engine = SPARSYS_BUS_SPARSE;
      used2 = SPARSYS_SPARSE_RUN_WORD2;
      if (words == 0) return 0;
      break;
    case SPARSYS_OP_MATRIX_RUN: {
      const uint32_t lanes = ((PARAMETER(device, MXU_ARRAY, COLS) + 3u) / 4u + 7u) / 8u;
      const uint64_t beats = word2 >> SPARSYS_MATRIX_RUN_BEATS_SHIFT;
      engine = SPARSYS_BUS_MATRIX;
      bases = FROM(IMAGE);
      used2 = SPARSYS_MATRIX_RUN_WORD2;
      used3 = ~(uint64_t)0; /* as an address, below */
      bytes = (word2 & 0xFFFFFFFFu) * 16u;
      if ((uint32_t)word2 > SPARSYS_MATRIX_RUN_INSTRUCTIONS_MAX ||
          !may_touch(model, image_bytes, word3, beats * 8u * lanes,
                     beats ? FROM(IMAGE) : FROM_NOTHING, WEIGHTS_ALIGNMENT))
        return 0;
      break;
    }
    case SPARSYS_OP_MATRIX_IN:
    case SPARSYS_OP_MATRIX_OUT:
      engine = SPARSYS_BUS_MATRIX;
      bases = opcode == SPARSYS_OP_MATRIX_IN ? reads : writes;
      if (bases == FROM_NOTHING || !rows_fit(device, word2)) return 0;
      used2 = opcode == SPARSYS_OP_MATRIX_IN ? SPARSYS_MATRIX_IN_WORD2 : SPARSYS_MATRIX_OUT_WORD2;
      bytes = word2 & 0xFFFFFFFFu;
      break;
    default:
      return 0; /* Fence and Halt are the driver's */
  }
  return (engine & ~engines) == 0 && (word0 & 0xFFFF0000u) == 0 && (flags & ~allowed_flags) == 0 &&
         (word2 & ~used2) == 0 && (word3 & ~used3) == 0 &&
         may_touch(model, image_bytes, address, bytes, bases, SPARSYS_ALIGNMENT);
}

static int commands_fit(const struct sparsys_device* device, const struct sparsys_model* model,
                        const struct sparsys_memory* image, int setup, uint32_t offset,
                        uint32_t count) {
  const uint32_t engines = header(image, SPARSYS_IMAGE_REGISTERS);
  const uint8_t* at = (const uint8_t*)image->pointer + offset;
  for (; count; --count, at += SPARSYS_COMMAND_BYTES)
    if (!command_fits(device, model, header(image, SPARSYS_IMAGE_WORD_BYTES), engines, setup, at))
      return 0;
  return 1;
}

/* A part of an image behind its header. */
static int part_fits(uint32_t offset, uint64_t bytes, uint32_t image_bytes) {
  return aligned(offset, SPARSYS_ALIGNMENT) && offset >= SPARSYS_IMAGE_HEADER_BYTES &&
         inside(offset, bytes, image_bytes);
}

/* Fields of the header, in the bounds of one another. */
static int header_fits(const struct sparsys_memory* image, struct sparsys_model* model) {
  const uint32_t bytes = header(image, SPARSYS_IMAGE_WORD_BYTES);
  const uint32_t scratch = header(image, SPARSYS_IMAGE_WORD_SCRATCH_BYTES);
  const uint32_t description = header(image, SPARSYS_IMAGE_WORD_DESCRIPTION);
  const uint32_t description_bytes = header(image, SPARSYS_IMAGE_WORD_DESCRIPTION + 1u);
  const uint32_t zeros = SPARSYS_IMAGE_REGISTERS + SPARSYS_IMAGE_REGISTER_COUNT;
  model->phases = header(image, SPARSYS_IMAGE_WORD_PHASES);
  model->input_bytes = header(image, SPARSYS_IMAGE_WORD_INPUT_BYTES);
  model->output_bytes = header(image, SPARSYS_IMAGE_WORD_OUTPUT_BYTES);
  model->setup_commands = header(image, SPARSYS_IMAGE_WORD_SETUP_COMMANDS);
  model->phase_commands = header(image, SPARSYS_IMAGE_WORD_PHASE_COMMANDS);
  if (model->phases < 1u || model->phases > SPARSYS_IMAGE_PHASES_MAX ||
      !aligned(scratch, SPARSYS_ALIGNMENT) || scratch > 0xFFFFFFFFu / model->phases ||
      model->input_bytes == 0 || model->output_bytes == 0 || model->phase_commands == 0 ||
      !part_fits(header(image, SPARSYS_IMAGE_WORD_SETUP_OFFSET),
                 (uint64_t)model->setup_commands * SPARSYS_COMMAND_BYTES, bytes))
    return 0;
  model->scratch_bytes = scratch * model->phases;
  for (uint32_t p = 0; p < SPARSYS_IMAGE_PHASES_MAX; ++p) {
    const uint32_t offset = header(image, SPARSYS_IMAGE_WORD_PHASE_OFFSET + p);
    if (p < model->phases
            ? !part_fits(offset, (uint64_t)model->phase_commands * SPARSYS_COMMAND_BYTES, bytes)
            : offset != 0)
      return 0;
  }
  if (description || description_bytes)
    if (!description_bytes || !part_fits(description, description_bytes, bytes)) return 0;
  for (uint32_t word = zeros; word < HEADER_WORDS; ++word)
    if (header(image, word) != 0) return 0;
  return 1;
}

int sparsys_check(const struct sparsys_device* device, const struct sparsys_memory* image,
                  struct sparsys_model* model) {
  if (!device || !image || !image->pointer || !model) return SPARSYS_E_BAD_ARGUMENT;
  if (image->bytes < SPARSYS_IMAGE_HEADER_BYTES ||
      header(image, SPARSYS_IMAGE_WORD_MAGIC) != SPARSYS_IMAGE_MAGIC)
    return SPARSYS_E_NO_IMAGE;
  if (header(image, SPARSYS_IMAGE_WORD_FORMAT) != SPARSYS_IMAGE_FORMAT)
    return SPARSYS_E_IMAGE_FORMAT;
  const uint32_t bytes = header(image, SPARSYS_IMAGE_WORD_BYTES);
  if (bytes < SPARSYS_IMAGE_HEADER_BYTES || bytes > image->bytes || bytes % 4u != 0)
    return SPARSYS_E_IMAGE_HEADER;
  if (checksum((const uint8_t*)image->pointer + SPARSYS_IMAGE_HEADER_BYTES,
               bytes - SPARSYS_IMAGE_HEADER_BYTES) !=
      get64((const uint8_t*)image->pointer + 4u * SPARSYS_IMAGE_WORD_CHECKSUM))
    return SPARSYS_E_IMAGE_CHECKSUM;
  if (!fits_device(device, image)) return SPARSYS_E_IMAGE_DEVICE;
  struct sparsys_model found;
  if (!header_fits(image, &found)) return SPARSYS_E_IMAGE_HEADER;
  if (!commands_fit(device, &found, image, 1, header(image, SPARSYS_IMAGE_WORD_SETUP_OFFSET),
                    found.setup_commands))
    return SPARSYS_E_IMAGE_COMMAND;
  for (uint32_t p = 0; p < found.phases; ++p)
    if (!commands_fit(device, &found, image, 0, header(image, SPARSYS_IMAGE_WORD_PHASE_OFFSET + p),
                      found.phase_commands))
      return SPARSYS_E_IMAGE_COMMAND;
  *model = found;
  return SPARSYS_OK;
}

/* ---- Commands. ---- */

/* What the device says: its error, or SPARSYS_OK. */
static int device_error(const struct sparsys_device* device) {
  if (!(reg_read(device, SPARSYS_REG_STATUS) & SPARSYS_STATUS_ERROR)) return SPARSYS_OK;
  return (int)(reg_read(device, SPARSYS_REG_ERROR) & SPARSYS_ERROR_CODE);
}

static void doorbell(struct sparsys_device* device) {
  barrier(device);
  reg_write(device, SPARSYS_REG_RING_TAIL, device->next);
  device->tail = device->next;
}

/* Waits until the ring has room for a command. */
static int make_room(struct sparsys_device* device) {
  const uint32_t size = (uint32_t)1 << device->ring_log2;
  while (device->next - device->head >= size) {
    if (device->tail != device->next) doorbell(device);
    device->head = reg_read(device, SPARSYS_REG_RING_HEAD);
    if (device->next - device->head < size) break;
    int result = device_error(device);
    if (result) return result;
    if (device->platform.wait(device->platform.context)) return SPARSYS_E_TIMEOUT;
  }
  return SPARSYS_OK;
}

static int push(struct sparsys_device* device, uint64_t word0, uint64_t word1, uint64_t word2,
                uint64_t word3) {
  const uint32_t place = device->next & (((uint32_t)1 << device->ring_log2) - 1u);
  int result = make_room(device);
  if (result) return result;
  volatile uint8_t* at = (uint8_t*)device->ring.pointer + place * SPARSYS_COMMAND_BYTES;
  put64(at, word0);
  put64(at + 8, word1);
  put64(at + 16, word2);
  put64(at + 24, word3);
  ++device->next;
  return SPARSYS_OK;
}

/* Commands of the image, with `from` added to the addresses that count from each base. */
static int push_image(struct sparsys_device* device, uint32_t offset, uint32_t count,
                      const uint64_t* from) {
  const uint8_t* at = (const uint8_t*)device->image.pointer + offset;
  for (; count; --count, at += SPARSYS_COMMAND_BYTES) {
    const uint64_t word0 = get64(at), address = get64(at + 8);
    uint64_t word3 = get64(at + 24);
    if ((word0 & 0xFFu) == SPARSYS_OP_MATRIX_RUN)
      word3 = (word3 & ADDRESS_MASK) + from[word3 >> SPARSYS_BASE_SHIFT];
    int result = push(device, word0, (address & ADDRESS_MASK) + from[address >> SPARSYS_BASE_SHIFT],
                      get64(at + 16), word3);
    if (result) return result;
  }
  return SPARSYS_OK;
}

/* A Fence with an interrupt and other flags behind the commands, and the doorbell for all. */
static int push_fence(struct sparsys_device* device, uint32_t flags, uint32_t* ticket) {
  flags |= SPARSYS_FENCE_INTERRUPT;
  int result = push(device, SPARSYS_OP_FENCE | (uint64_t)flags << SPARSYS_CMD_FLAGS_SHIFT, 0,
                    device->fence + 1u, 0);
  if (result) return result;
  *ticket = ++device->fence;
  doorbell(device);
  return SPARSYS_OK;
}

int sparsys_load(struct sparsys_device* device, const struct sparsys_memory* image,
                 const struct sparsys_memory* scratch) {
  if (!device || !image) return SPARSYS_E_BAD_ARGUMENT;
  if (!device->ring_log2) return SPARSYS_E_NOT_READY;
  struct sparsys_model model;
  int result = sparsys_check(device, image, &model);
  if (result) return result;
  if (!aligned(image->bus, SPARSYS_PAGE_BYTES) || !in_window(device, image->bus, image->bytes))
    return SPARSYS_E_BAD_ARGUMENT;
  if (model.scratch_bytes) {
    if (!scratch || scratch->bytes < model.scratch_bytes) return SPARSYS_E_SCRATCH;
    if (!aligned(scratch->bus, SPARSYS_ALIGNMENT) ||
        !in_window(device, scratch->bus, model.scratch_bytes))
      return SPARSYS_E_BAD_ARGUMENT;
  }
  /* Events and what is queued of another model are gone with it. */
  result = sparsys_reset(device);
  if (result) return result;
  device->model = model;
  device->image = *image;
  device->scratch.bus = scratch ? scratch->bus : 0;
  device->setup_offset = header(image, SPARSYS_IMAGE_WORD_SETUP_OFFSET);
  for (uint32_t p = 0; p < model.phases; ++p)
    device->phase_offset[p] = header(image, SPARSYS_IMAGE_WORD_PHASE_OFFSET + p);
  const uint64_t from[5] = {0, image->bus, 0, 0, 0};
  uint32_t ticket;
  reg_write(device, SPARSYS_REG_CONTROL, SPARSYS_CONTROL_RUN);
  result = push_image(device, device->setup_offset, model.setup_commands, from);
  /* Setup has no command that waits for the others: the Fence does. */
  if (!result) result = push_fence(device, SPARSYS_FENCE_ALL, &ticket);
  if (!result) result = sparsys_wait(device, ticket);
  if (!result) device->loaded = 1;
  return result;
}

int sparsys_submit(struct sparsys_device* device, uint64_t input, uint64_t output,
                   uint32_t* ticket) {
  if (!device || !ticket) return SPARSYS_E_BAD_ARGUMENT;
  if (!device->loaded) return SPARSYS_E_NOT_READY;
  const struct sparsys_model* model = &device->model;
  if (!aligned(input, SPARSYS_ALIGNMENT) || !aligned(output, SPARSYS_ALIGNMENT) ||
      !in_window(device, input, model->input_bytes) ||
      !in_window(device, output, model->output_bytes))
    return SPARSYS_E_BAD_ARGUMENT;
  const uint32_t phase = model->phases == 2u ? device->runs & 1u : 0;
  const uint64_t scratch = device->scratch.bus + phase * (model->scratch_bytes / model->phases);
  const uint64_t from[5] = {0, device->image.bus, input, output, scratch};
  int result = push_image(device, device->phase_offset[phase], model->phase_commands, from);
  if (!result) result = push_fence(device, 0, ticket);
  if (result)
    device->loaded = 0; /* part of it is queued */
  else
    ++device->runs;
  return result;
}

int sparsys_poll(struct sparsys_device* device, uint32_t ticket, int* done) {
  *done = (int32_t)(reg_read(device, SPARSYS_REG_FENCE) - ticket) >= 0;
  if (*done) {
    barrier(device);
    return SPARSYS_OK;
  }
  return device_error(device);
}

int sparsys_wait(struct sparsys_device* device, uint32_t ticket) {
  for (;;) {
    int done;
    /* Cleared before the look: what comes behind it sets the interrupt anew. */
    reg_write(device, SPARSYS_REG_IRQ_STATUS, IRQS);
    int result = sparsys_poll(device, ticket, &done);
    if (result || done) return result;
    if (device->platform.wait(device->platform.context)) return SPARSYS_E_TIMEOUT;
  }
}

int sparsys_abort(struct sparsys_device* device) {
  device->loaded = 0;
  return control(device, SPARSYS_CONTROL_ABORT, SPARSYS_STATUS_RUNNING | SPARSYS_STATUS_QUIET,
                 SPARSYS_STATUS_QUIET);
}

void sparsys_get_error(const struct sparsys_device* device, struct sparsys_error* error) {
  const uint32_t value = reg_read(device, SPARSYS_REG_ERROR);
  error->code = value & SPARSYS_ERROR_CODE;
  error->channel = (value & SPARSYS_ERROR_CHANNEL) >> SPARSYS_ERROR_CHANNEL_SHIFT;
  error->command = reg_read(device, SPARSYS_REG_ERROR_COMMAND);
  error->detail = reg_read(device, SPARSYS_REG_ERROR_DETAIL);
  error->page = reg_read(device, SPARSYS_REG_ERROR_PAGE);
}

void sparsys_get_counters(const struct sparsys_device* device, struct sparsys_counters* counters) {
  counters->cycles = reg_read(device, SPARSYS_REG_CYCLES);
  counters->cycles_sparse = reg_read(device, SPARSYS_REG_CYCLES_SPARSE);
  counters->cycles_matrix = reg_read(device, SPARSYS_REG_CYCLES_MATRIX);
  counters->cycles_both = reg_read(device, SPARSYS_REG_CYCLES_BOTH);
  counters->read_beats = reg_read(device, SPARSYS_REG_READ_BEATS);
  counters->write_beats = reg_read(device, SPARSYS_REG_WRITE_BEATS);
  counters->commands = reg_read(device, SPARSYS_REG_COMMANDS);
}

void sparsys_clear_counters(const struct sparsys_device* device) {
  reg_write(device, SPARSYS_REG_COUNTERS_CLEAR, 1);
}

const char* sparsys_text(int result) {
  static const char* const of_device[] = {
      "no error",
      "a command is unknown, or of an engine that is not there",
      "a reserved bit of a command is 1, or a field out of its range",
      "an address is outside the window",
      "an address is not aligned",
      "a length is 0 or too long, or a last row short",
      "more commands than the ring holds",
      "doorbell while halted",
      "the memory refused a read",
      "the memory refused a write",
      "no progress for the watchdog's cycles",
      "aborted",
      "the sparse engine stopped with an error",
      "the matrix unit stopped with an error",
      "the matrix unit asked for more weights than there are"};
  static const char* const of_driver[] = {"no accelerator answers",
                                          "an accelerator of another version",
                                          "no answer in time",
                                          "memory of wrong size, place or alignment",
                                          "not started, nothing loaded, or a reset is needed",
                                          "no image",
                                          "an image of another format",
                                          "a damaged image: its checksum is wrong",
                                          "an image for an accelerator of other parameters",
                                          "an image whose header does not fit its contents",
                                          "an image with a command that it must not have",
                                          "less scratch memory than the image needs"};
  if (result >= 0 && result <= (int)SPARSYS_ERR_WEIGHTS) return of_device[result];
  if (result >= SPARSYS_E_NO_DEVICE && result <= SPARSYS_E_SCRATCH)
    return of_driver[result - SPARSYS_E_NO_DEVICE];
  return "unknown error";
}
