// SPDX-License-Identifier: Apache-2.0
// Files of data sets, and the data set that they make.
#pragma once

#include <optional>
#include <string>

#include "golden/data/array.hpp"
#include "golden/data/dataset.hpp"

namespace sparsys {

// What was found: samples x (the sample's shape), and samples [x numbers of a target].
struct DataArrays {
  std::string name;         // of the folder or file
  std::string description;  // "IDX files in DIR"
  Array train;
  Array test;
  // None: an autoencoder's.
  std::optional<Array> train_targets;
  std::optional<Array> test_targets;
  // Without a test part of its own a fifth of the samples becomes one.
  bool has_test = false;
};

// Each gives nothing if the path is of another kind. Throw Error "FILE: ..." if it is of this kind
// and something is wrong with it.
//
// A folder with the four IDX files of MNIST, plain or gzip-compressed, under their names or those
// that unpackers and EMNIST give them: ".idx3" for "-idx3", "test" for "t10k", a text before it, a
// folder of that name around it. Of several sets in one folder FOLDER/PREFIX chooses.
std::optional<DataArrays> find_idx(const std::string& path);
// A .npz file with arrays x and y, or x_train, y_train, x_test and y_test (or "images", "labels"
// and the like), a .npy file of samples alone, or a folder with .npy files of such names.
std::optional<DataArrays> find_numpy(const std::string& path);
// A folder of class folders of PNG images, or of folders train and test with them. Classes are in
// the order of their names; all images have one size.
std::optional<DataArrays> find_png(const std::string& path);

// The last part of a path, of "." the folder's.
std::string name_of(const std::string& path);

// The data set of what was found. Throws Error if parts do not fit each other or the task.
Dataset make_dataset(DataArrays found, std::optional<DataTask> task);

}  // namespace sparsys
