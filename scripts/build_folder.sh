#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Read in by options.sh and setup.sh. mark_build_folder: makes BUILD and marks it as a folder that may be deleted; make
# refuses one that has something in it and is not marked.
mark_build_folder() {
  mkdir -p "$BUILD"
  [ -e "$BUILD/CACHEDIR.TAG" ] ||
    printf 'Signature: 8a477f597d28d172789f06886806bc55\n# Build folder of Sparsys: everything here can be made again.\n' \
      >"$BUILD/CACHEDIR.TAG"
}
