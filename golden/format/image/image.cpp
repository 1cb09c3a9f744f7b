// SPDX-License-Identifier: Apache-2.0
#include "golden/format/image/image.hpp"

#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/engine/mxu/weight_stream.hpp"
#include "golden/format/cbor.hpp"

namespace sparsys::top {
namespace {

using nlohmann::json;

constexpr uint32_t kMostCommands = 1U << kRingLog2Max;  // that a ring holds
constexpr uint64_t kMostBytes = UINT32_MAX / kAlignment * kAlignment;
constexpr size_t kHeaderWords = kImageHeaderBytes / 4;
constexpr uint32_t kEngineBits = 3U << 24;  // of BUS

uint32_t word_at(const std::vector<uint8_t>& bytes, size_t word) {
  uint32_t value = 0;
  std::memcpy(&value, &bytes[4 * word], 4);
  return value;
}

std::vector<uint8_t> encoded(const std::vector<Command>& commands) {
  std::vector<uint8_t> bytes(kCommandBytes * commands.size());
  for (size_t c = 0; c < commands.size(); ++c) {
    const CommandWords words = encode(commands[c]);
    std::memcpy(&bytes[kCommandBytes * c], words.data(), kCommandBytes);
  }
  return bytes;
}

json description_of(const Layout& layout) {
  json map = {{"channels", layout.channels},
              {"pixels", layout.pixels},
              {"sample_bytes", layout.sample_bytes}};
  if (!layout.bytes()) return map;
  map["pieces"] = json::array();
  for (const Piece& p : layout.pieces) {
    map["pieces"].push_back(
        {p.first_channel, p.channels, p.first_pixel, p.pixels, p.row, p.offset});
  }
  return map;
}

// Reads an image that may be anything.
class Reader {
 public:
  Reader(std::vector<uint8_t> bytes, std::string name) : name_(std::move(name)) {
    image_.bytes = std::move(bytes);
  }

