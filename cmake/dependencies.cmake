# Debian packages only; docs/dependencies.md says why each is here.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(rocksdb REQUIRED IMPORTED_TARGET rocksdb)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
find_package(CLI11 REQUIRED)
if(DAFTAR_TESTS)
  find_package(Catch2 2 REQUIRED)
  find_package(benchmark REQUIRED)
endif()

# Asio and Beast compiled once; else every file that opens a socket compiles them anew.
add_library(daftar_asio STATIC ${CMAKE_CURRENT_LIST_DIR}/asio.cc)
target_compile_definitions(daftar_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(daftar_asio PUBLIC Boost::headers OpenSSL::SSL Threads::Threads)

# What the rooms precompile. Only headers that are not ours: a change in the project never rebuilds these. Every file still includes
# what it uses (-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without).
set(DAFTAR_STANDARD_HEADERS <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <deque> <functional> <map> <memory> <mutex> <optional> <set>
  <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)
set(DAFTAR_PROTOBUF_HEADERS <google/protobuf/io/coded_stream.h> <google/protobuf/generated_message_util.h>
  <google/protobuf/generated_message_reflection.h> <google/protobuf/message.h> <google/protobuf/repeated_field.h> <google/protobuf/extension_set.h>
  <google/protobuf/unknown_field_set.h>)
