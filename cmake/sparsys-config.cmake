# SPDX-License-Identifier: Apache-2.0
# find_package(sparsys): sparsys::cycle, sparsys::golden.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/sparsys-targets.cmake)
