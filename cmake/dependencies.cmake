# SPDX-License-Identifier: Apache-2.0
# What the golden library is made with: for the build, and for the package file of an installed one.
find_package(Threads REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Protobuf REQUIRED)
# Not by ONNX's own package file, which asks for parts that Debian does not ship.
if(NOT TARGET ONNX::proto)
  find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h REQUIRED)
  find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
  add_library(ONNX::proto INTERFACE IMPORTED)
  target_include_directories(ONNX::proto INTERFACE ${ONNX_INCLUDE_DIR})
  target_compile_definitions(ONNX::proto INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)
  target_link_libraries(ONNX::proto INTERFACE ${ONNX_PROTO_LIBRARY} protobuf::libprotobuf)
endif()
