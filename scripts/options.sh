#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# options.sh TARGET: refuses what BUILD, JOBS, DATA and LIBERTY of make cannot be, in one line and before anything is
# done; marks the build folder as one that may be deleted.
set -u
export LC_ALL=C
refuse() { echo "make $target: $1" >&2; exit 2; }
target=$1
# shellcheck disable=SC1091
. "$(dirname "$0")/build_folder.sh"
here=$(pwd -P)

case "$here" in
  *[\;:\'\"\\\$\`\#\|\<\>*?]*) refuse "the path of the checkout has a character that build tools do not take: $here" ;;
esac
case "$BUILD" in
  "") refuse "BUILD is empty; it names the build folder" ;;
  -* | *[!A-Za-z0-9_./+-]*) refuse "BUILD=$BUILD: letters, digits and _ . / + - only" ;;
esac
if [ -e "$BUILD" ]; then
  [ -d "$BUILD" ] || refuse "BUILD=$BUILD is not a folder"
  # A folder of CMake's or one marked below, not a source folder.
  if [ -n "$(ls -A "$BUILD")" ] && { [ -e "$BUILD/CMakeLists.txt" ] ||
     { ! [ -e "$BUILD/CMakeCache.txt" ] && ! [ -e "$BUILD/CACHEDIR.TAG" ]; }; }; then
    refuse "BUILD=$BUILD is not empty and not a build folder"
  fi
fi
case "$JOBS" in
  "" | 0* | *[!0-9]* | ?????*) refuse "JOBS=$JOBS: a number of parallel jobs, from 1 to 9999" ;;
esac
[ "$target" != clean ] || exit 0

for name in DATA SPARSYS_DATA; do
  eval "folder=\${$name:-}"
  [ -n "$folder" ] || continue
  [ -d "$folder" ] || refuse "$name=$folder is not a folder"
  for file in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
    [ -r "$folder/$file" ] || [ -r "$folder/$file.gz" ] || refuse "$name=$folder has neither $file nor $file.gz"
  done
done
if [ -n "${LIBERTY:-}" ]; then
  [ -f "$LIBERTY" ] && [ -r "$LIBERTY" ] || refuse "LIBERTY=$LIBERTY is not a file that can be read"
fi

mkdir -p "$BUILD/reports" 2>/dev/null && [ -w "$BUILD" ] || refuse "BUILD=$BUILD cannot be written"
mark_build_folder
