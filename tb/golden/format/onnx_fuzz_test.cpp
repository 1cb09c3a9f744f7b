// SPDX-License-Identifier: Apache-2.0
// ONNX files from an enemy: whatever the bytes, reading gives a sound network or an Error of one
// line, soon, and without taking much memory. Deterministic; also meant to be built with
// -fsanitize=address,undefined.
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "golden/base/error.hpp"
#include "golden/format/onnx/export.hpp"
#include "tb/support/allocations.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/onnx_models.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Reads a copy of exactly these bytes, so that a sanitiser sees reads beyond them.
void load(const Bytes& bytes, Tally& tally) {
  const Bytes exact(bytes.begin(), bytes.end());
  OnnxImportOptions options;
  options.dims["n"] = 1;
  bytes_taken = 0;
  try {
    Network network;
    try {
      network = onnx_from_bytes(exact.data(), exact.size(), "file");
    } catch (const Error& error) {
      expect_one_line(error, 700);
      throw;
    }
    ASSERT_LT(bytes_taken, 300 * exact.size() + (1U << 20));
    // What is sound can be written and read again.
    const Bytes written = onnx_to_bytes(network);
    onnx_from_bytes(written.data(), written.size(), "again");
    ++tally.sound;
  } catch (const Error& error) {
    ASSERT_EQ(std::string(error.what()).rfind("file: ", 0), 0U) << error.what();
    ++tally.errors;
  }
  ASSERT_LT(bytes_taken, 900 * exact.size() + (1U << 20));
}

std::vector<OnnxModel> models() {
  return {gemm_model(), matmul_model(), lenet_model(13, true), residual_model(), exporter_model()};
}

TEST(OnnxFuzz, TruncationAtEveryLength) {
  Tally tally;
  const Bytes good = gemm_model().bytes();
  for (size_t size = 0; size < good.size(); ++size) {
    load(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size)), tally);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(tally.sound, 0U);
}

TEST(OnnxFuzz, EveryBitFlipped) {
  Tally tally;
  for (const OnnxModel& model : {gemm_model(), residual_model()}) {
    const Bytes good = model.bytes();
    for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
      SCOPED_TRACE(bit);
      Bytes bytes = good;
      bytes[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
      load(bytes, tally);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(tally.sound, 0U);
  EXPECT_GT(tally.errors, 0U);
}

TEST(OnnxFuzz, RandomDamage) {
  std::vector<Bytes> all;
  for (const OnnxModel& model : models()) all.push_back(model.bytes());
  Tally tally;
  for_seeds(10000, [&](uint64_t seed) {
    Random random(seed, 11);
    load(damaged(all, 0, 4, 40, random), tally);
  });
}

// ---- changes of fields: messages that protobuf reads ----

const std::vector<std::string>& texts() {
  static const std::vector<std::string> texts = {"",
                                                 "x",
                                                 "y",
                                                 "a",
                                                 "b",
                                                 "c",
                                                 "w",
                                                 "Relu",
                                                 "Add",
                                                 "Gemm",
                                                 "MatMul",
                                                 "Conv",
                                                 "MaxPool",
                                                 "Flatten",
                                                 "Reshape",
                                                 "Softmax",
                                                 "axis",
                                                 "pads",
                                                 "strides",
                                                 "auto_pad",
                                                 "SAME_UPPER",
                                                 "ceil_mode",
                                                 "Identity",
                                                 "Dropout",
                                                 "fc1",
                                                 "n",
                                                 "sparsys.input_scale",
                                                 "nan",
                                                 "\xFF\xFE",
                                                 "line\nfeed",
                                                 "Constant",
                                                 "Sigmoid",
                                                 "Tanh",
                                                 "AveragePool",
                                                 "count_include_pad",
                                                 "Shape",
                                                 "Gather",
                                                 "Unsqueeze",
                                                 "Squeeze",
                                                 "Slice",
                                                 "Split",
                                                 "Concat",
                                                 "Cast",
                                                 "Transpose",
                                                 "Pad",
                                                 "Resize",
                                                 "ConvTranspose",
                                                 "ReduceMean",
                                                 "ReduceMax",
                                                 "GlobalAveragePool",
                                                 "BatchNormalization",
                                                 "Mul",
                                                 "Sub",
                                                 "Div",
                                                 "Max",
                                                 "Pow",
                                                 "Clip",
                                                 "HardSigmoid",
                                                 "PRelu",
                                                 "Expand",
                                                 "Range",
                                                 "ConstantOfShape",
                                                 "DepthToSpace",
                                                 "LinearClassifier",
                                                 "ai.onnx.ml",
                                                 "axes",
                                                 "perm",
                                                 "keepdims",
                                                 "weights.bin"};
  return texts;
}

int64_t random_integer(Random& random) {
  const int64_t extremes[] = {0, 1, -1, 2, 3, 7, 64, 1 << 20, INT32_MAX, INT64_MAX, INT64_MIN};
  return random.below(2) == 0 ? extremes[random.below(std::size(extremes))]
                              : static_cast<int64_t>(random.below(20)) - 4;
}

void change(Message& message, Random& random);

void set_element(Message& message, const FieldDescriptor& field, Random& random) {
  const google::protobuf::Reflection& r = *message.GetReflection();
  const bool repeated = field.is_repeated();
  const int count = repeated ? r.FieldSize(message, &field) : 0;
  const int at = count > 0 ? static_cast<int>(random.below(static_cast<uint64_t>(count))) : 0;
  const uint64_t kind = random.below(4);
  if (repeated && kind == 0 && count > 0) {
    r.RemoveLast(&message, &field);
    return;
  }
  if (repeated && kind == 1 && count > 1) {
    r.SwapElements(&message, &field, 0, at);
    return;
  }
  const bool add = repeated && (kind == 2 || count == 0);
  const auto integer = random_integer(random);
  const std::string& text = texts()[random.below(texts().size())];
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      if (!add) {
        change(repeated ? *r.MutableRepeatedMessage(&message, &field, at)
                        : *r.MutableMessage(&message, &field),
               random);
      } else {
        Message* made = r.AddMessage(&message, &field);
        if (count > 0 && random.below(2) == 0) {
          made->CopyFrom(r.GetRepeatedMessage(message, &field, at));
        }
      }
      break;
    }
    case FieldDescriptor::CPPTYPE_STRING:
      if (add) {
        r.AddString(&message, &field, text);
      } else if (repeated) {
        r.SetRepeatedString(&message, &field, at, text);
      } else {
        r.SetString(&message, &field, text);
      }
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      if (add) {
        r.AddInt64(&message, &field, integer);
      } else if (repeated) {
        r.SetRepeatedInt64(&message, &field, at, integer);
      } else {
        r.SetInt64(&message, &field, integer);
      }
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      if (add) {
        r.AddInt32(&message, &field, static_cast<int32_t>(integer));
      } else if (repeated) {
        r.SetRepeatedInt32(&message, &field, at, static_cast<int32_t>(integer));
      } else {
        r.SetInt32(&message, &field, static_cast<int32_t>(integer));
      }
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      if (add) {
        r.AddFloat(&message, &field, random.normal());
      } else if (!repeated) {
        r.SetFloat(&message, &field, random.normal());
      }
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (!repeated) {
        const auto& values = *field.enum_type();
        r.SetEnum(&message, &field,
                  values.value(
                      static_cast<int>(random.below(static_cast<uint64_t>(values.value_count())))));
      }
      break;
    default:
      break;
  }
}

