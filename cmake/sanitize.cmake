# SPDX-License-Identifier: Apache-2.0
# Configures, builds and runs the golden library's tests with the preset `sanitize` in BUILD.
include(ProcessorCount)
ProcessorCount(jobs)
foreach(step "--preset;sanitize;-B;${BUILD}" "--build;${BUILD};--parallel;${jobs}")
  execute_process(COMMAND ${CMAKE_COMMAND} ${step} WORKING_DIRECTORY ${SOURCE} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
find_program(CTEST ctest REQUIRED)
execute_process(COMMAND ${CTEST} --test-dir ${BUILD} --parallel ${jobs} --output-on-failure
                COMMAND_ERROR_IS_FATAL ANY)
