// SPDX-License-Identifier: Apache-2.0
// Images that lie: each is refused with its own error, before the device is touched; and whatever
// is taken touches nothing that is not its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sw/driver/sparsys.h"
#include "tb/driver/image_builder.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::top::test {
namespace {

// Registers without a device behind them; a write of any is seen.
struct Stub {
  explicit Stub(const Config& config = {}) : sizes(size_registers(config)) {}
  SizeRegisters sizes;
  uint32_t id = kId, version = kVersion;
  uint32_t writes = 0;

  sparsys_platform platform() {
    return {this,
            [](void* context, uint32_t offset) {
              const auto& stub = *static_cast<Stub*>(context);
              if (offset == reg::kId) return stub.id;
              if (offset == reg::kVersion) return stub.version;
              const uint32_t n = (offset - reg::kBus) / 4;
              return offset >= reg::kBus && n < stub.sizes.size() ? stub.sizes[n] : 0xDEADBEEFU;
            },
            [](void* context, uint32_t, uint32_t) { ++static_cast<Stub*>(context)->writes; },
            [](void*) {}, [](void*) { return 1; }};
  }
};

Config small() {
  Config config;
  config.eie.n_pe = 4;
  config.mxu.rows = config.mxu.cols = 8;
  return config;
}

// A command of each kind that an image may have, of both phases.
ImageBuilder good() {
  ImageBuilder b;
  b.registers = size_registers(small());
  b.input_bytes = 100;
  b.output_bytes = 70;
  b.scratch_bytes = 128;
  b.phases.resize(2);
  Command load{Opcode::kSparseLoad};
  load.address = from(kBaseImage, b.add(std::vector<uint64_t>(10)));
  load.words = 10;
  b.at_setup(load);
  Command nop{Opcode::kNop};
  nop.signal = 3;
  b.at_setup(nop);
  const uint64_t program = b.add(std::vector<uint64_t>(6));
  const uint64_t weights = b.add(std::vector<uint64_t>(4), 4096);
  for (size_t p = 0; p < 2; ++p) {
    Command in{Opcode::kMatrixIn};
    in.address = from(kBaseInput);
    in.length = 96;
    in.row = 6;
    b.at_phase(p, in);
    Command run{Opcode::kMatrixRun};
    run.address = from(kBaseImage, program);
    run.instructions = 3;
    run.beats = 4;
    run.weights = from(kBaseImage, weights);
    b.at_phase(p, run);
    Command out{Opcode::kMatrixOut};
    out.address = from(kBaseScratch);
    out.length = 128;
    out.row = 8;
    b.at_phase(p, out);
    Command bytes{Opcode::kSparseLoad};
    bytes.flags = kBytes;
    bytes.address = from(kBaseScratch, 64);
    bytes.port = 3U << 28;
    bytes.words = 16;
    bytes.multiplier = 1;
    b.at_phase(p, bytes);
    Command list{Opcode::kSparseRun};
    list.count = 1;
    b.at_phase(p, list);
    Command store{Opcode::kSparseStore};
    store.address = from(kBaseOutput);
    store.port = 3U << 28;
    store.words = 8;
    b.at_phase(p, store);
  }
  return b;
}

class Image : public ::testing::Test {
 protected:
  void SetUp() override { probe(stub_); }
  void probe(Stub& stub) {
    const sparsys_platform platform = stub.platform();
    ASSERT_EQ(sparsys_probe(&device_, &platform), SPARSYS_OK);
  }
  // Out of memory of just its size, so that a reader beyond it is seen.
  int check(const std::vector<uint8_t>& image) {
    const std::unique_ptr<uint8_t[]> copy(new uint8_t[image.size()]);
    std::copy(image.begin(), image.end(), copy.get());
    const sparsys_memory memory{copy.get(), 0x10000, static_cast<uint32_t>(image.size())};
    const int result = sparsys_check(&device_, &memory, &model_);
    EXPECT_EQ(stub_.writes, 0U);
    return result;
  }
  // The same image with one thing changed, and sealed again.
  int after(const std::function<void(std::vector<uint8_t>&)>& change) {
    std::vector<uint8_t> image = good().bytes();
    change(image);
    seal(image);
    return check(image);
  }
  int with_word(uint32_t word, uint64_t value) {
    return after([&](auto& image) { put(image, 4 * size_t{word}, value, 4); });
  }
  int with_phase(const std::function<void(ImageBuilder&)>& change) {
    ImageBuilder b = good();
    change(b);
    return check(b.bytes());
  }
  int with_command(size_t number, const std::function<void(Command&)>& change) {
    return with_phase([&](ImageBuilder& b) {
      Command command = decode(b.phases[1][number]);
      change(command);
      b.phases[1][number] = encode(command);
    });
  }
  int with_bits(size_t number, size_t word, uint64_t bits) {
    return with_phase([&](ImageBuilder& b) { b.phases[0][number][word] ^= bits; });
  }