// Changes one field somewhere in it; those that are there are preferred.
void change(Message& message, Random& random) {
  const google::protobuf::Reflection& r = *message.GetReflection();
  std::vector<const FieldDescriptor*> there;
  r.ListFields(message, &there);
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  const FieldDescriptor* field =
      !there.empty() && random.below(8) != 0
          ? there[random.below(there.size())]
          : type.field(static_cast<int>(random.below(static_cast<uint64_t>(type.field_count()))));
  if (random.below(20) == 0) {
    r.ClearField(&message, field);
  } else {
    set_element(message, *field, random);
  }
}

TEST(OnnxFuzz, RandomFields) {
  const std::vector<OnnxModel> all = models();
  Tally tally;
  for_seeds(20000, [&](uint64_t seed) {
    Random random(seed, 12);
    OnnxModel model = all[random.below(all.size())];
    // Most of a model's fields are in its graph.
    for (uint64_t i = 1 + random.below(3); i > 0; --i) {
      change(random.below(8) == 0 ? static_cast<Message&>(model.model) : model.graph(), random);
    }
    load(model.bytes(), tally);
  });
  EXPECT_GT(tally.sound, 100U);
  EXPECT_GT(tally.errors, 100U);
}

TEST(OnnxFuzz, RandomBytes) {
  Tally tally;
  for_seeds(20000, [&](uint64_t seed) {
    Random random(seed, 13);
    load(random_bytes(random.below(200), random), tally);
  });
  EXPECT_EQ(tally.sound, 0U);
}

// Two bytes a message: each takes a hundred in memory, unless somebody counts.
TEST(OnnxFuzz, ManyEmptyMessages) {
  constexpr size_t kCount = 8U << 20;
  Tally tally;
  // model.graph { node, initializer, input, metadata that this version does not know }
  for (const uint8_t field : {0x0A, 0x2A, 0x5A, 0x82}) {
    Bytes graph;
    while (graph.size() < kCount) {
      graph.push_back(field);
      if (field == 0x82) graph.push_back(0x01);
      graph.push_back(0x00);
    }
    Bytes bytes = {0x08, 0x07, 0x3A};
    for (size_t size = graph.size(); size > 0; size >>= 7) {
      bytes.push_back(static_cast<uint8_t>((size & 0x7F) | (size > 0x7F ? 0x80 : 0)));
    }
    bytes.insert(bytes.end(), graph.begin(), graph.end());
    bytes_taken = 0;
    EXPECT_THROW(onnx_from_bytes(bytes.data(), bytes.size(), "file"), Error);
    EXPECT_LT(bytes_taken, 1U << 20);
  }
}

// Graphs in attributes of nodes of graphs...
TEST(OnnxFuzz, DeepNesting) {
  Tally tally;
  for (const int depth : {1, 10, 30, 60, 1000, 100000}) {
    Bytes bytes;
    for (int d = 0; d < depth && bytes.size() < 100000; ++d) {
      for (const uint8_t tag : {0x32, 0x2A, 0x0A}) {  // attribute.g, node.attribute, graph.node
        Bytes outer = {tag};
        for (size_t size = bytes.size(); true; size >>= 7) {
          outer.push_back(static_cast<uint8_t>((size & 0x7F) | (size > 0x7F ? 0x80 : 0)));
          if (size <= 0x7F) break;
        }
        bytes.insert(bytes.begin(), outer.begin(), outer.end());
      }
    }
    Bytes model = {0x08, 0x07, 0x3A};
    for (size_t size = bytes.size(); true; size >>= 7) {
      model.push_back(static_cast<uint8_t>((size & 0x7F) | (size > 0x7F ? 0x80 : 0)));
      if (size <= 0x7F) break;
    }
    model.insert(model.end(), bytes.begin(), bytes.end());
    load(model, tally);
  }
  EXPECT_EQ(tally.sound, 0U);
}

}  // namespace
}  // namespace sparsys