  Image read() {
    read_header();
    const Config config = config_of(image_.registers);
    lanes_ = word_lanes(config.eie);
    beat_bytes_ = config.matrix ? mxu::StreamShape(config.mxu).beat_bytes() : 0;
    unit_lanes_ = config.matrix ? config.mxu.lanes() : 0;
    image_.setup = commands("setup", image::kSetupCommands, image::kSetupOffset);
    for (uint32_t p = 0; p < image_.phases; ++p) {
      image_.inference[p] =
          commands("phase " + std::to_string(p), image::kPhaseCommands, image::kPhaseOffset + p);
    }
    read_description();
    return std::move(image_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(name_ + ": " + what); }
  uint32_t word(size_t number) const { return word_at(image_.bytes, number); }

  void read_header() {
    const size_t size = image_.bytes.size();
    if (size < kImageHeaderBytes) {
      fail("header: " + std::to_string(size) + " bytes, expected " +
           std::to_string(kImageHeaderBytes));
    }
    if (word(image::kMagic) != kImageMagic) fail("header: no image of the accelerator");
    if (word(image::kFormat) != kImageFormat) {
      fail("header: format " + std::to_string(word(image::kFormat)) + ", expected " +
           std::to_string(kImageFormat));
    }
    if (word(image::kBytes) != size || size % 4 != 0) {
      fail("header: an image of " + std::to_string(word(image::kBytes)) + " bytes, found " +
           std::to_string(size));
    }
    const uint64_t checksum =
        image_checksum(&image_.bytes[kImageHeaderBytes], size - kImageHeaderBytes);
    if ((uint64_t{word(image::kChecksum + 1)} << 32 | word(image::kChecksum)) != checksum) {
      fail("checksum: not that of the image, which is damaged");
    }
    image_.scratch_bytes = word(image::kScratchBytes);
    image_.input_bytes = word(image::kInputBytes);
    image_.output_bytes = word(image::kOutputBytes);
    image_.phases = word(image::kPhases);
    if (image_.phases < 1 || image_.phases > 2) {
      fail("header: " + std::to_string(image_.phases) + " phases, expected 1 or 2");
    }
    for (size_t r = 0; r < kSizeRegisters; ++r) {
      image_.registers[r] = word(image::kRegisters + r);
    }
    const bool sizes_ok = (image_.registers[0] & ~kEngineBits) == 0 && image_.registers[0] != 0 &&
                          sound(config_of(image_.registers));
    if (!sizes_ok) fail("header: registers of no accelerator");
  }

  static bool sound(const Config& config) {
    try {
      if (config.sparse) eie::check(config.eie);
      if (config.matrix) mxu::check(config.mxu);
    } catch (const Error&) {
      return false;
    }
    return true;
  }

  std::vector<Command> commands(const std::string& place, size_t count_word, size_t offset_word) {
    const uint64_t count = word(count_word);
    const uint64_t offset = word(offset_word);
    if (count > kMostCommands || offset % kAlignment != 0 || offset < kImageHeaderBytes ||
        offset + kCommandBytes * count > image_.bytes.size()) {
      fail(place + ": " + std::to_string(count) + " commands at offset " + std::to_string(offset) +
           " are not in the image");
    }
    std::vector<Command> list;
    for (size_t c = 0; c < count; ++c) {
      CommandWords words;
      std::memcpy(words.data(), &image_.bytes[offset + kCommandBytes * c], kCommandBytes);
      const Command command = decode(words);
      check(command, words, place + ": command " + std::to_string(c));
      list.push_back(command);
    }
    return list;
  }

  void check(const Command& command, const CommandWords& words, const std::string& place) const {
    const char* const name = to_string(command.opcode);
    const bool control = command.opcode == Opcode::kFence || command.opcode == Opcode::kHalt;
    if (*name == 0 || control) {
      fail(place + ": opcode " + std::to_string(words[0] & 0xFF) + ", expected one of an image's");
    }
    if (encode(command) != words) fail(place + ": " + name + ": a reserved bit is 1");
    const bool bytes = (command.flags & kBytes) != 0;
    switch (command.opcode) {
      case Opcode::kSparseLoad:
      case Opcode::kSparseStore:
        check_extent(command.address, uint64_t{command.words} * (bytes ? lanes_ : 8), kAlignment,
                     command.opcode == Opcode::kSparseStore, place);
        break;
      case Opcode::kMatrixRun:
        check_extent(command.address, uint64_t{command.instructions} * 16, kAlignment, false,
                     place);
        if (command.beats != 0) {
          check_extent(command.weights, uint64_t{command.beats} * beat_bytes_, kPageBytes, false,
                       place);
        }
        break;
      case Opcode::kMatrixIn:
      case Opcode::kMatrixOut:
        if (command.row < 1 || command.row > unit_lanes_ || command.length % command.row != 0) {
          fail(place + ": rows of " + std::to_string(command.row) + " bytes, " +
               std::to_string(command.length) + " in all");
        }
        check_extent(command.address, command.length, kAlignment,
                     command.opcode == Opcode::kMatrixOut, place);
        break;
      default:
        if (command.address != 0) fail(place + ": an address that is not used");
        break;
    }
  }

  void check_extent(uint64_t address, uint64_t size, uint64_t alignment, bool written,
                    const std::string& place) const {
    const uint64_t sizes[] = {0, image_.bytes.size(), image_.input_bytes, image_.output_bytes,
                              image_.scratch_bytes};
    const uint64_t base = base_number(address);
    const uint64_t offset = offset_in(address);
    const uint64_t first = written ? static_cast<uint64_t>(Base::kOutput) : 1;
    if (base < first || base > static_cast<uint64_t>(Base::kScratch)) {
      fail(place + ": address counted from base " + std::to_string(base) + ", expected " +
           std::to_string(first) + " to 4");
    }
    if (size == 0 || offset % alignment != 0 || offset > sizes[base] ||
        size > sizes[base] - offset) {
      fail(place + ": " + std::to_string(size) + " bytes at offset " + std::to_string(offset) +
           " of base " + std::to_string(base) + ", which has " + std::to_string(sizes[base]));
    }
  }

  // ---- the description ----

  // A number of a map.
  uint32_t number(const json& map, const char* key, uint32_t most) const {
    const auto found = map.find(key);
    if (found == map.end() || !found->is_number_unsigned() || found->get<uint64_t>() > most) {
      fail(std::string("description: no number '") + key + "'");
    }
    return found->get<uint32_t>();
  }

  Layout layout(const json& map, const char* key, uint32_t all_bytes) const {
    const std::string place = std::string("description: ") + key;
    const auto found = map.find(key);
    if (found == map.end() || !found->is_object()) fail(place + " is not there");
    Layout layout;
    layout.lanes = lanes_;
    layout.channels = number(*found, "channels", 1U << 24);
    layout.pixels = number(*found, "pixels", 1U << 24);
    layout.sample_bytes = number(*found, "sample_bytes", UINT32_MAX);
    if (layout.channels == 0 || layout.pixels == 0 || layout.elements() > (1U << 28) ||
        uint64_t{layout.sample_bytes} * image_.batch != all_bytes) {
      fail(place + ": sizes that do not fit the header");
    }
    const auto pieces = found->find("pieces");
    if (pieces == found->end()) {
      if ((layout.elements() + lanes_ - 1) / lanes_ * 8 > layout.sample_bytes) {
        fail(place + ": more elements than bytes");
      }
      return layout;
    }
    if (!pieces->is_array() || pieces->empty()) fail(place + ": no pieces");
    uint64_t elements = 0;
    for (const json& from : *pieces) {
      const Piece piece = piece_of(from, layout, place);
      elements += uint64_t{piece.channels} * piece.pixels;
      layout.pieces.push_back(piece);
    }
    if (elements != layout.elements()) fail(place + ": pieces of other elements than its own");
    return layout;
  }

  Piece piece_of(const json& from, const Layout& layout, const std::string& place) const {
    uint32_t n[6] = {};
    bool sound = from.is_array() && from.size() == 6;
    for (size_t i = 0; sound && i < 6; ++i) {
      sound = from[i].is_number_unsigned() && from[i].get<uint64_t>() <= UINT32_MAX;
      if (sound) n[i] = from[i].get<uint32_t>();
    }
    const Piece p{n[0], n[1], n[2], n[3], n[4], n[5]};
    sound = sound && p.channels >= 1 && p.pixels >= 1 && p.row >= p.channels &&
            uint64_t{p.first_channel} + p.channels <= layout.channels &&
            uint64_t{p.first_pixel} + p.pixels <= layout.pixels &&
            uint64_t{p.pixels} * p.row + p.offset <= layout.sample_bytes;
    if (!sound) fail(place + ": a piece that is not of it");
    return p;
  }

  void read_description() {
    const uint64_t offset = word(image::kDescription);
    const uint64_t size = word(image::kDescription + 1);
    if (offset == 0 && size == 0) return;
    if (offset < kImageHeaderBytes || offset > image_.bytes.size() ||
        size > image_.bytes.size() - offset) {
      fail("description: not in the image");
    }
    json map = parse_cbor(&image_.bytes[offset], size, name_);
    if (!map.is_object()) fail("description: no map");
    image_.batch = number(map, "batch", 65536);
    if (image_.batch == 0) fail("description: a batch of 0");
    image_.input = layout(map, "input", image_.input_bytes);
    image_.output = layout(map, "output", image_.output_bytes);
    const auto network = map.find("network");
    if (network == map.end() || !network->is_binary()) fail("description: no network");
    image_.network = std::move(network->get_binary());
  }

  const std::string name_;
  Image image_;
  uint32_t lanes_ = 0;
  uint64_t beat_bytes_ = 0;
  uint32_t unit_lanes_ = 0;
};

}  // namespace

uint64_t image_checksum(const uint8_t* bytes, size_t size) {
  uint64_t hash = 0xCBF29CE484222325;
  for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001B3;
  return hash;
}

uint64_t ImageWriter::put(const void* data, size_t size, uint64_t alignment) {
  const uint64_t offset = (bytes_.size() + alignment - 1) / alignment * alignment;
  if (size > kMostBytes || offset > kMostBytes - size) {
    throw Error("image: more than 4 GiB");
  }
  bytes_.resize(offset + size);
  if (size > 0) std::memcpy(&bytes_[offset], data, size);
  return offset;
}

void ImageWriter::finish(Image& image) {
  uint32_t header[kHeaderWords] = {};
  const auto list = [&](const std::vector<Command>& commands) {
    if (commands.size() > kMostCommands) {
      throw Error("image: " + std::to_string(commands.size()) + " commands, a ring has at most " +
                  std::to_string(kMostCommands) + "; a smaller --batch takes fewer");
    }
    const std::vector<uint8_t> bytes = encoded(commands);
    return static_cast<uint32_t>(put(bytes.data(), bytes.size()));
  };
  header[image::kSetupCommands] = static_cast<uint32_t>(image.setup.size());
  header[image::kSetupOffset] = list(image.setup);
  header[image::kPhaseCommands] = static_cast<uint32_t>(image.inference[0].size());
  for (uint32_t p = 0; p < image.phases; ++p) {
    header[image::kPhaseOffset + p] = list(image.inference[p]);
  }
  const json description = {{"batch", image.batch},
                            {"network", json::binary(image.network)},
                            {"input", description_of(image.input)},
                            {"output", description_of(image.output)}};
  const std::vector<uint8_t> cbor = json::to_cbor(description);
  header[image::kDescription] = static_cast<uint32_t>(put(cbor.data(), cbor.size()));
  header[image::kDescription + 1] = static_cast<uint32_t>(cbor.size());
  bytes_.resize(aligned(bytes_.size()));
  header[image::kMagic] = kImageMagic;
  header[image::kFormat] = kImageFormat;
  const uint64_t checksum =
      image_checksum(&bytes_[kImageHeaderBytes], bytes_.size() - kImageHeaderBytes);
  header[image::kChecksum] = static_cast<uint32_t>(checksum);
  header[image::kChecksum + 1] = static_cast<uint32_t>(checksum >> 32);
  header[image::kBytes] = static_cast<uint32_t>(bytes_.size());
  header[image::kScratchBytes] = image.scratch_bytes;
  header[image::kInputBytes] = image.input_bytes;
  header[image::kOutputBytes] = image.output_bytes;
  header[image::kPhases] = image.phases;
  image.registers[0] &= kEngineBits;
  for (size_t r = 0; r < kSizeRegisters; ++r) header[image::kRegisters + r] = image.registers[r];
  std::memcpy(bytes_.data(), header, kImageHeaderBytes);
  image.bytes = std::move(bytes_);
}

Image image_from_bytes(std::vector<uint8_t> bytes, const std::string& name) {
  return Reader(std::move(bytes), name).read();
}

Image load_image(const std::string& path) {
  InputFile file(path);
  if (file.size() > kMostBytes) throw Error(file.name() + ": larger than any image");
  std::vector<uint8_t> bytes(file.size());
  if (!bytes.empty()) file.read(bytes.data(), bytes.size());
  return image_from_bytes(std::move(bytes), file.name());
}

bool is_image(const std::string& path) {
  InputFile file(path);
  uint8_t magic[4] = {};
  if (file.size() < sizeof magic) return false;
  file.read(magic, sizeof magic);
  uint32_t word = 0;
  std::memcpy(&word, magic, 4);
  return word == kImageMagic;
}

}  // namespace sparsys::top