  Stub stub_{small()};
  sparsys_device device_{};
  sparsys_model model_{};
};

TEST_F(Image, GoodOneIsTaken) {
  ASSERT_EQ(check(good().bytes()), SPARSYS_OK);
  EXPECT_EQ(model_.input_bytes, 100U);
  EXPECT_EQ(model_.output_bytes, 70U);
  EXPECT_EQ(model_.scratch_bytes, 256U);
  EXPECT_EQ(model_.phases, 2U);
  EXPECT_EQ(model_.setup_commands, 2U);
  EXPECT_EQ(model_.phase_commands, 6U);
}

TEST_F(Image, Probe) {
  const auto probed = [this](uint32_t id, uint32_t version) {
    Stub other(small());
    other.id = id;
    other.version = version;
    const sparsys_platform platform = other.platform();
    const int result = sparsys_probe(&device_, &platform);
    EXPECT_EQ(other.writes, 0U);
    return result;
  };
  EXPECT_EQ(probed(kId, kVersion), SPARSYS_OK);
  EXPECT_EQ(probed(kId, kVersion + 1), SPARSYS_OK);
  EXPECT_EQ(probed(kId ^ 1, kVersion), SPARSYS_E_NO_DEVICE);
  EXPECT_EQ(probed(0xFFFFFFFF, 0xFFFFFFFF), SPARSYS_E_NO_DEVICE);
  EXPECT_EQ(probed(kId, kVersion + 0x10000), SPARSYS_E_OTHER_VERSION);
  EXPECT_EQ(sparsys_probe(nullptr, nullptr), SPARSYS_E_BAD_ARGUMENT);
}

TEST_F(Image, EveryBitBehindTheHeaderIsInTheChecksum) {
  const std::vector<uint8_t> image = good().bytes();
  for (size_t bit = 8 * kImageHeaderBytes; bit < 8 * image.size(); bit += bit % 8 == 7 ? 1 : 7) {
    std::vector<uint8_t> broken = image;
    broken[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    ASSERT_EQ(check(broken), SPARSYS_E_IMAGE_CHECKSUM) << bit;
  }
  for (size_t bit = 64; bit < 128; ++bit) {
    std::vector<uint8_t> broken = image;
    broken[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    ASSERT_EQ(check(broken), SPARSYS_E_IMAGE_CHECKSUM) << bit;
  }
}

TEST_F(Image, CutAtAnyByteIsRefused) {
  const std::vector<uint8_t> image = good().bytes();
  for (size_t size = 1; size < image.size(); size += size < 200 ? 1 : 61) {
    const std::vector<uint8_t> cut(image.begin(),
                                   image.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(check(cut), size < kImageHeaderBytes ? SPARSYS_E_NO_IMAGE : SPARSYS_E_IMAGE_HEADER);
  }
}

TEST_F(Image, Header) {
  const auto size = static_cast<uint32_t>(good().bytes().size());
  EXPECT_EQ(with_word(image::kMagic, 0x53505249), SPARSYS_E_NO_IMAGE);
  EXPECT_EQ(with_word(image::kFormat, 2), SPARSYS_E_IMAGE_FORMAT);
  for (const uint64_t bytes :
       {uint64_t{0}, uint64_t{127}, uint64_t{size} + 4, uint64_t{0xFFFFFFFF}, uint64_t{size} - 1}) {
    EXPECT_EQ(with_word(image::kBytes, bytes), SPARSYS_E_IMAGE_HEADER) << bytes;
  }
  struct Lie {
    uint32_t word;
    uint64_t value;
  };
  for (const Lie& lie : std::vector<Lie>{{image::kScratchBytes, 129},
                                         {image::kScratchBytes, 0x80000000},
                                         {image::kScratchBytes, 0xFFFFFFC0},
                                         {image::kInputBytes, 0},
                                         {image::kOutputBytes, 0},
                                         {image::kPhases, 0},
                                         {image::kPhases, 3},
                                         {image::kPhases, 0x80000001},
                                         {image::kSetupCommands, 0x08000001},
                                         {image::kSetupCommands, 0xFFFFFFFF},
                                         {image::kSetupCommands, size / 32},
                                         {image::kSetupOffset, 0},
                                         {image::kSetupOffset, 64},
                                         {image::kSetupOffset, size},
                                         {image::kSetupOffset, 0xFFFFFFC0},
                                         {image::kSetupOffset, 130},
                                         {image::kPhaseCommands, 0},
                                         {image::kPhaseCommands, size / 32},
                                         {image::kPhaseOffset, 64},
                                         {image::kPhaseOffset + 1, 0},
                                         {image::kPhaseOffset + 1, 0xFFFFFFC0},
                                         {image::kDescription, 64},
                                         {image::kDescription, size},
                                         {image::kDescription + 1, 1},
                                         {26, 1},
                                         {31, 0x80000000}}) {
    EXPECT_EQ(with_word(lie.word, lie.value), SPARSYS_E_IMAGE_HEADER)
        << "word " << lie.word << " = " << lie.value;
  }
  EXPECT_EQ(after([](auto& image) {  // one phase, and an offset of a second
              put(image, 4 * image::kPhases, 1, 4);
            }),
            SPARSYS_E_IMAGE_HEADER);
}

TEST_F(Image, OtherDevice) {
  for (uint32_t r = 1; r < kImageRegisterCount; ++r) {
    for (uint32_t bit = 0; bit < 32; ++bit) {
      const std::vector<uint8_t> image = good().bytes();
      const uint64_t value = get(image, 4 * (kImageRegisters + r), 4) ^ 1U << bit;
      ASSERT_EQ(with_word(kImageRegisters + r, value), SPARSYS_E_IMAGE_DEVICE) << r << " " << bit;
    }
  }
  for (uint32_t bit = 0; bit < 32; ++bit) {
    if (bit == 24 || bit == 25) continue;
    ASSERT_EQ(with_word(kImageRegisters, 3U << 24 | 1U << bit), SPARSYS_E_IMAGE_DEVICE) << bit;
  }
  Config only = small();
  only.sparse = false;
  Stub half(only);
  probe(half);
  EXPECT_EQ(check(good().bytes()), SPARSYS_E_IMAGE_DEVICE);
  // It does not use the engine that is not there.
  ImageBuilder b = good();
  b.sparse = false;
  b.setup.erase(b.setup.begin());
  for (auto& phase : b.phases) phase.resize(3);
  EXPECT_EQ(check(b.bytes()), SPARSYS_OK);
  // It says so, and does.
  b.at_setup(decode(good().setup[0]));
  EXPECT_EQ(check(b.bytes()), SPARSYS_E_IMAGE_COMMAND);
}

TEST_F(Image, Commands) {
  enum { kIn, kRun, kOut, kBytesIn, kList, kStore };
  const auto address = [](uint64_t value) { return [value](Command& c) { c.address = value; }; };
  const auto refused = [this](size_t number, const std::function<void(Command&)>& change,
                              const char* what) {
    EXPECT_EQ(with_command(number, change), SPARSYS_E_IMAGE_COMMAND) << what;
  };
  for (const Opcode opcode : {Opcode::kFence, Opcode::kHalt, static_cast<Opcode>(3),
                              static_cast<Opcode>(0x13), static_cast<Opcode>(0xFF)}) {
    EXPECT_EQ(with_phase([&](ImageBuilder& b) { b.phases[0][0] = encode(Command{opcode}); }),
              SPARSYS_E_IMAGE_COMMAND);
  }
  // What is read.
  refused(kIn, address(from(kBaseNone)), "no base");
  refused(kIn, address(from(kBaseNone, 64)), "an absolute address");
  refused(kIn, address(from(kBaseOutput)), "reads the output");
  refused(kIn, address(from(5)), "base 5");
  refused(kIn, address(from(15)), "base 15");
  refused(kIn, address(from(kBaseInput, 32)), "alignment");
  refused(kIn, address(from(kBaseInput, 64)), "beyond the input");
  refused(kIn, address(from(kBaseInput, uint64_t{1} << 44)), "an address of 45 bits");
  refused(kIn, address(from(kBaseInput, (uint64_t{1} << 44) - 64)), "far beyond");
  refused(
      kIn, [](Command& c) { c.length = 102; }, "a byte more than the input");
  refused(
      kIn, [](Command& c) { c.length = 0; }, "no length");
  refused(
      kIn, [](Command& c) { c.length = 95; }, "a short row");
  refused(
      kIn, [](Command& c) { c.row = 0; }, "no row");
  refused(
      kIn, [](Command& c) { c.row = 12; }, "a row of more than LANES");
  refused(
      kIn, [](Command& c) { c.flags = 1; }, "a flag");
  // What is written.
  refused(kOut, address(from(kBaseImage, 128)), "writes the image");
  refused(kOut, address(from(kBaseInput)), "writes the input");
  refused(kOut, address(from(kBaseScratch, 64)), "beyond the scratch of the phase");
  refused(kStore, address(from(kBaseImage, 128)), "writes the image");
  refused(
      kStore, [](Command& c) { c.words = 9; }, "beyond the output");
  refused(
      kStore, [](Command& c) { c.words = 0xFFFFFFFF; }, "too many words");
  refused(
      kStore, [](Command& c) { c.flags = kSpread; }, "spread");
  refused(
      kStore, [](Command& c) { c.right = 1; }, "a shift without bytes");
  refused(
      kBytesIn, [](Command& c) { c.words = 17; }, "beyond the scratch");
  refused(
      kBytesIn, [](Command& c) { c.flags = 0; }, "words in place of bytes");
  refused(
      kList, [](Command& c) { c.count = 0; }, "no descriptors");
  refused(kList, address(from(kBaseImage)), "an address without use");
  // Programs.
  refused(kRun, address(from(kBaseInput)), "instructions in the input");
  refused(
      kRun, [](Command& c) { c.instructions = 0; }, "no instructions");
  refused(
      kRun, [](Command& c) { c.instructions = (1U << 24) + 1; }, "too many");
  refused(
      kRun, [](Command& c) { c.instructions = 1U << 20; }, "beyond the image");
  refused(
      kRun, [](Command& c) { c.beats = 0; }, "an address of no weights");
  refused(
      kRun, [](Command& c) { c.beats = 0xFFFFFFFF; }, "weights beyond the image");
  refused(
      kRun, [](Command& c) { c.weights = from(kBaseScratch); }, "weights in the scratch");
  refused(
      kRun, [](Command& c) { c.weights += 64; }, "alignment of weights");
  refused(
      kRun, [](Command& c) { c.weights += uint64_t{1} << 44; }, "weights, 45 bits");
  // Setup reads the image alone.
  for (const size_t number : {size_t{kIn}, size_t{kOut}, size_t{kBytesIn}, size_t{kStore}}) {
    EXPECT_EQ(with_phase([&](ImageBuilder& b) { b.setup[0] = b.phases[0][number]; }),
              SPARSYS_E_IMAGE_COMMAND);
  }
}

TEST_F(Image, ReservedBits) {
  const ImageBuilder b = good();
  const std::vector<CommandWords> commands = b.phases[0];
  uint32_t refused = 0;
  for (size_t c = 0; c < commands.size(); ++c) {
    const auto opcode = static_cast<Opcode>(commands[c][0] & 0xFF);
    for (uint32_t bit = 0; bit < 256; ++bit) {
      // By the table of the format, as golden has it: what decoding and encoding loses.
      CommandWords words{};
      words[0] = static_cast<uint64_t>(opcode);
      words[bit / 64] |= uint64_t{1} << bit % 64;
      if (bit < 8 || encode(decode(words)) == words) continue;
      ++refused;
      ASSERT_EQ(with_bits(c, bit / 64, uint64_t{1} << bit % 64), SPARSYS_E_IMAGE_COMMAND)
          << to_string(opcode) << " bit " << bit;
    }
  }
  EXPECT_GT(refused, 200U);
}

// Bytes that a command touches, by another count than the driver's; 0: none.
uint64_t touched(const Command& c) {
  switch (c.opcode) {
    case Opcode::kSparseLoad:
    case Opcode::kSparseStore:
      return uint64_t{c.words} * ((c.flags & kBytes) != 0 ? 4 : 8);
    case Opcode::kMatrixRun:
      return uint64_t{c.instructions} * 16;
    case Opcode::kMatrixIn:
    case Opcode::kMatrixOut:
      return c.length;
    default:
      return 0;
  }
}

// Random changes of header and commands: refused, or harmless.
TEST_F(Image, RandomLies) {
  uint32_t taken = 0, refused = 0;
  for_seeds(20000, [&](uint64_t seed) {
    Dice random(seed);
    std::vector<uint8_t> image = good().bytes();
    const size_t words = image.size() / 4;
    for (uint64_t n = 1 + random.below(2); n > 0; --n) {
      const size_t word = random.below(2) ? random.below(32) : random.below(words);
      const uint64_t old = get(image, 4 * word, 4);
      const uint64_t values[] = {old ^ uint64_t{1} << random.below(32), old + 64, old - 64,
                                 random.below(image.size()), random.next()};
      put(image, 4 * word, values[random.below(5)], 4);
    }
    seal(image);
    if (check(image) != SPARSYS_OK) {
      ++refused;
      return;
    }
    ++taken;
    const uint64_t scratch = get(image, 4 * image::kScratchBytes, 4);
    const uint64_t sizes[] = {0, get(image, 4 * image::kBytes, 4), model_.input_bytes,
                              model_.output_bytes, scratch};
    ASSERT_LE(sizes[1], image.size());
    for (uint32_t p = 0; p < model_.phases; ++p) {
      const uint64_t at = get(image, 4 * (image::kPhaseOffset + p), 4);
      for (uint32_t n = 0; n < model_.phase_commands; ++n) {
        CommandWords raw;
        for (size_t w = 0; w < 4; ++w) raw[w] = get(image, at + 32 * n + 8 * w, 8);
        const Command c = decode(raw);
        const auto lies_in = [&](uint64_t address, uint64_t bytes) {
          if (bytes == 0) return address == 0;
          const uint64_t base = address >> kBaseShift;
          const uint64_t offset = address & ((uint64_t{1} << kBaseShift) - 1);
          return base >= 1 && base <= 4 && offset + bytes <= sizes[base];
        };
        ASSERT_TRUE(lies_in(c.address, touched(c))) << seed;
        ASSERT_TRUE(lies_in(c.weights, uint64_t{c.beats} * 8)) << seed;
        const bool writes = c.opcode == Opcode::kSparseStore || c.opcode == Opcode::kMatrixOut;
        if (writes) {
          ASSERT_GE(c.address >> kBaseShift, uint64_t{kBaseOutput}) << seed;
        }
      }
    }
  });
  if (seed_is_given()) return;
  EXPECT_GT(taken, 200U);
  EXPECT_GT(refused, 2000U);
}

TEST(Text, EveryResultHasItsOwn) {
  std::vector<std::string> texts;
  for (int result = 0; result <= SPARSYS_E_SCRATCH; ++result) {
    const std::string text = sparsys_text(result);
    const bool known = result <= static_cast<int>(SPARSYS_ERR_WEIGHTS) || result >= 32;
    EXPECT_EQ(text != "unknown error", known) << result;
    if (known) {
      EXPECT_EQ(std::count(texts.begin(), texts.end(), text), 0) << text;
    }
    texts.push_back(text);
  }
  EXPECT_STREQ(sparsys_text(-1), "unknown error");
  EXPECT_STREQ(sparsys_text(SPARSYS_E_SCRATCH + 1), "unknown error");
}

}  // namespace
}  // namespace sparsys::top::test
