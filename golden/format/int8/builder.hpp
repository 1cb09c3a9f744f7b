// SPDX-License-Identifier: Apache-2.0
// A network of the matrix unit, layer after layer, from the operators of other tools' files: what
// the readers of .tflite files and of quantised ONNX files share. Bytes that are unsigned in a file
// are here less 128, as are their zero points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "golden/network/mxu_network.hpp"

namespace sparsys {

struct Int8ImportOptions {
  // How a pixel enters (mxu::Network::pixel_scale). Not given: as the file says, or pixel p is the
  // byte p or p - 128.
  std::optional<float> pixel_scale;
  std::optional<float> pixel_offset;
};

namespace int8 {

// Ends lines about what of a quantised file is not read.
constexpr const char* kWayOut = "; or quantise the floating-point ONNX file by `sparsys quantise`";

// multiplier / 2^shift.
struct Fixed {
  int32_t multiplier = 0;
  int32_t shift = 0;
};
// The multiplier is in 2^30 to 2^31 - 1, rounded to nearest, half away from zero; a factor below
// 2^-32 is 0. Shift 0 to 62; throws Error "<place>: ..." for a factor of 2^31 or more.
Fixed fixed_point(double factor, const std::string& place);
// 1, exactly.
constexpr Fixed kOne{1 << 30, 30};

class Builder {
 public:
  // Value 0, before any layer. It may be changed as long as nothing takes it.
  void set_input(const mxu::Value& value) { input_ = value; }
  mxu::Value value(uint32_t v) const { return v == 0 ? input_ : network_.value(v); }
  bool has_layers() const { return !network_.layers.empty(); }

  // A layer of this kind that takes these values; as many outputs as the first has channels; scale
  // and zero point of the output are those of `to`.
  mxu::Layer start(mxu::Kind kind, std::vector<uint32_t> sources, const mxu::Value& to) const;
  // A change of scale and zero point, or of bounds: kPool without a pooling.
  mxu::Layer requantisation(uint32_t source, const mxu::Value& to, Fixed factor) const;

  // Adds the layer and gives the number of its value. Throws Error "<place>: ..." if it is not
  // sound.
  uint32_t add(mxu::Layer layer, const std::string& place);

  // The network whose output is `output`, not the input: layers that do not lead to it are left
  // out, poolings become part of the convolution whose result nothing else takes. `name` stands for
  // the file in messages.
  mxu::Network finish(uint32_t output, const std::string& name);

 private:
  void drop_unused(uint32_t output);
  void join_poolings();
  void remove(const std::vector<bool>& kept, const std::vector<uint32_t>& becomes);

  mxu::Value input_;
  mxu::Network network_;
};

// One factor for each output, or those of another kind of layer.
void set_factors(mxu::Layer& layer, const std::vector<Fixed>& factors);

// Biases in steps of the products, with the input's zero point taken in. Throws Error "<place>:
// ..." if one does not fit 32 bits.
void set_bias(mxu::Layer& layer, const std::vector<int32_t>& bias, const std::string& place);

}  // namespace int8
}  // namespace sparsys
