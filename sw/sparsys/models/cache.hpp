// SPDX-License-Identifier: Apache-2.0
// Trained and compressed models kept from one run to the next.
#pragma once

#include <string>

#include "golden/compress/deep_compression.hpp"
#include "golden/data/dataset.hpp"
#include "golden/network/eie_network.hpp"
#include "golden/network/network.hpp"
#include "golden/network/split_network.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// Texts of what decides a result, for the names of files that keep it: of the images, and of
// options (threads and what is shown are left out). That of the images also tells how training and
// compression work: it is another one when they come to something else of equal options.
std::string cache_key(const Dataset& data);
std::string cache_key(const TrainOptions& options);
std::string cache_key(const DeepCompressionOptions& options);

// File names hold the data set's name and a digest of its images and of all options that decide the
// result, so a change of any of these makes another file.
class ModelCache {
 public:
  // Makes the directory. Throws Error if it cannot be made or written.
  explicit ModelCache(std::string directory);

  // LeNet-300-100, from its file or trained and then kept. A damaged file is reported on stderr in
  // one line and made anew.
  Network lenet_300_100(const Dataset& data, const TrainOptions& options);
  // The same network, which `trained` is, compressed with `compression`.
  eie::Network compressed(const Network& trained, const Dataset& data, const TrainOptions& options,
                          const DeepCompressionOptions& compression);

  // LeNet-5 likewise.
  Network lenet_5(const Dataset& data, const TrainOptions& options);
  // LeNet-5, which `trained` is: its convolutions in signed bytes, its fully connected layers
  // compressed with `compression`.
  eie::SplitNetwork split_lenet_5(const Network& trained, const Dataset& data,
                                  const TrainOptions& options,
                                  const DeepCompressionOptions& compression);

 private:
  std::string directory_;
};

}  // namespace sparsys
