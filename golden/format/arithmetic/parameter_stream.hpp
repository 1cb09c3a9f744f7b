// SPDX-License-Identifier: Apache-2.0
// Stored networks as one arithmetic stream (golden/format/stored_network.hpp): its description and
// the values of its parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/format/arithmetic/network_stream.hpp"
#include "golden/format/packed_bytes.hpp"
#include "golden/format/stored_parameter.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys::arithmetic {

// Form, and the path of the codes; what they take is known when they have been coded.
ParameterPlan plan_parameter(const Parameter& parameter, const SharedParameter& shared);

// The payload. Fills in what the plans' parameters take.
std::vector<uint8_t> stream_of(const SharedNetwork& network,
                               const std::vector<uint8_t>& description,
                               std::vector<ParameterPlan>& plans);

// Takes it back.
class StreamReader {
 public:
  // The payload from `in`. Throws Error as PackedReader.
  explicit StreamReader(PackedReader& in);

  // All throw Error "<place>: <what is wrong>".
  std::vector<uint8_t> description(uint64_t most, const std::string& place);
  // Of a parameter whose form is plan.form: values, or with `zero_first` all but value 0 of a
  // codebook of the size that it has, and as many codes as there are elements.
  void values(Parameter& parameter, SharedParameter& shared, bool zero_first, uint64_t elements,
              ParameterPlan& plan, const std::string& place);
  void finish(const std::string& place) const;

 private:
  BitDecoder decoder_;
  NetworkStream<BitDecoder> stream_;
};

}  // namespace sparsys::arithmetic
