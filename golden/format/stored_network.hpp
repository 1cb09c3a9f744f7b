// SPDX-License-Identifier: Apache-2.0
// The payload of a stored model of a SharedNetwork (golden/format/stored_model.hpp).
//
// Numbers n and z and texts are as in golden/format/packed_bytes.hpp. Names of values and
// parameters are n, how many names ago the same one was first given, or 0 and a text.
//
//   network    text name, text origin, name of the input, shape of the input, byte of 1 if a scale
//              and 2 if an offset other than a Network's default follows, these as float32, plus 4
//              if the text of the sample dimension's name follows, plus 8 if it is of regression;
//              n nodes, nodes, name of the output, n parameters, parameters
//   shape      n sizes, z each
//   node       byte: the lower four bits of the operator's number, plus 16 if a byte of flags
//              follows, plus 32 if the number is 16 or above; that byte; text
//              name, n inputs, name of each, name of the output; then what the flags say
//   flags      1 trans_b; 2 ceil_mode; fields other than a Node's defaults: 4 window (z each of
//              kernel, stride, dilation, pad), 8 z group, 16 float32 alpha, 32 float32 beta,
//              64 z axis, 128 shape
//   parameter  name, shape, byte of its form, and if it has codes: n values of the codebook, which
//              are float32, without value 0 if it is +0 (4 added to the form)
//   form       0  float32 values
//              4  n values that are not +0; of each n how many elements that are lie between the
//                 one before and it, and its float32
//              1  codes of all elements in one Huffman stream
//              2  entries of elements with codes other than 0 (golden/format/entry_stream.hpp),
//                 row-major; 3 the same, but columns of the matrix shape[0] x rest one by one
//
// Packed (version 3 of a file), all but values and codebooks stands in front, where names that are
// alike are near each other: n bytes of that description, n bytes it takes deflated (RFC 1951), or
// 0 if that is not smaller, the description; then of each parameter codebook and values.
//
// Of an arithmetic stream (version 4) the payload is n bytes of it, and these
// (golden/format/arithmetic/network_stream.hpp): the description as bytes, and of each parameter
// the values: of form 0 floats, of form 1 the codebook as floats, and codes. There are no others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/format/container.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/format/stored_parameter.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys {

struct NetworkPlan {
  std::vector<uint8_t> head;                // all but the parameters
  std::vector<std::vector<uint8_t>> names;  // of parameters, and shape, form, values of a codebook
  std::vector<std::vector<uint8_t>> codebooks;
  std::vector<ParameterPlan> parameters;
  std::vector<uint8_t> description;  // all that packs, with its two numbers in front
  Packing packing = Packing::kNone;  // that is smaller
  std::vector<uint8_t> stream;       // the whole payload if that is arithmetic
  StoredReport report;               // of which stored_bytes is without the container's header
};

// The network is sound, the options are within their range.
NetworkPlan plan_network(const SharedNetwork& network, const StoreOptions& options,
                         const std::string& name);
void put_network(const SharedNetwork& network, const NetworkPlan& plan, Packing packing,
                 std::vector<uint8_t>& out);

// Throws Error as load_stored_network(). `size` is that of the whole file.
// report: what the file has, of which stored_bytes is without the container's header; or null.
SharedNetwork take_network(const Payload& payload, uint64_t size, const std::string& name,
                           StoredReport* report);

// A row for each layer, and for each parameter that no layer has; every parameter is in one row.
void add_rows(const SharedNetwork& network, const std::vector<ParameterPlan>& plan,
              StoredReport& report);

}  // namespace sparsys
