/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPARSYS_EXAMPLE_H
#define SPARSYS_EXAMPLE_H

#include "sparsys.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs `count` inputs, one behind the other, through the model of an image and copies the outputs
 * behind one another. `work`, in the window and at a multiple of 64, has room for scratch and two
 * inputs and outputs. 0, or an error of the driver. */
int example_run(const struct sparsys_platform* platform, const struct sparsys_config* config,
                const struct sparsys_memory* image, const struct sparsys_memory* work,
                const uint8_t* inputs, uint8_t* outputs, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
