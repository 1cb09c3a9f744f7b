// SPDX-License-Identifier: Apache-2.0
// The order of samples: validation takes the last training samples, and a test part that is missing
// the last of all, which is fair only if the order says nothing.
//
// Orders are drawn with a seed of their own, so that every command has the same parts of a data
// set: nothing is validated or tested on what another command has trained on.
#pragma once

#include "golden/data/dataset.hpp"

namespace sparsys {

// Whether training samples come in an order that has to do with their class: in ten consecutive
// parts the numbers of classes differ by more than chance does (chi-square, six standard deviations
// above its mean). MNIST passes. Of numbers as targets nothing is known: true.
bool is_ordered(const Dataset& data);

// Shuffles training samples, each class spread evenly.
void shuffle_training(Dataset& data);

// Moves a fifth of the training samples, spread evenly over the classes, to the test part.
void split_test(Dataset& data);

}  // namespace sparsys
