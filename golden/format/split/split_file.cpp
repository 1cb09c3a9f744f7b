// SPDX-License-Identifier: Apache-2.0
#include "golden/format/split/split_file.hpp"

#include <array>
#include <utility>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/base/text.hpp"
#include "golden/format/container.hpp"
#include "golden/format/entry_stream.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/packed_bytes.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

enum Front : uint8_t { kNone, kFloatFront, kInt8Front, kCodedInt8Front };

void put_part(const Bytes& part, Bytes& out) {
  put_number(part.size(), out);
  out.insert(out.end(), part.begin(), part.end());
}

// take(data, size) of the part's bytes.
template <typename Take>
auto take_part(PackedReader& in, const char* what, const Take& take) {
  const uint64_t size = in.number(what, 1, kMaxModelBytes);
  return take(in.take(size, what), static_cast<size_t>(size));
}

// A payload as a stream of codes, and back.
Bytes coded(const Bytes& payload) {
  Bytes out;
  put_number(payload.size(), out);
  put_codes(payload, plan_codes(payload), out);
  return out;
}

Bytes decoded(const uint8_t* part, size_t size, const std::string& place) {
  PackedReader in(part, size, place);
  const uint64_t count = in.number("number of bytes", 1, kMaxModelBytes);
  StreamPlan plan;
  Bytes payload = take_codes(in, count, 256, plan);
  if (in.left() != 0) fail(place, number(in.left()) + " bytes behind the codes");
  return payload;
}

}  // namespace

Bytes split_to_bytes(const eie::SplitNetwork& network) {
  check(network, "split network " + quoted(network.engine.name));
  Front kind = network.front ? kFloatFront : kNone;
  Bytes front;
  std::array<Bytes, 2> fronts, backs;  // as they are, and packed
  if (network.front) fronts = payloads_of(*network.front);
  if (network.back) {
    backs = payloads_of(SharedNetwork{
        *network.back, std::vector<SharedParameter>(network.back->parameters.size())});
  }
  const bool packed = fronts[1].size() + backs[1].size() < fronts[0].size() + backs[0].size();
  if (network.front) front = std::move(fronts[packed]);
  if (network.int8_front) {
    const Bytes file = model_to_bytes(*network.int8_front);
    const Bytes raw(file.begin() + kHeaderSize, file.end());
    const Bytes codes = coded(raw);
    kind = codes.size() < raw.size() ? kCodedInt8Front : kInt8Front;
    front = kind == kInt8Front ? raw : codes;
  }
  Bytes out(kHeaderSize);
  put_text(network.cut, out);
  put_text(network.reason, out);
  put_number(network.shape.size(), out);
  for (const int64_t size : network.shape) put_number(static_cast<uint64_t>(size), out);
  put_number(network.positions, out);
  put_float(network.largest, out);
  out.push_back(kind);
  out.push_back(network.back ? 1 : 0);
  if (kind != kNone) put_part(front, out);
  put_part(payload_of(network.engine), out);
  if (network.back) put_part(backs[packed], out);
  put_header(ModelKind::kSplit, out, packed ? Packing::kDescription : Packing::kNone);
  return out;
}

eie::SplitNetwork split_from_bytes(const uint8_t* data, size_t size, const std::string& name) {
  const Payload payload = open_container(data, size, ModelKind::kSplit, name);
  PackedReader in(payload.data, payload.size, name);
  eie::SplitNetwork network;
  network.cut = in.text("name of the cut");
  network.reason = in.text("reason of the cut");
  network.shape.resize(static_cast<size_t>(in.number("number of sizes at the cut", 1, kMaxRank)));
  for (int64_t& s : network.shape) {
    s = static_cast<int64_t>(in.number("size at the cut", 1, kMaxVector));
  }
  network.positions = static_cast<uint32_t>(in.number("number of positions", 1, kMaxVector));
  network.largest = in.real("largest element");
  const uint64_t front = in.number("kind of front", kNone, kCodedInt8Front);
  const bool back = in.number("kind of back", 0, 1) != 0;
  if (front == kFloatFront) {
    network.front = take_part(in, "front", [&](const uint8_t* part, size_t bytes) {
      return network_from_payload({part, bytes, payload.padding, payload.packing},
                                  name + ": front");
    });
  } else if (front == kInt8Front) {
    network.int8_front = take_part(in, "front", [&](const uint8_t* part, size_t bytes) {
      return quantised_from_payload(part, bytes, name + ": front");
    });
  } else if (front == kCodedInt8Front) {
    network.int8_front = take_part(in, "front", [&](const uint8_t* part, size_t bytes) {
      const Bytes payload = decoded(part, bytes, name + ": front");
      return quantised_from_payload(payload.data(), payload.size(), name + ": front");
    });
  }
  network.engine = take_part(in, "engine's part", [&](const uint8_t* part, size_t bytes) {
    return engine_from_payload({part, bytes, payload.padding}, name);
  });
  if (back) {
    network.back = take_part(in, "back", [&](const uint8_t* part, size_t bytes) {
      return network_from_payload({part, bytes, payload.padding, payload.packing}, name + ": back")
          .decode();
    });
  }
  if (in.left() != 0) fail(name, number(in.left()) + " bytes behind the last part");
  check(network, name);
  return network;
}

void save_split(const std::string& path, const eie::SplitNetwork& network) {
  if (network.is_plain()) return save_model(path, network.engine);
  const Bytes bytes = split_to_bytes(network);
  write_file_atomically(path, bytes.data(), bytes.size());
}

eie::SplitNetwork load_split(const std::string& path) {
  eie::SplitNetwork plain;
  switch (model_kind(path)) {
    case ModelKind::kSplit: {
      InputFile file(path);
      const Bytes bytes = read_container(file, ModelKind::kSplit);
      return split_from_bytes(bytes.data(), bytes.size(), file.name());
    }
    case ModelKind::kStoredCompressed:
      plain.engine = load_stored_file(path);
      return plain;
    default:
      plain.engine = load_model<eie::Network>(path);
      return plain;
  }
}

}  // namespace sparsys
