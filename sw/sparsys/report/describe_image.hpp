// SPDX-License-Identifier: Apache-2.0
// What an image of the accelerator holds, as a report and for people.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>

#include "golden/format/image/image.hpp"

namespace sparsys {

// {kind: "image", image_bytes, ..., engines, setup, inference: commands of phase 0}.
nlohmann::json describe(const top::Image& image);
void print_image(std::ostream& out, const nlohmann::json& description);

}  // namespace sparsys
