# SPDX-License-Identifier: Apache-2.0
# Tests in Python.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# sparsys_python_test(NAME name [TIMEOUT seconds] MODULE module [arguments...]): python3 -m, in the root.
function(sparsys_python_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "MODULE" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${ARG_NAME} COMMAND ${Python3_EXECUTABLE} -B -m ${ARG_MODULE}
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  # 77: all that it tests was skipped, for reasons that it prints.
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77
                       ENVIRONMENT "BUILD=${CMAKE_BINARY_DIR}")
endfunction()
