// SPDX-License-Identifier: Apache-2.0
// GTKWave's FST library as it comes with Verilator, compiled the way Verilator compiles it.
#define HAVE_LIBPTHREAD
#define FST_CONFIG_INCLUDE "fst_config.h"
#include <cstdint>

#include "gtkwave/fastlz.c"
#include "gtkwave/fstapi.c"
#include "gtkwave/lz4.c"
